#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>

namespace earshot::worker {

/// What was computed of one recording.
struct Encoded {
  std::string key{};
  at::Tensor values{};  ///< features float32 (T, D), or codes int64 (Q, T)
  at::Tensor side{};    ///< side data of codes: float32 (S), or undefined
};

/// Where features are written, one recording after the other, in constant memory.
class FeatureFiles {
 public:
  virtual ~FeatureFiles() = default;
  virtual void add(const Encoded& encoded) = 0;
  /// Completes what was added under its name, with texts that describe it.
  virtual void finish(const std::map<std::string, std::string>& about) = 0;
};

/// Writes them in the format
///   safetensors  one file; a tensor for each key, "<key>.side" for side data of codes; texts as
///                its metadata
///   npy          a folder with <key>.npy (and <key>.side.npy); texts in about.json. Or x.npy (and
///                x.side.npy) of a single recording; texts in x.npy.json
///   csv          one table; a row for each frame: clip, frame, time in s, and the values. Texts in
///                <file>.json; side data of codes is left out
/// @throws DataError "<file>: <reason>"
std::unique_ptr<FeatureFiles> open_feature_files(const std::string& format,
                                                 const std::filesystem::path& to, double frame_rate,
                                                 double first_frame);

}  // namespace earshot::worker
