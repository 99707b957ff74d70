#include "sizes.hpp"

#include <algorithm>
#include <array>

#include <ATen/core/Tensor.h>

#include <lib/models/model_options.hpp>
#include <lib/models/sources.hpp>

#include <earshot/error.hpp>

namespace multimodal {

namespace {

using earshot::ConfigError;
using earshot::DataError;
using earshot::FeatureSpec;
using earshot::Options;
using earshot::SourceSpec;
using earshot::kit::Checkpoint;
using earshot::kit::choose_size;
using earshot::kit::code_network_sizes;
using earshot::kit::stored_size;

constexpr std::array all_modalities{Modality::video, Modality::audio, Modality::text};
constexpr std::int64_t largest = 1 << 16, most_voxels = 1 << 22;
constexpr std::int64_t widest_frame = 4096;
constexpr const char* audio_options = "audio_";
constexpr const char* model_name = "multimodal";
const std::vector<std::string> presets = {"published", "small"};

earshot::OptionSpec size_option(const std::string& name, const std::string& help,
                                std::int64_t most = largest) {
  return {.name = name,
          .value = std::int64_t{0},
          .help = help + "; 0: the preset's, or that of the weights",
          .min = 0,
          .max = static_cast<double>(most)};
}

/// Of a tenth of the published frame's sides: for tests, and to see whether a training runs.
Sizes small_sizes() {
  Sizes sizes;
  sizes.height = 9, sizes.width = 16;
  sizes.filters = {4, 8, 8, 16};
  sizes.video_outputs = 16;
  sizes.audio.embedding = 4, sizes.audio.width = 8;
  sizes.audio.hidden = 16, sizes.audio.outputs = 8;
  sizes.text_hidden = 16, sizes.text_outputs = 8;
  sizes.layer5 = 48, sizes.layer6 = 64, sizes.bottleneck = 24;
  sizes.voxel_hidden = 32;
  return sizes;
}

std::vector<std::string> names_of(const std::vector<Modality>& modalities) {
  std::vector<std::string> names;
  for (const auto modality : modalities)
    names.push_back(name_of(modality));
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

const FeatureSpec& features_of(std::span<const SourceSpec> sources, std::size_t number) {
  return earshot::kit::only_features(sources.subspan(number, 1));
}

/// Checked to be of the kind that is read.
const SourceSpec& audio_of(const Options& options, std::span<const SourceSpec> source) {
  if (earshot::kit::code_network_input(options, audio_options) ==
      earshot::kit::CodeNetworkSizes::Input::features)
    earshot::kit::only_features(source);
  else
    earshot::kit::only_codes(source);
  return source.front();
}

void choose_filters(const Options& options, bool stored, std::vector<std::int64_t>& filters) {
  std::vector<std::int64_t> given;
  for (const auto number : options.numbers("video_filters")) {
    given.push_back(static_cast<std::int64_t>(number));
    if (static_cast<double>(given.back()) != number)
      throw ConfigError(c10::str("video_filters has ", number, "; allowed: whole numbers"));
  }
  if (given.empty() || given == filters) return;
  if (stored)
    throw ConfigError(c10::str("video_filters are ", given, "; the checkpoint has ", filters,
                               ". Omit video_filters, or set weights = \"random\""));
  filters = given;
}

void read_video(const Options& options, bool stored, const FeatureSpec& source, Sizes& sizes) {
  sizes.channels = options.integer("video_channels");
  choose_size(options, "video_height", false, sizes.height);
  choose_size(options, "video_width", false, sizes.width);
  choose_filters(options, stored, sizes.filters);
  choose_size(options, "video_outputs", stored, sizes.video_outputs);
  const auto frame =
      c10::str(sizes.channels, " channels of ", sizes.height, " x ", sizes.width, " pixels");
  if (source.dim != sizes.frame_values())
    throw ConfigError(c10::str("the video source gives features of width ", source.dim,
                               "; expected ", sizes.frame_values(), ", ", frame,
                               ", one channel after the other. Set video_channels, video_height "
                               "and video_width, or read another source"));
  if (stored && sizes.flat() != sizes.video_inputs)
    throw ConfigError(c10::str("frames of ", frame, " leave ", sizes.flat(),
                               " values after the convolutions; the checkpoint takes ",
                               sizes.video_inputs,
                               ". Set video_height and video_width to what it was trained on"));
}

void read_text(const Options& options, bool stored, const FeatureSpec& source, Sizes& sizes) {
  if (stored && source.dim != sizes.text_inputs)
    throw ConfigError(c10::str("the text source gives features of width ", source.dim,
                               "; the checkpoint was trained on ", sizes.text_inputs,
                               ". Read the features on which it was trained"));
  sizes.text_inputs = source.dim;
  choose_size(options, "text_hidden", stored, sizes.text_hidden);
  choose_size(options, "text_outputs", stored, sizes.text_outputs);
}

}  // namespace

earshot::OptionSchema options() {
  earshot::OptionSchema all = {
      {.name = "modalities",
       .value = std::vector<std::string>{"video", "audio", "text"},
       .help = "What it reads: the sources in `from` are these, in this order",
       .choices = {"video", "audio", "text"}},
      {.name = "features",
       .value = std::string("bottleneck"),
       .help = "What it gives: layer 7, or the voxels that are predicted from it",
       .choices = {"bottleneck", "voxels"}},
      {.name = "video_channels",
       .value = std::int64_t{3},
       .help = "Channels of a frame: 3 for colour, 1 for grey",
       .min = 1,
       .max = 64},
      size_option("video_height", "Height of a frame in pixels", widest_frame),
      size_option("video_width", "Width of a frame in pixels", widest_frame),
      {.name = "video_filters",
       .value = std::vector<double>{},
       .help =
           "Channels that each convolution over a frame gives; empty: the preset's, or those of "
           "the weights",
       .min = 1,
       .max = static_cast<double>(largest)},
      size_option("video_outputs", "Width of the video branch"),
      size_option("text_hidden", "Width of the text branch's first layer"),
      size_option("text_outputs", "Width of the text branch"),
      size_option("layer5", "Width of layer 5"),
      size_option("layer6", "Width of layer 6"),
      size_option("bottleneck", "Width of layer 7"),
      size_option("voxel_hidden", "Width of the layer between bottleneck and voxels"),
      {.name = "voxels",
       .value = std::int64_t{0},
       .help = "Number of voxels; 0: as many values as the label has that is learnt, or as the "
               "weights have",
       .min = 0,
       .max = static_cast<double>(most_voxels)},
      {.name = "dropout",
       .value = 0.2,
       .help = "Share of values that are set to 0 in training, in the branches and in layer 4",
       .min = 0,
       .max = 0.99},
      {.name = "deep_dropout",
       .value = 0.3,
       .help = "The same in layers 5 and 6, and before the voxels",
       .min = 0,
       .max = 0.99},
  };
  const auto audio = earshot::kit::code_network_options(audio_options);
  all.insert(all.end(), audio.begin(), audio.end());
  const auto model = earshot::kit::model_options(
      "random", "Checkpoint with the published names, or random: none is published", presets);
  all.insert(all.end(), model.begin(), model.end());
  return all;
}

std::vector<Modality> modalities_of(const Options& options) {
  std::vector<Modality> modalities;
  const auto& names = options.texts("modalities");
  for (const auto modality : all_modalities)
    if (std::find(names.begin(), names.end(), name_of(modality)) != names.end())
      modalities.push_back(modality);
  if (modalities.empty() || names_of(modalities) != names)
    throw ConfigError("modalities are [" + joined(names) +
                      "]; allowed: video, audio and text, or some of them, in this order and each "
                      "once");
  return modalities;
}

std::string name_of(Modality modality) {
  switch (modality) {
    case Modality::video:
      return "video";
    case Modality::audio:
      return "audio";
    default:
      return "text";
  }
}

bool Sizes::has(Modality modality) const {
  return std::find(modalities.begin(), modalities.end(), modality) != modalities.end();
}

std::int64_t Sizes::flat() const {
  auto rows = height, columns = width;
  for (std::size_t i = 0; i < filters.size(); ++i)
    rows = (rows + 1) / 2, columns = (columns + 1) / 2;
  return filters.back() * rows * columns;
}

std::int64_t Sizes::pooled() const {
  return (has(Modality::video) ? video_outputs : 0) + (has(Modality::audio) ? audio.outputs : 0) +
         (has(Modality::text) ? text_outputs : 0);
}

std::string prefix_in(const Checkpoint& checkpoint) {
  const std::string end = "layer7_bottleneck.0.weight";
  std::optional<std::string> prefix;
  for (const auto& name : checkpoint.names()) {
    if (!name.ends_with(end)) continue;
    const auto here = name.substr(0, name.size() - end.size());
    if (prefix)
      throw DataError(checkpoint.path().string() + ": has two of this model, under '" + *prefix +
                      "' and '" + here + "'. Save the one that is meant by itself");
    prefix = here;
  }
  if (!prefix)
    throw DataError(checkpoint.path().string() + ": has no tensor '" + end +
                    "'; expected a checkpoint of " + model_name + " under the published names");
  return *prefix;
}

Sizes read_sizes(const Checkpoint& checkpoint, const std::string& prefix) {
  const auto rows = [&](const std::string& name, std::size_t dimensions = 2) {
    return stored_size(checkpoint, prefix + name + ".weight", 0, dimensions, model_name);
  };
  const auto columns = [&](const std::string& name) {
    return stored_size(checkpoint, prefix + name + ".weight", 1, 2, model_name);
  };
  const auto has = [&](const std::string& name) {
    return checkpoint.contains(prefix + name + ".weight");
  };
  Sizes sizes;
  sizes.modalities.clear();
  if (has("video_encoder.fc")) {
    sizes.modalities.push_back(Modality::video);
    sizes.filters.clear();
    for (int n = 1; has(c10::str("video_encoder.conv", n)); ++n)
      sizes.filters.push_back(rows(c10::str("video_encoder.conv", n), 4));
    if (sizes.filters.empty()) rows("video_encoder.conv1", 4);  // says that it is missing
    sizes.video_inputs = columns("video_encoder.fc");
    sizes.video_outputs = rows("video_encoder.fc");
  }
  if (checkpoint.contains_under(prefix + "audio_encoder.")) {
    sizes.modalities.push_back(Modality::audio);
    sizes.audio = earshot::kit::stored_code_network(checkpoint, prefix + "audio_encoder.");
  }
  if (has("text_encoder.fc1")) {
    sizes.modalities.push_back(Modality::text);
    sizes.text_hidden = rows("text_encoder.fc1");
    sizes.text_inputs = columns("text_encoder.fc1");
    sizes.text_outputs = rows("text_encoder.fc2");
  }
  sizes.layer5 = rows("layer5.0");
  sizes.layer6 = rows("layer6.0");
  sizes.bottleneck = rows("layer7_bottleneck.0");
  if (has("bottleneck_to_voxels.4")) {
    sizes.voxel_hidden = rows("bottleneck_to_voxels.0");
    sizes.voxels = rows("bottleneck_to_voxels.4");
  }
  return sizes;
}

Sizes sizes_for(const Options& options, const std::optional<Sizes>& stored,
                std::span<const SourceSpec> sources) {
  const auto usual = options.text("preset") == "small" ? small_sizes() : Sizes();
  auto sizes = stored.value_or(usual);
  sizes.modalities = modalities_of(options);
  if (stored && sizes.modalities != stored->modalities)
    throw ConfigError("modalities are " + joined(names_of(sizes.modalities)) +
                      "; the checkpoint has " + joined(names_of(stored->modalities)) +
                      ". Set modalities to these");
  if (sources.size() != sizes.modalities.size())
    throw ConfigError(c10::str("it is given ", sources.size(), " sources; expected ",
                               sizes.modalities.size(), ": ", joined(names_of(sizes.modalities))));
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (sizes.modalities[i] == Modality::audio)
      sizes.audio = code_network_sizes(options, audio_options,
                                       stored ? std::optional(stored->audio) : std::nullopt,
                                       usual.audio, audio_of(options, sources.subspan(i, 1)));
    else if (sizes.modalities[i] == Modality::video)
      read_video(options, stored.has_value(), features_of(sources, i), sizes);
    else
      read_text(options, stored.has_value(), features_of(sources, i), sizes);
  }
  const auto choose = [&](const char* name, std::int64_t& size) {
    choose_size(options, name, stored.has_value(), size);
  };
  choose("layer5", sizes.layer5);
  choose("layer6", sizes.layer6);
  choose("bottleneck", sizes.bottleneck);
  choose_size(options, "voxel_hidden", stored && stored->voxels > 0, sizes.voxel_hidden);
  return sizes;
}

}  // namespace multimodal
