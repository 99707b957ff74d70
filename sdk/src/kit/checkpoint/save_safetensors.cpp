#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <ATen/ATen.h>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <earshot/error.hpp>
#include <earshot/kit/checkpoint.hpp>

#include "layout.hpp"
#include "tensor.hpp"

namespace earshot::kit {

namespace fs = std::filesystem;

namespace {

/// A file that appears under its name when it is complete, or not at all.
class AtomicFile {
 public:
  explicit AtomicFile(const fs::path& file)
      : file_(file),
        temporary_(file.string() + '.' + std::to_string(::getpid()) + ".tmp"),
        descriptor_(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {
    if (descriptor_ < 0) fail(errno);
  }
  ~AtomicFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!done_) ::unlink(temporary_.c_str());
  }
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, std::size_t bytes) {
    const auto* next = static_cast<const char*>(data);
    while (bytes > 0) {
      const auto n = ::write(descriptor_, next, bytes);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail(errno);
      next += n;
      bytes -= static_cast<std::size_t>(n);
    }
  }

  void commit() {
    if (::fsync(descriptor_) != 0 || ::rename(temporary_.c_str(), file_.c_str()) != 0) fail(errno);
    done_ = true;
    const auto parent = file_.has_parent_path() ? file_.parent_path() : fs::path(".");
    const int folder = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return;  // a folder that may be written but not read
    ::fsync(folder);
    ::close(folder);
  }

 private:
  [[noreturn]] void fail(int error) const {
    throw DataError(file_.string() +
                    ": cannot be written: " + std::generic_category().message(error));
  }

  fs::path file_, temporary_;
  int descriptor_ = -1;
  bool done_ = false;
};

struct Part {
  const std::string* name;
  const at::Tensor* tensor;
  checkpoint::Number number;
};

std::vector<Part> in_order(const std::map<std::string, at::Tensor>& tensors) {
  std::vector<Part> parts;
  for (const auto& [name, tensor] : tensors) {
    const auto number = checkpoint::number_of(tensor.scalar_type());
    if (!number || checkpoint::names_of(*number).safetensors.empty())
      throw ContractError("tensor " + checkpoint::in_quotes(name) + " has numbers of type " +
                          c10::toString(tensor.scalar_type()) + ", which safetensors lacks");
    if (name == "__metadata__")
      throw ContractError("no tensor may be named '__metadata__'; safetensors uses it");
    parts.push_back({&name, &tensor, *number});
  }
  std::stable_sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    const auto bytes = [](const Part& part) { return checkpoint::names_of(part.number).bytes; };
    return std::pair(-bytes(a), a.number) < std::pair(-bytes(b), b.number);
  });
  return parts;
}

std::string header_of(const fs::path& file, const std::vector<Part>& parts,
                      const std::map<std::string, std::string>& metadata) {
  auto header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t begin = 0;
  for (const auto& part : parts) {
    const auto end = begin + static_cast<std::uint64_t>(part.tensor->nbytes());
    header[*part.name] = {{"dtype", checkpoint::names_of(part.number).safetensors},
                          {"shape", part.tensor->sizes().vec()},
                          {"data_offsets", {begin, end}}};
    begin = end;
  }
  try {
    auto text = header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');
    return text;
  } catch (const nlohmann::json::exception&) {
    throw DataError(file.string() + ": cannot be written: a name or a text in it is no UTF-8");
  }
}

}  // namespace

void save_safetensors(const fs::path& file, const std::map<std::string, at::Tensor>& tensors,
                      const std::map<std::string, std::string>& metadata) {
  const auto parts = in_order(tensors);
  const auto header = header_of(file, parts, metadata);
  AtomicFile out(file);
  const std::uint64_t length = header.size();
  out.write(&length, sizeof length);
  out.write(header.data(), header.size());
  for (const auto& part : parts) {
    const auto values = part.tensor->detach().to(at::kCPU).contiguous();
    if (values.numel() > 0) out.write(values.const_data_ptr(), values.nbytes());
  }
  out.commit();
}

}  // namespace earshot::kit
