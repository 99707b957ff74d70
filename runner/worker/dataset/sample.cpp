#include "worker/dataset/sample.hpp"

#include <algorithm>
#include <numeric>

#include <earshot/kit/random.hpp>

#include "shared/enum_names.hpp"

namespace earshot::worker {

namespace {

/// The values that items have, by number.
class Values {
 public:
  explicit Values(const Dataset& dataset) {
    const auto labels = dataset.labels();
    for (std::int64_t i = 0; i < dataset.size(); ++i) {
      const auto item = dataset.item(i);
      begins_.push_back(all_.size());
      add("split", shared::name_of(item.split, shared::split_names));
      for (const auto& [dimension, value] : item.slices)
        add(dimension, value);
      for (const auto& spec : labels)
        if (const auto label = item.labels.find(spec.name);
            label != item.labels.end() && !spec.classes.empty())
          add_label(spec.name, label->second);
    }
    begins_.push_back(all_.size());
  }

  std::int64_t items() const { return std::ssize(begins_) - 1; }
  /// Calls with the number of each value that an item has.
  template <class Take>
  void of(std::int64_t item, const Take& take) const {
    for (auto at = begins_[static_cast<std::size_t>(item)];
         at < begins_[static_cast<std::size_t>(item) + 1]; ++at)
      take(all_[at]);
  }
  std::size_t count() const { return names_.size(); }
  const std::pair<std::string, std::string>& name(std::size_t value) const {
    return *names_[value];
  }

 private:
  void add_label(const std::string& dimension, const Label& label) {
    if (const auto* text = std::get_if<std::string>(&label)) add(dimension, *text);
    if (const auto* texts = std::get_if<std::vector<std::string>>(&label))
      for (const auto& text : *texts)
        add(dimension, text);
  }
  void add(const std::string& dimension, const std::string& value) {
    const auto [known, is_new] =
        numbers_.try_emplace({dimension, value}, static_cast<std::uint32_t>(names_.size()));
    if (is_new) names_.push_back(&known->first);
    all_.push_back(known->second);
  }

  std::map<std::pair<std::string, std::string>, std::uint32_t> numbers_{};
  std::vector<const std::pair<std::string, std::string>*> names_{};
  std::vector<std::uint32_t> all_{};   ///< of all items behind each other
  std::vector<std::size_t> begins_{};  ///< of each item
};

std::vector<std::int64_t> in_random_order(std::int64_t items, std::int64_t seed) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(items));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  kit::Random random(kit::derive(static_cast<std::uint64_t>(seed), "listen", 0));
  for (auto left = items; left > 1; --left)
    std::swap(order[static_cast<std::size_t>(left - 1)],
              order[static_cast<std::size_t>(random.below(left))]);
  return order;
}

}  // namespace

Sample draw_sample(const Dataset& dataset, std::int64_t count, std::int64_t seed) {
  const Values values(dataset);
  count = std::min(count, values.items());
  std::vector<std::int64_t> of_all(values.count()), of_drawn(values.count());
  for (std::int64_t i = 0; i < values.items(); ++i)
    values.of(i, [&](std::uint32_t value) { ++of_all[value]; });

  auto left = in_random_order(values.items(), seed);
  Sample sample;
  constexpr std::int64_t balanced =
      1000;  // enough to show every value; further items are drawn as they come
  for (std::int64_t n = 1; n <= count; ++n) {
    if (n > balanced || count == values.items()) {
      for (std::size_t i = 0; i < static_cast<std::size_t>(count - n + 1); ++i) {
        sample.items.push_back(left[i]);
        values.of(left[i], [&](std::uint32_t value) { ++of_drawn[value]; });
      }
      break;
    }
    // How many of each value are missing among the first n, in parts of what all have of it.
    std::vector<double> missing(values.count());
    for (std::size_t value = 0; value < missing.size(); ++value)
      missing[value] = static_cast<double>(of_all[value]) * static_cast<double>(n) /
                           static_cast<double>(values.items()) -
                       static_cast<double>(of_drawn[value]);
    std::size_t best = 0;
    double most = 0;
    for (std::size_t i = 0; i < left.size(); ++i) {
      double sum = 0;
      values.of(left[i], [&](std::uint32_t value) { sum += missing[value]; });
      if (i == 0 || sum > most) best = i, most = sum;
    }
    sample.items.push_back(left[best]);
    values.of(left[best], [&](std::uint32_t value) { ++of_drawn[value]; });
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(best));
  }
  std::sort(sample.items.begin(), sample.items.end());
  for (std::size_t value = 0; value < values.count(); ++value) {
    const auto& [dimension, name] = values.name(value);
    sample.drawn[dimension][name] = {of_drawn[value], of_all[value]};
  }
  return sample;
}

}  // namespace earshot::worker
