#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <nlohmann/json.hpp>

#include <earshot/error.hpp>
#include <earshot/kit/checkpoint.hpp>

#include "json_file.hpp"
#include "layout.hpp"
#include "mapped_file.hpp"
#include "tensor.hpp"

namespace earshot::kit {

namespace fs = std::filesystem;
using checkpoint::in_quotes;

struct Checkpoint::Entry {
  std::shared_ptr<const checkpoint::MappedFile> file;
  checkpoint::Layout layout;
};

namespace {

constexpr std::array<std::string_view, 5> endings{".safetensors", ".pth", ".pt", ".ckpt", ".bin"};

/// Endings of models that are not checkpoints, see `foreign`.
constexpr std::array<std::string_view, 4> other_endings{".gguf", ".onnx", ".tflite", ".h5"};

bool is_index(const fs::path& file) {
  return file.string().ends_with(".index.json");
}

/// The checkpoint, or index of one, in a folder.
fs::path file_in(const fs::path& folder) {
  for (const auto* name : {"model.safetensors.index.json", "model.safetensors",
                           "pytorch_model.bin.index.json", "pytorch_model.bin"})
    if (fs::exists(folder / name)) return folder / name;
  std::set<fs::path> found, others;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const auto has = [name = entry.path().filename().string()](auto ending) {
      return name.ends_with(ending);
    };
    if (std::any_of(endings.begin(), endings.end(), has)) found.insert(entry.path());
    if (std::any_of(other_endings.begin(), other_endings.end(), has)) others.insert(entry.path());
  }
  if (found.size() == 1) return *found.begin();
  // Opening it reports what it is and what to do.
  if (found.empty() && others.size() == 1) return *others.begin();
  std::string names;
  for (const auto& file : found)
    names += (names.empty() ? "" : ", ") + file.filename().string();
  throw DataError(
      folder.string() +
      (found.empty() ? ": has no checkpoint; looked for model.safetensors, pytorch_model.bin, and "
                       "files that end in .safetensors, .pth, .pt, .ckpt, .bin"
                     : ": has several checkpoints: " + names + "; choose one of them"));
}

bool begins_with(std::span<const std::byte> bytes, std::string_view text) {
  return bytes.size() >= text.size() &&
         std::equal(text.begin(), text.end(), reinterpret_cast<const char*>(bytes.data()));
}

/// How files of other models begin, which users may take for checkpoints.
struct Foreign {
  std::size_t at;
  std::string_view magic, what;
};

constexpr Foreign foreign[] = {
    {0, "GGUF",
     "is a GGUF file of llama.cpp, whose numbers are mostly quantised. Get the checkpoint from "
     "which it was made (model.safetensors with config.json and tokenizer.json), or rebuild one in "
     "Python: transformers' AutoModelForCausalLM.from_pretrained(FOLDER, gguf_file=NAME), then "
     "save_pretrained()"},
    {0, "\x08",
     "is an ONNX file, a program and not a checkpoint. Get the model's checkpoint or its "
     "TorchScript file (plugin torchscript), or use its features with the plugin precomputed"},
    {4, "TFL3",
     "is a TensorFlow Lite file, a program and not a checkpoint. Use its features with the plugin "
     "precomputed"},
    {0, "\x89HDF\r\n",
     "is an HDF5 file, as written by Keras. Save its tensors as safetensors: "
     "safetensors.numpy.save_file()"},
    {0, "\x93NUMPY",
     "is a NumPy array, not a checkpoint. Save named tensors as safetensors: "
     "safetensors.numpy.save_file()"}};

/// Refuses files of another program's models. An ONNX file begins with the field of its version,
/// which is small, and may look like the length of a safetensors header; then a '{' follows.
void refuse_foreign(std::span<const std::byte> bytes) {
  for (const auto& kind : foreign) {
    if (bytes.size() <= kind.at || !begins_with(bytes.subspan(kind.at), kind.magic)) continue;
    if (kind.magic == "\x08" &&
        (bytes.size() < 9 || bytes[1] == std::byte{0} || bytes[1] > std::byte{31} ||
         bytes[2] < std::byte{0x12} || bytes[8] == std::byte{'{'}))
      continue;
    throw DataError(std::string(kind.what));
  }
}

checkpoint::Contents contents_of(std::span<const std::byte> bytes) {
  if (bytes.empty()) throw DataError("is empty");
  refuse_foreign(bytes);
  if (begins_with(bytes, "version https://git-lfs"))
    throw DataError("is a Git LFS pointer; get the file itself with: git lfs pull");
  if (begins_with(bytes, "PK\x03\x04")) return checkpoint::read_torch_zip(bytes);
  // The length of a safetensors header may begin with the same bytes as a pickle.
  if (bytes.size() > 8 && bytes[0] == std::byte{0x80} && bytes[1] <= std::byte{5} &&
      bytes[8] != std::byte{'{'})
    return checkpoint::read_torch_legacy(bytes);
  return checkpoint::read_safetensors(bytes);
}

}  // namespace

