#include <algorithm>
#include <regex>

#include <ATen/core/Tensor.h>

#include <lib/models/code_network_sizes.hpp>

#include <earshot/error.hpp>

namespace earshot::kit {

namespace {

using Sizes = CodeNetworkSizes;

constexpr std::int64_t largest_size = 1 << 16;      // that an option may ask for
constexpr std::int64_t most_stored_size = 1 << 24;  // a file may contain anything
constexpr std::int64_t widest_kernel = 63;
constexpr const char* network_name = "this network over codes";

std::vector<std::int64_t> kernels_of(const Options& options, const std::string& name) {
  std::vector<std::int64_t> kernels;
  for (const auto given : options.numbers(name)) {
    const auto kernel = static_cast<std::int64_t>(given);
    if (static_cast<double>(kernel) != given || kernel % 2 == 0 ||
        std::find(kernels.begin(), kernels.end(), kernel) != kernels.end())
      throw ConfigError(c10::str(name, " has ", given,
                                 "; allowed: different odd numbers, so that each branch is centred "
                                 "on its frame"));
    kernels.push_back(kernel);
  }
  if (kernels.empty()) throw ConfigError(name + " is empty; at least one is needed, such as [3]");
  return kernels;
}

void read_codes_grid(const CodeSpec& source, const Options& options, const std::string& prefix,
                     bool stored, Sizes& sizes) {
  const auto levels = options.integer(prefix + "levels");
  if (levels > source.codebooks())
    throw ConfigError(prefix + "levels is " + std::to_string(levels) + "; allowed: up to " +
                      std::to_string(source.codebooks()) + ", which the source has");
  sizes.books = levels > 0 ? levels : source.codebooks();
  if (sizes.input != Sizes::Input::embedded_codes) return;
  const auto last = source.sizes.begin() + sizes.books;
  const auto largest = *std::max_element(source.sizes.begin(), last);
  if (!stored) sizes.vocabulary = largest;
  choose_size(options, prefix + "vocabulary", stored, sizes.vocabulary);
  if (largest > sizes.vocabulary)
    throw ConfigError("a codebook of the source has " + std::to_string(largest) +
                      " entries, the vocabulary " + std::to_string(sizes.vocabulary) + ". Raise " +
                      prefix + "vocabulary, or read another source");
}

std::string source_of(const Sizes& sizes) {
  if (sizes.input == Sizes::Input::features)
    return "features of width " + std::to_string(sizes.bands);
  const auto books = std::to_string(sizes.books) + " codebooks";
  return sizes.input == Sizes::Input::code_indices
             ? books
             : books + " embedded in " + std::to_string(sizes.embedding);
}

}  // namespace

std::int64_t stored_size(const Checkpoint& checkpoint, const std::string& name, std::size_t axis,
                         std::size_t dimensions, const std::string& model) {
  if (!checkpoint.contains(name))
    throw DataError(checkpoint.path().string() + ": has no tensor '" + name +
                    "'; expected a checkpoint of " + model);
  const auto& shape = checkpoint.shape(name);
  if (shape.size() != dimensions || shape[axis] < 1 || shape[axis] > most_stored_size)
    throw DataError(checkpoint.path().string() + ": '" + name + "' is " + c10::str(shape) +
                    ", which is no size of " + model);
  return shape[axis];
}

void choose_size(const Options& options, const std::string& name, bool stored, std::int64_t& size) {
  const auto given = options.integer(name);
  if (given == 0 || given == size) return;
  if (stored)
    throw ConfigError(name + " is " + std::to_string(given) + "; the checkpoint has " +
                      std::to_string(size) + ". Omit " + name + ", or set weights = \"random\"");
  size = given;
}

std::int64_t CodeNetworkSizes::channels() const {
  if (input == Input::features) return bands;
  return input == Input::code_indices ? books : books * embedding;
}

std::int64_t CodeNetworkSizes::reach() const {
  return *std::max_element(kernels.begin(), kernels.end()) / 2;
}

OptionSchema code_network_options(const std::string& prefix) {
  return {
      {.name = prefix + "input",
       .value = std::string("embedded_codes"),
       .help = "What it reads from its source: codes through a learnt embedding, codes as numbers, "
               "or features (mel bands, or a codec's quantized vectors)",
       .choices = {"embedded_codes", "code_indices", "features"}},
      {.name = prefix + "layout",
       .value = std::string("transposed"),
       .help = "How embedded codes become channels: transposed keeps time apart, published mixes "
               "channels and time as the published code does",
       .choices = {"transposed", "published"}},
      {.name = prefix + "levels",
       .value = std::int64_t{0},
       .help = "Number of codebooks read, coarsest first; 0: all",
       .min = 0,
       .max = 4096},
      {.name = prefix + "vocabulary",
       .value = std::int64_t{0},
       .help = "Number of different codes; 0: as many as the source's largest codebook has",
       .min = 0,
       .max = largest_size},
      {.name = prefix + "embedding",
       .value = std::int64_t{0},
       .help = "Width of a code's embedding; 0: usually 64, or that of the weights",
       .min = 0,
       .max = largest_size},
      {.name = prefix + "kernels",
       .value = std::vector<double>{3, 5, 7},
       .help = "Kernel of each branch, odd",
       .unit = "frames",
       .min = 1,
       .max = widest_kernel},
      {.name = prefix + "width",
       .value = std::int64_t{0},
       .help = "Channels of each branch; 0: usually 128 for codes and 64 for features, or those of "
               "the weights",
       .min = 0,
       .max = largest_size},
      {.name = prefix + "outputs",
       .value = std::int64_t{0},
       .help = "Width of the result; 0: usually 256, or that of the weights",
       .min = 0,
       .max = largest_size},
  };
}

Sizes::Input code_network_input(const Options& options, const std::string& prefix) {
  const auto& name = options.text(prefix + "input");
  if (name == "code_indices") return Sizes::Input::code_indices;
  return name == "features" ? Sizes::Input::features : Sizes::Input::embedded_codes;
}

std::string code_network_prefix(const Checkpoint& checkpoint) {
  static const std::regex branch(R"(^(.*)temporal_conv_k\d{1,2}\.weight$)");
  std::optional<std::string> prefix;
  for (const auto& name : checkpoint.names()) {
    std::smatch found;
    if (!std::regex_match(name, found, branch)) continue;
    if (prefix && found.str(1) != *prefix)
      throw DataError(checkpoint.path().string() + ": has two of this model, under '" + *prefix +
                      "' and '" + found.str(1) + "'. Save the one that is meant by itself");
    prefix = found.str(1);
  }
  if (!prefix)
    throw DataError(checkpoint.path().string() +
                    ": has no network over codes; expected temporal_conv_k3.weight and the other "
                    "tensors under their published names");
  return *prefix;
}

Sizes stored_code_network(const Checkpoint& checkpoint, const std::string& prefix) {
  const auto size = [&](const std::string& name, std::size_t axis, std::size_t dimensions) {
    return stored_size(checkpoint, prefix + name, axis, dimensions, network_name);
  };
  Sizes sizes;
  sizes.kernels.clear();
  for (std::int64_t kernel = 1; kernel <= widest_kernel; kernel += 2)
    if (checkpoint.contains(c10::str(prefix, "temporal_conv_k", kernel, ".weight")))
      sizes.kernels.push_back(kernel);
  if (sizes.kernels.empty())
    throw DataError(checkpoint.path().string() + ": has no tensor '" + prefix +
                    "temporal_conv_k3.weight', nor one of another odd kernel; expected a "
                    "checkpoint of " +
                    network_name);
  const auto conv = c10::str("temporal_conv_k", sizes.kernels.front(), ".weight");
  sizes.width = size(conv, 0, 3);
  const auto channels = size(conv, 1, 3);
  sizes.hidden = size("fc.0.weight", 0, 2);
  sizes.outputs = size("fc.4.weight", 0, 2);
  sizes.bands = sizes.books = channels;
  sizes.input = Sizes::Input::features;
  if (!checkpoint.contains(prefix + "code_embedding.weight")) return sizes;
  sizes.input = Sizes::Input::embedded_codes;
  sizes.vocabulary = size("code_embedding.weight", 0, 2);
  sizes.embedding = size("code_embedding.weight", 1, 2);
  if (channels % sizes.embedding != 0)
    throw DataError(checkpoint.path().string() + ": " + std::to_string(channels) +
                    " channels are no whole number of embeddings of width " +
                    std::to_string(sizes.embedding));
  sizes.books = channels / sizes.embedding;
  return sizes;
}

Sizes code_network_sizes(const Options& options, const std::string& prefix,
                         const std::optional<Sizes>& stored, const Sizes& usual,
                         const SourceSpec& source) {
  auto sizes = stored.value_or(usual);
  const auto choose = [&](const char* name, std::int64_t& size) {
    choose_size(options, prefix + name, stored.has_value(), size);
  };
  sizes.input = code_network_input(options, prefix);
  sizes.layout = options.text(prefix + "layout") == "published" ? Sizes::Layout::published
                                                                : Sizes::Layout::transposed;
  const bool embeds = sizes.input == Sizes::Input::embedded_codes;
  if (sizes.layout == Sizes::Layout::published && !embeds)
    throw ConfigError(prefix + "layout is 'published', which concerns embedded codes alone. Omit " +
                      prefix + "layout, or set " + prefix + "input = \"embedded_codes\"");
  if (stored && embeds != (stored->input == Sizes::Input::embedded_codes))
    throw ConfigError(std::string("the checkpoint has ") + (embeds ? "no" : "an") +
                      " embedding of codes, and " + prefix + "input is '" +
                      options.text(prefix + "input") + "'. Set " + prefix +
                      "input to what the checkpoint was trained on");
  if (!stored && sizes.input == Sizes::Input::features) sizes.width /= 2;
  choose("width", sizes.width);
  if (!stored || embeds) choose("embedding", sizes.embedding);
  choose("outputs", sizes.outputs);
  const auto kernels = kernels_of(options, prefix + "kernels");
  // The file does not tell in which order the branches were joined; the option does.
  if (stored && !std::is_permutation(kernels.begin(), kernels.end(), sizes.kernels.begin(),
                                     sizes.kernels.end()))
    throw ConfigError(prefix + "kernels are " + c10::str(kernels) + "; the checkpoint has " +
                      c10::str(sizes.kernels) + ". Set " + prefix + "kernels to these");
  sizes.kernels = kernels;
  if (const auto* codes = std::get_if<CodeSpec>(&source))
    read_codes_grid(*codes, options, prefix, stored.has_value(), sizes);
  else
    sizes.bands = std::get<FeatureSpec>(source).dim;
  if (stored && sizes.channels() != stored->channels())
    throw ConfigError(
        "the source gives " + source_of(sizes) + ", " + std::to_string(sizes.channels()) +
        " channels; the checkpoint was trained on " + std::to_string(stored->channels()) +
        ". Set " + prefix + "levels, or read another source");
  return sizes;
}

}  // namespace earshot::kit
