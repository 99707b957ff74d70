#include "precomputed.hpp"

#include <ATen/ATen.h>

#include <earshot/error.hpp>

namespace precomputed {

namespace {

using earshot::DataError;

std::string text(at::IntArrayRef shape) {
  std::string sizes;
  for (const auto size : shape)
    sizes += (sizes.empty() ? "" : ", ") + std::to_string(size);
  return '(' + sizes + ')';
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
       .help = "What features are called by: the id of the item, or the file of its audio without "
               "folder and ending",
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
                    "; expected (T, D), or (D) of one vector per clip");
  spec_.dim = shape.back();
}

earshot::FeatureBatch Precomputed::encode(const earshot::AudioBatch&) {
  throw earshot::Unsupported(
      "precomputed features are looked up by the name of a clip; there are none of any audio");
}

std::vector<std::string> Precomputed::names_of(const earshot::ClipName& clip) const {
  if (!by_file_) return clip.items;
  if (clip.file.empty() || clip.start != 0 || clip.duration != 0)
    throw DataError("item '" + clip.items.front() +
                    "' is not the whole of a file; give names = \"item\" and features by item id");
  return {clip.file.stem().string()};
}

at::Tensor Precomputed::look_up(const earshot::ClipName& clip) {
  const auto names = names_of(clip);
  at::Tensor found;
  std::string first;
  for (const auto& name : names) {
    if (!store_.contains(name)) continue;
    auto values = features(name);
    if (found.defined() && !at::equal(found, values))
      throw DataError(store_.place(name) + ": other features than " + store_.place(first) +
                      ", although both items are the same clip; expected equal ones, for features "
                      "are kept by clip");
    if (!found.defined()) first = name;
    found = std::move(values);
  }
  if (found.defined()) return found;
  throw DataError("there are no features of '" + names.front() + "' in " + store_.path().string() +
                  "; it has " + std::to_string(store_.size()) + ", from '" + store_.first() +
                  "' to '" + store_.last() + "'");
}

at::Tensor Precomputed::features(const std::string& name) const {
  auto values = store_.get(name);
  const auto expect = [&](bool fits, const std::string& what) {
    if (!fits) throw DataError(store_.place(name) + ": " + what);
  };
  const auto shape = values.sizes().vec();
  expect(at::isFloatingType(values.scalar_type()), std::string("numbers of type ") +
                                                       c10::toString(values.scalar_type()) +
                                                       "; expected floating ones, as float32");
  const bool single = spec_.frame_rate == 0;
  expect(shape.size() == 2 || (single && shape.size() == 1),
         "an array of shape " + text(shape) + "; expected (T, D)" +
             (single ? " or (D)" : ", as there is a frame_rate"));
  expect(shape.back() == spec_.dim, "features of width " + std::to_string(shape.back()) +
                                        "; expected " + std::to_string(spec_.dim) + ", as in " +
                                        store_.place(store_.first()));
  if (shape.size() == 1) values = values.unsqueeze(0);
  expect(values.size(0) > 0, "an array without frames");
  expect(!single || values.size(0) == 1,
         std::to_string(values.size(0)) +
             " frames; without a frame_rate one vector per clip is expected. Give frame_rate");
  values = values.to(at::kFloat).contiguous();
  expect(at::isfinite(values).all().item<bool>(), "a value that is not a finite float32");
  return values;
}

}  // namespace precomputed
