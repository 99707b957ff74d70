#include "sensitivity.hpp"

#include <algorithm>
#include <numeric>

#include <lib/learn/changes.hpp>
#include <lib/learn/code_use.hpp>

namespace sensitivity {

using earshot::Numbers;
using earshot::Split;
using earshot::Trial;
using earshot::kit::changed_codes;
using earshot::kit::feature_distance;
using earshot::kit::of_level;

namespace {

constexpr std::int64_t chunk = 16;  // items read at a time

const char* name_of(bool codes) {
  return codes ? "changed" : "distance";
}

void check_pair(const earshot::Item& item) {
  if (item.clips.size() > 1) return;
  throw earshot::DataError(
      "item '" + item.id +
      "' has one clip; expected two, which sensitivity compares. Use a dataset "
      "of pairs, such as scenes with pairs = \"steps\"");
}

/// For each test item, an item of the next scene.
std::vector<std::int64_t> next_scenes(const Trial& trial) {
  const auto size = trial.size(Split::test);
  std::vector<std::string> scenes;
  for (std::int64_t i = 0; i < size; ++i) {
    const auto item = trial.item(Split::test, i);
    check_pair(item);
    const auto group = item.groups.find("clip");
    scenes.push_back(group == item.groups.end() ? "item " + item.id : "clip " + group->second);
  }
  std::vector<std::int64_t> next(scenes.size(), -1);
  // Twice backwards, so that the last scene is followed by the first.
  for (std::int64_t i = 2 * size - 1; i >= 0; --i) {
    const auto own = static_cast<std::size_t>(i % size), after = (own + 1) % scenes.size();
    next[own] = scenes[own] != scenes[after] ? static_cast<std::int64_t>(after) : next[after];
  }
  for (std::int64_t i = 0; i < size; ++i) {
    const auto other = next[static_cast<std::size_t>(i)];
    if (other < 0 || scenes[static_cast<std::size_t>(other)] == scenes[static_cast<std::size_t>(i)])
      throw earshot::DataError("all " + std::to_string(size) + " test items are of one scene (" +
                               scenes.front() +
                               "); at least two are needed to tell how far scenes are apart. Use "
                               "more clips");
  }
  return next;
}

/// Adds the share of all codes as `name`, and those of the first `books` codebooks.
void add_shares(const std::string& name, const std::vector<double>& shares, std::int64_t books,
                Numbers& numbers) {
  numbers[name] =
      std::accumulate(shares.begin(), shares.end(), 0.0) / static_cast<double>(shares.size());
  for (std::int64_t book = 0; book < std::min(books, std::ssize(shares)); ++book)
    numbers[of_level(name, book)] = shares[static_cast<std::size_t>(book)];
}

}  // namespace

earshot::OptionSchema Sensitivity::options() {
  return {
      {.name = "reads",
       .value = std::string("codes"),
       .help = "What is compared: the codes of a codec, or the features of any encoder",
       .choices = {"codes", "features"}},
      {.name = "books",
       .value = std::int64_t{32},
       .help = "Number of codebooks, coarsest first, that get metrics of their own; the others "
               "count in the metrics of all codes only",
       .min = 0,
       .max = 99},
  };
}

Sensitivity::Sensitivity(const earshot::Options& options, const earshot::Context&)
    : codes_(options.text("reads") == "codes"), books_(options.integer("books")) {}

std::vector<earshot::MetricSpec> Sensitivity::metrics() const {
  if (!codes_)
    return {{.name = "relative",
             .help = "Distance of the two clips over that of two scenes",
             .primary = true},
            {.name = "distance", .help = "Mean distance of the frames of the two clips"},
            {.name = "between", .help = "Mean distance of the frames of two scenes"}};
  std::vector<earshot::MetricSpec> all = {
      {.name = "changed",
       .help = "Share of codes that differ between the two clips",
       .primary = true},
      {.name = "between", .help = "Share of codes that differ between two scenes"},
      {.name = "relative", .help = "The former over the latter"}};
  for (std::int64_t book = 0; book < books_; ++book) {
    const auto level = " of codebook " + std::to_string(book + 1);
    all.push_back({.name = of_level("changed", book),
                   .help = "Share of the codes" + level + " that differ between the two clips"});
    all.push_back({.name = of_level("between", book),
                   .help = "Share of the codes" + level + " that differ between two scenes"});
  }
  return all;
}

void Sensitivity::predict(Trial& trial) {
  const auto next = next_scenes(trial);
  const auto size = trial.size(Split::test);
  for (std::int64_t first = 0; first < size && !trial.stop(); first += chunk) {
    const auto count = std::min(chunk, size - first);
    std::vector<std::int64_t> items(static_cast<std::size_t>(count));
    std::iota(items.begin(), items.end(), first);
    const at::IntArrayRef others(next.data() + first, static_cast<std::size_t>(count));
    std::vector<Numbers> numbers(items.size());
    if (codes_) {
      const auto one = trial.codes(Split::test, items, 0), two = trial.codes(Split::test, items, 1),
                 other = trial.codes(Split::test, others, 0);
      for (std::int64_t i = 0; i < count; ++i) {
        auto& measured = numbers[static_cast<std::size_t>(i)];
        add_shares("changed", changed_codes(one, i, two, i), books_, measured);
        add_shares("between", changed_codes(one, i, other, i), books_, measured);
      }
    } else {
      const auto one = trial.features(Split::test, items, 0),
                 two = trial.features(Split::test, items, 1),
                 other = trial.features(Split::test, others, 0);
      for (std::int64_t i = 0; i < count; ++i)
        numbers[static_cast<std::size_t>(i)] = {{"distance", feature_distance(one, i, two, i)},
                                                {"between", feature_distance(one, i, other, i)}};
    }
    for (std::int64_t i = 0; i < count; ++i)
      trial.predict({.item = items[static_cast<std::size_t>(i)],
                     .measures = std::move(numbers[static_cast<std::size_t>(i)])});
    trial.progress(first + count, size);
  }
}

Numbers Sensitivity::score(std::span<const earshot::Outcome> slice) const {
  double within = 0, between = 0;
  for (const auto& outcome : slice) {
    within += outcome.prediction.measures.at(name_of(codes_));
    between += outcome.prediction.measures.at("between");
  }
  if (between == 0) return {};
  return {{"relative", within / between}};
}

}  // namespace sensitivity