Checkpoint::Checkpoint(const fs::path& path) : path_(path) {
  const auto file = fs::is_directory(path) ? file_in(path) : path;
  folder_ = file.parent_path();
  if (is_index(file))
    add_shards(file);
  else
    add_file(file, nullptr);
  for (const auto& [name, entry] : entries_)
    names_.push_back(name);
}

void Checkpoint::add_file(const fs::path& file, const std::vector<std::string>* wanted) {
  const auto mapping = std::make_shared<const checkpoint::MappedFile>(file);
  checkpoint::Contents contents;
  try {
    contents = contents_of(mapping->bytes());
  } catch (const DataError& error) {
    throw DataError(file.string() + ": " + error.what());
  }
  for (auto& layout : contents.tensors) {
    const auto name = layout.name;
    if (wanted != nullptr && !std::binary_search(wanted->begin(), wanted->end(), name)) continue;
    const auto entry = std::make_shared<const Entry>(Entry{mapping, std::move(layout)});
    if (!entries_.emplace(name, entry).second)
      throw DataError(file.string() + ": two tensors are named " + in_quotes(name));
  }
  metadata_.merge(contents.text);
  skipped_.insert(skipped_.end(), contents.skipped.begin(), contents.skipped.end());
  if (wanted == nullptr) return;
  for (const auto& name : *wanted)
    if (!entries_.contains(name))
      throw DataError(file.string() + ": lacks tensor " + in_quotes(name) +
                      ", which the index lists");
}

/// {"weight_map": {"<tensor>": "<file next to the index>"}}
void Checkpoint::add_shards(const fs::path& index) {
  const auto json = checkpoint::read_json_object(index);
  const auto map = json.find("weight_map");
  if (map == json.end() || !map->is_object())
    throw DataError(index.string() + ": lacks 'weight_map', from tensors to files");
  std::map<std::string, std::vector<std::string>> shards;  // names sorted, as JSON objects are
  for (const auto& [name, shard] : map->items()) {
    const auto file = shard.is_string() ? shard.get<std::string>() : "";
    if (file.empty() || file == "." || file == ".." ||
        file.find_first_of(std::string("/\0", 2)) != std::string::npos)
      throw DataError(index.string() + ": tensor " + in_quotes(name) +
                      " is not in a plain file name: " + in_quotes(shard.dump()));
    shards[file].push_back(name);
  }
  for (const auto& [shard, names] : shards)
    add_file(index.parent_path() / shard, &names);
}

const Checkpoint::Entry& Checkpoint::find(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found != entries_.end()) return *found->second;
  throw DataError(path_.string() + ": has no tensor " + in_quotes(name) +
                  (names_.empty()
                       ? "; it has none at all"
                       : "; it has " + std::to_string(names_.size()) + ", from " +
                             in_quotes(names_.front()) + " to " + in_quotes(names_.back())));
}

bool Checkpoint::contains(const std::string& name) const {
  return entries_.contains(name);
}

bool Checkpoint::contains_under(const std::string& prefix) const {
  const auto found = entries_.lower_bound(prefix);
  return found != entries_.end() && found->first.starts_with(prefix);
}

at::ScalarType Checkpoint::type(const std::string& name) const {
  return checkpoint::scalar_type(find(name).layout.number);
}

const std::vector<std::int64_t>& Checkpoint::shape(const std::string& name) const {
  return find(name).layout.shape;
}

at::Tensor Checkpoint::get(const std::string& name) const {
  const auto& entry = find(name);
  return checkpoint::map_tensor(entry.file, entry.layout);
}

void Checkpoint::read(const std::string& name, at::Tensor into) const {
  const auto& entry = find(name);
  if (into.sizes() != at::IntArrayRef(entry.layout.shape))
    throw DataError(entry.file->path().string() + ": tensor " + in_quotes(name) +
                    " has another shape than in the model");
  const c10::NoGradGuard no_gradient;
  checkpoint::read_tensor(*entry.file, entry.layout, into);
}

ModelConfig Checkpoint::config() const {
  return ModelConfig(folder_ / "config.json");
}

}  // namespace earshot::kit
