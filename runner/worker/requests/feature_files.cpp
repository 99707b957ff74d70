#include "worker/requests/feature_files.hpp"

#include <charconv>
#include <fstream>

#include <ATen/ATen.h>

#include <earshot/error.hpp>
#include <earshot/kit/checkpoint.hpp>
#include <earshot/kit/npy.hpp>

#include "protocol/json.hpp"

namespace earshot::worker {

namespace {

namespace fs = std::filesystem;

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder.empty() ? "." : folder, error);
  if (error) throw DataError(folder.string() + ": cannot be created: " + error.message());
}

using Texts = std::map<std::string, std::string>;

void write_about(const fs::path& file, const Texts& about) {
  std::ofstream stream(file);
  stream << protocol::json_text(about, 2) << '\n';
  if (!stream.flush()) throw DataError(file.string() + ": cannot be written");
}

/// A stream into a file that has its name once it is complete.
class Partial {
 public:
  explicit Partial(const fs::path& file) : file_(file), partial_(file.string() + ".partial") {
    make_folder(file.parent_path());
    stream.open(partial_, std::ios::binary | std::ios::trunc);
    check();
  }
  ~Partial() {
    std::error_code ignored;
    fs::remove(partial_, ignored);
  }
  Partial(const Partial&) = delete;
  Partial& operator=(const Partial&) = delete;

  const fs::path& file() const { return file_; }
  const fs::path& partial() const { return partial_; }
  void check() const {
    if (!stream) throw DataError(partial_.string() + ": cannot be written");
  }
  void flush() {
    stream.flush();
    check();
  }
  void commit() {
    flush();
    fs::rename(partial_, file_);
  }

  std::ofstream stream;

 private:
  fs::path file_, partial_;
};

/// Values wait in a file of their own, since the header comes first and says where each lies.
class SafetensorsFile final : public FeatureFiles {
 public:
  explicit SafetensorsFile(const fs::path& file) : waiting_(file) {}

  void add(const Encoded& encoded) override {
    const auto values = encoded.values.contiguous();
    waiting_.stream.write(static_cast<const char*>(values.const_data_ptr()),
                          static_cast<std::streamsize>(values.nbytes()));
    waiting_.check();
    parts_.push_back({encoded.key, values.sizes().vec(), values.numel()});
    type_ = values.scalar_type();
    if (encoded.side.defined()) tensors_[encoded.key + ".side"] = encoded.side;
  }

  void finish(const Texts& about) override {
    waiting_.flush();
    std::int64_t begin = 0;
    for (const auto& part : parts_)
      begin += part.size;
    if (begin > 0) {
      const auto all = at::from_file(waiting_.partial().string(), false, begin, type_);
      begin = 0;
      for (const auto& part : parts_) {
        tensors_[part.key] = all.narrow(0, begin, part.size).view(part.shape);
        begin += part.size;
      }
    }
    kit::save_safetensors(waiting_.file(), tensors_, about);
  }

 private:
  struct Part {
    std::string key{};
    std::vector<std::int64_t> shape{};
    std::int64_t size = 0;
  };
  Partial waiting_;
  std::vector<Part> parts_;
  at::ScalarType type_ = at::kFloat;
  std::map<std::string, at::Tensor> tensors_;
};

/// A file for each key in a folder, or the file of the only one.
class NpyFiles final : public FeatureFiles {
 public:
  explicit NpyFiles(fs::path to) : to_(std::move(to)), single_(to_.extension() == ".npy") {
    make_folder(single_ ? to_.parent_path() : to_);
  }
  void add(const Encoded& encoded) override {
    auto file = single_ ? to_ : to_ / (encoded.key + ".npy");
    kit::write_npy(file, encoded.values);
    if (encoded.side.defined()) kit::write_npy(file.replace_extension(".side.npy"), encoded.side);
  }
  void finish(const Texts& about) override {
    write_about(single_ ? fs::path(to_.string() + ".json") : to_ / "about.json", about);
  }

 private:
  fs::path to_;
  bool single_;
};

/// Appends a number as the shortest text that reads back.
template <class T>
void append(std::string& line, T value) {
  char digits[32];
  line += ',';
  line.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

class CsvFile final : public FeatureFiles {
 public:
  CsvFile(const fs::path& file, double frame_rate, double first_frame)
      : file_(file), frame_rate_(frame_rate), first_frame_(first_frame) {}

  void add(const Encoded& encoded) override {
    const bool codes = encoded.values.scalar_type() == at::kLong;
    const auto rows = (codes ? encoded.values.t() : encoded.values).contiguous();
    if (!begun_) begin(rows.size(1), codes ? "code" : "value");
    for (std::int64_t t = 0; t < rows.size(0); ++t) {
      auto line = encoded.key;  // neither quotes nor commas in it
      append(line, t);
      append(line, frame_rate_ > 0 ? first_frame_ + static_cast<double>(t) / frame_rate_ : 0.0);
      for (std::int64_t d = 0; d < rows.size(1); ++d)
        if (codes)
          append(line, rows.const_data_ptr<std::int64_t>()[t * rows.size(1) + d]);
        else
          append(line, rows.const_data_ptr<float>()[t * rows.size(1) + d]);
      file_.stream << line << '\n';
    }
    file_.check();
  }

  void finish(const Texts& about) override {
    file_.commit();
    write_about(file_.file().string() + ".json", about);
  }

 private:
  void begin(std::int64_t width, const std::string& name) {
    begun_ = true;
    file_.stream << "clip,frame,time";
    for (std::int64_t d = 0; d < width; ++d)
      file_.stream << ',' << name << '_' << d;
    file_.stream << '\n';
  }

  Partial file_;
  double frame_rate_, first_frame_;
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<FeatureFiles> open_feature_files(const std::string& format, const fs::path& to,
                                                 double frame_rate, double first_frame) {
  if (format == "npy") return std::make_unique<NpyFiles>(to);
  if (format == "csv") return std::make_unique<CsvFile>(to, frame_rate, first_frame);
  return std::make_unique<SafetensorsFile>(to);
}

}  // namespace earshot::worker
