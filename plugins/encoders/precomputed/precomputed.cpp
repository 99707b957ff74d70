#include "precomputed.hpp"

#include <algorithm>

#include <ATen/ATen.h>

#include <earshot/error.hpp>

namespace precomputed {

namespace {

using earshot::DataError;

namespace fs = std::filesystem;

std::string text(at::IntArrayRef shape) {
  std::string sizes;
  for (const auto size : shape)
    sizes += (sizes.empty() ? "" : ", ") + std::to_string(size);
  return '(' + sizes + ')';
}

/// Whether all parts of a path occur in another path in this order.
bool comes_in(const fs::path& parts, const fs::path& path) {
  auto at = path.begin();
  for (const auto& part : parts) {
    at = std::find(at, path.end(), part);
    if (at++ == path.end()) return false;
  }
  return true;
}

/// How many parts at the end of two paths are equal.
std::ptrdiff_t equal_at_end(const fs::path& a, const fs::path& b) {
  const std::vector<fs::path> x(a.begin(), a.end()), y(b.begin(), b.end());
  return std::mismatch(x.rbegin(), x.rend(), y.rbegin(), y.rend()).first - x.rbegin();
}

}  // namespace

earshot::OptionSchema Precomputed::options() {
  return {
      {.name = "folder",
       .value = earshot::Path{},
       .help = "Folder with <item id>.npy or .safetensors files, or one .safetensors file",
       .required = true},
      {.name = "frame_rate",
       .value = 0.0,
       .help = "Frames per second of the features; 0: one vector per clip",
       .unit = "Hz",
       .min = 0},
      {.name = "first_frame",
       .value = 0.0,
       .help = "Centre of the first frame, from the start of the clip",
       .unit = "s"},
      {.name = "names",
       .value = std::string("item"),
       .help = "How features are named: by the id of the item, or by its audio file without folder "
               "and extension",
       .choices = {"item", "file"}},
  };
}

Precomputed::Precomputed(const earshot::Options& options, const earshot::Context&)
    : store_(options.path("folder")),
      by_file_(options.text("names") == "file"),
      spec_{.frame_rate = options.number("frame_rate"),
            .first_frame = options.number("first_frame")} {
  const auto& first = store_.first();
  const auto shape = store_.get(first).sizes();
  if (shape.empty() || shape.back() < 1)
    throw DataError(store_.place(first) + ": an array of shape " + text(shape) +
                    "; expected (T, D), or (D) for one vector per clip");
  spec_.dim = shape.back();
}

earshot::FeatureBatch Precomputed::encode(const earshot::AudioBatch&) {
  throw earshot::Unsupported(
      "precomputed features are looked up by the name of a clip; they cannot be computed from "
      "audio");
}

std::vector<std::string> Precomputed::names_of(const earshot::ClipName& clip) const {
  if (!by_file_) return clip.items;
  if (clip.file.empty() || clip.start != 0 || clip.duration != 0)
    throw DataError("item '" + clip.items.front() +
                    "' is not a whole file; give names = \"item\" and features by item id");
  return {clip.file.stem().string()};
}

std::string Precomputed::array_of(const std::string& name, const earshot::ClipName& clip) const {
  if (!by_file_ && store_.contains(name)) return name;
  auto arrays = store_.called(name);
  const auto file = fs::path(clip.file).replace_extension();
  // For datasets with a folder of arrays each, and for files with the same name in several folders,
  // the folders of an array decide which one is meant, if they are part of the file's path.
  std::vector<std::string> near;
  for (const auto& array : arrays)
    if (comes_in(fs::path(array).parent_path(), file.parent_path())) near.push_back(array);
  if (!near.empty()) {
    std::ptrdiff_t most = 0;
    for (const auto& array : near)
      most = std::max(most, equal_at_end(array, file));
    std::erase_if(near, [&](const auto& array) { return equal_at_end(array, file) < most; });
    arrays = std::move(near);
  } else if (store_.has_folder_of(file)) {
    return {};  // they belong to another dataset
  }
  if (arrays.size() > 1)
    throw DataError("features of '" + name + "' exist twice, in " + store_.place(arrays[0]) +
                    " and in " + store_.place(arrays[1]) +
                    ", and neither folder is in the path of the audio, " + clip.file.string());
  return arrays.empty() ? std::string() : arrays.front();
}

/// An array that was not found by an item's full id belongs to a single file.
void Precomputed::claim(const std::string& array, const earshot::ClipName& clip) {
  if (clip.file.empty()) return;
  const auto [owner, is_new] = owners_.try_emplace(array, clip.file);
  if (!is_new && owner->second != clip.file)
    throw earshot::ConfigError(
        store_.place(array) + " would be the features of two files, " + owner->second.string() +
        " and " + clip.file.string() +
        (by_file_ ? "; with names = \"file\", distinguish them by the folders of the arrays, such "
                    "as a/1.npy and b/1.npy, or give names = \"item\" and features by item id"
                  : "; put the arrays of each dataset into a folder with its name"));
}

at::Tensor Precomputed::look_up(const earshot::ClipName& clip) {
  const auto names = names_of(clip);
  at::Tensor found;
  std::string first;
  for (const auto& called : names) {
    const auto name = array_of(called, clip);
    if (name.empty()) continue;
    if (by_file_ || name != called) claim(name, clip);
    auto values = features(name);
    if (found.defined() && !at::equal(found, values))
      throw DataError(store_.place(name) + ": other features than " + store_.place(first) +
                      ", although both items are the same clip; expected equal ones, since "
                      "features are stored by clip");
    if (!found.defined()) first = name;
    found = std::move(values);
  }
  if (found.defined()) return found;
  throw DataError("there are no features for '" + names.front() + "' in " + store_.path().string() +
                  "; it has " + std::to_string(store_.size()) + ", from '" + store_.first() +
                  "' to '" + store_.last() + "'");
}

at::Tensor Precomputed::features(const std::string& name) const {
  auto values = store_.get(name);
  const auto expect = [&](bool fits, const std::string& what) {
    if (!fits) throw DataError(store_.place(name) + ": " + what);
  };
  const auto shape = values.sizes().vec();
  expect(at::isFloatingType(values.scalar_type()),
         std::string("numbers of type ") + c10::toString(values.scalar_type()) +
             "; expected floating-point numbers, such as float32");
  const bool single = spec_.frame_rate == 0;
  expect(shape.size() == 2 || (single && shape.size() == 1),
         "an array of shape " + text(shape) + "; expected (T, D)" +
             (single ? " or (D)" : ", since frame_rate is given"));
  expect(shape.back() == spec_.dim, "features of width " + std::to_string(shape.back()) +
                                        "; expected " + std::to_string(spec_.dim) + ", as in " +
                                        store_.place(store_.first()));
  if (shape.size() == 1) values = values.unsqueeze(0);
  expect(values.size(0) > 0, "an array without frames");
  expect(!single || values.size(0) == 1,
         std::to_string(values.size(0)) +
             " frames, but without a frame_rate one vector per clip is expected. Give frame_rate");
  values = values.to(at::kFloat).contiguous();
  expect(at::isfinite(values).all().item<bool>(), "a value that is not a finite float32");
  return values;
}

}  // namespace precomputed
