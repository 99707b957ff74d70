#include "architecture.hpp"

#include <algorithm>
#include <regex>

#include <earshot/error.hpp>

namespace code_cnn {

namespace {

using earshot::ConfigError;
using earshot::DataError;
using earshot::kit::Checkpoint;

constexpr std::int64_t most = 1 << 16;  // of any size: a file may contain anything
constexpr std::int64_t widest_kernel = 63;

/// A size of the file: dimension `axis` of a tensor that has `dimensions`.
std::int64_t size_in(const Checkpoint& file, const std::string& name, std::size_t axis,
                     std::size_t dimensions) {
  if (!file.contains(name))
    throw DataError(file.path().string() + ": has no tensor '" + name +
                    "'; expected a checkpoint of code_cnn");
  const auto& shape = file.shape(name);
  if (shape.size() != dimensions || shape[axis] < 1 || shape[axis] > most)
    throw DataError(file.path().string() + ": '" + name + "' is " + c10::str(shape) +
                    ", which is no size of code_cnn");
  return shape[axis];
}

/// Sets `size` to the option's value; 0 keeps it. A checkpoint has a size of its own.
void choose(const earshot::Options& options, const std::string& name, bool stored,
            std::int64_t& size) {
  const auto given = options.integer(name);
  if (given == 0 || given == size) return;
  if (stored)
    throw ConfigError(name + " is " + std::to_string(given) + "; the checkpoint has " +
                      std::to_string(size) + ". Omit " + name + ", or set weights = \"random\"");
  size = given;
}

std::vector<std::int64_t> kernels_of(const earshot::Options& options) {
  std::vector<std::int64_t> kernels;
  for (const auto given : options.numbers("kernels")) {
    const auto kernel = static_cast<std::int64_t>(given);
    if (static_cast<double>(kernel) != given || kernel % 2 == 0 ||
        std::find(kernels.begin(), kernels.end(), kernel) != kernels.end())
      throw ConfigError(c10::str("kernels has ", given,
                                 "; allowed: different odd numbers, so that each branch is centred "
                                 "on its frame"));
    kernels.push_back(kernel);
  }
  if (kernels.empty()) throw ConfigError("kernels is empty; at least one is needed, such as [3]");
  return kernels;
}

void read_codes_grid(const earshot::CodeSpec& source, const earshot::Options& options, bool stored,
                     Architecture& a) {
  const auto levels = options.integer("levels");
  if (levels > source.codebooks())
    throw ConfigError("levels is " + std::to_string(levels) + "; allowed: up to " +
                      std::to_string(source.codebooks()) + ", which the source has");
  a.books = levels > 0 ? levels : source.codebooks();
  if (a.input != Input::embedded_codes) return;
  const auto last = source.sizes.begin() + a.books;
  const auto largest = *std::max_element(source.sizes.begin(), last);
  if (!stored) a.vocabulary = largest;
  choose(options, "vocabulary", stored, a.vocabulary);
  if (largest > a.vocabulary)
    throw ConfigError("a codebook of the source has " + std::to_string(largest) +
                      " entries, the vocabulary " + std::to_string(a.vocabulary) +
                      ". Raise vocabulary, or read another source");
}

std::string source_of(const Architecture& a) {
  if (a.input == Input::features) return "features of width " + std::to_string(a.bands);
  const auto books = std::to_string(a.books) + " codebooks";
  return a.input == Input::code_indices ? books
                                        : books + " embedded in " + std::to_string(a.embedding);
}

}  // namespace

std::int64_t Architecture::channels() const {
  if (input == Input::features) return bands;
  return input == Input::code_indices ? books : books * embedding;
}

std::int64_t Architecture::reach() const {
  return *std::max_element(kernels.begin(), kernels.end()) / 2;
}

earshot::OptionSchema options() {
  return {
      {.name = "input",
       .value = std::string("embedded_codes"),
       .help = "What it reads from its source: codes through a learnt embedding, codes as numbers, "
               "or features (mel bands, or a codec's quantized vectors)",
       .choices = {"embedded_codes", "code_indices", "features"}},
      {.name = "layout",
       .value = std::string("transposed"),
       .help = "How embedded codes become channels: transposed keeps time apart, published mixes "
               "channels and time as the published code does",
       .choices = {"transposed", "published"}},
      {.name = "levels",
       .value = std::int64_t{0},
       .help = "Number of codebooks read, coarsest first; 0: all",
       .min = 0,
       .max = 4096},
      {.name = "vocabulary",
       .value = std::int64_t{0},
       .help = "Number of different codes; 0: as many as the source's largest codebook has",
       .min = 0,
       .max = most},
      {.name = "embedding",
       .value = std::int64_t{0},
       .help = "Width of a code's embedding; 0: 64, or that of the weights",
       .min = 0,
       .max = most},
      {.name = "kernels",
       .value = std::vector<double>{3, 5, 7},
       .help = "Kernel of each branch, odd",
       .unit = "frames",
       .min = 1,
       .max = widest_kernel},
      {.name = "width",
       .value = std::int64_t{0},
       .help = "Channels of each branch; 0: 128 for codes and 64 for features, or those of the "
               "weights",
       .min = 0,
       .max = most},
      {.name = "outputs",
       .value = std::int64_t{0},
       .help = "Width of the result; 0: 256, or that of the weights",
       .min = 0,
       .max = most},
      {.name = "dropout",
       .value = 0.2,
       .help = "Share of hidden values that are set to 0 in training",
       .min = 0,
       .max = 0.99},
      {.name = "weights",
       .value = earshot::Weights{.source = "random"},
       .help = "Checkpoint with the published names, or random: none is published"},
      {.name = "seed", .value = std::int64_t{0}, .help = "Seed of random weights", .min = 0},
  };
}

Input input_of(const earshot::Options& options) {
  const auto& name = options.text("input");
  if (name == "code_indices") return Input::code_indices;
  return name == "features" ? Input::features : Input::embedded_codes;
}

Stored read_stored(const Checkpoint& file) {
  static const std::regex branch(R"(^(.*)temporal_conv_k(\d{1,2})\.weight$)");
  Stored stored;
  auto& a = stored.sizes;
  a.kernels.clear();
  for (const auto& name : file.names()) {
    std::smatch found;
    if (!std::regex_match(name, found, branch)) continue;
    if (!a.kernels.empty() && found.str(1) != stored.prefix)
      throw DataError(file.path().string() + ": has two of this model, under '" + stored.prefix +
                      "' and '" + found.str(1) + "'. Save the one that is meant by itself");
    stored.prefix = found.str(1);
    a.kernels.push_back(std::stoll(found.str(2)));
  }
  if (a.kernels.empty())
    throw DataError(file.path().string() +
                    ": has no code_cnn; expected temporal_conv_k3.weight and the other tensors "
                    "under their published names");
  std::sort(a.kernels.begin(), a.kernels.end());
  const auto conv =
      stored.prefix + "temporal_conv_k" + std::to_string(a.kernels.front()) + ".weight";
  const auto embedding = stored.prefix + "code_embedding.weight";
  a.width = size_in(file, conv, 0, 3);
  const auto channels = size_in(file, conv, 1, 3);
  a.hidden = size_in(file, stored.prefix + "fc.0.weight", 0, 2);
  a.outputs = size_in(file, stored.prefix + "fc.4.weight", 0, 2);
  a.bands = a.books = channels;
  a.input = Input::features;
  if (!file.contains(embedding)) return stored;
  a.input = Input::embedded_codes;
  a.vocabulary = size_in(file, embedding, 0, 2);
  a.embedding = size_in(file, embedding, 1, 2);
  if (channels % a.embedding != 0)
    throw DataError(file.path().string() + ": " + std::to_string(channels) +
                    " channels are no whole number of embeddings of width " +
                    std::to_string(a.embedding));
  a.books = channels / a.embedding;
  return stored;
}

Architecture architecture(const earshot::Options& options, const std::optional<Stored>& stored,
                          const earshot::SourceSpec& source) {
  Architecture a;
  if (stored) a = stored->sizes;
  a.input = input_of(options);
  a.layout = options.text("layout") == "published" ? Layout::published : Layout::transposed;
  const bool embeds = a.input == Input::embedded_codes;
  if (a.layout == Layout::published && !embeds)
    throw ConfigError(
        "layout is 'published', which concerns embedded codes alone. Omit layout, or "
        "set input = \"embedded_codes\"");
  if (stored && embeds != (stored->sizes.input == Input::embedded_codes))
    throw ConfigError(std::string("the checkpoint has ") + (embeds ? "no" : "an") +
                      " embedding of codes, and input is '" + options.text("input") +
                      "'. Set input to what the checkpoint was trained on");
  constexpr std::int64_t width_for_features = 64;
  if (!stored && a.input == Input::features) a.width = width_for_features;
  choose(options, "width", stored.has_value(), a.width);
  if (!stored || embeds) choose(options, "embedding", stored.has_value(), a.embedding);
  choose(options, "outputs", stored.has_value(), a.outputs);
  const auto kernels = kernels_of(options);
  // The file does not tell in which order the branches were joined; the option does.
  if (stored &&
      !std::is_permutation(kernels.begin(), kernels.end(), a.kernels.begin(), a.kernels.end()))
    throw ConfigError("kernels are " + c10::str(kernels) + "; the checkpoint has " +
                      c10::str(a.kernels) + ". Set kernels to these");
  a.kernels = kernels;
  if (const auto* codes = std::get_if<earshot::CodeSpec>(&source))
    read_codes_grid(*codes, options, stored.has_value(), a);
  else
    a.bands = std::get<earshot::FeatureSpec>(source).dim;
  if (stored && a.channels() != stored->sizes.channels())
    throw ConfigError("the source gives " + source_of(a) + ", " + std::to_string(a.channels()) +
                      " channels; the checkpoint was trained on " +
                      std::to_string(stored->sizes.channels()) +
                      ". Set levels, or read another source");
  return a;
}

}  // namespace code_cnn
