#include <algorithm>
#include <map>

#include <earshot/kit/names.hpp>
#include <earshot/kit/sampling.hpp>
#include <earshot/kit/splits.hpp>

#include "shared/message_text.hpp"

namespace earshot::kit {

std::optional<Split> split_named(const std::string& name) {
  static const std::map<std::string, Split> names = {
      {"train", Split::train},      {"training", Split::train}, {"validation", Split::validation},
      {"valid", Split::validation}, {"val", Split::validation}, {"dev", Split::validation},
      {"test", Split::test},        {"testing", Split::test},   {"eval", Split::test},
      {"evaluation", Split::test}};
  const auto found = names.find(lower_case(name));
  return found == names.end() ? std::nullopt : std::optional(found->second);
}

OptionSchema split_options(const std::string& where) {
  return {
      {.name = "validation",
       .value = 0.1,
       .help = "Share of the items for validation, " + where,
       .min = 0,
       .max = 0.9},
      {.name = "test",
       .value = 0.2,
       .help = "Share of the items for the test split, likewise",
       .min = 0,
       .max = 0.9},
      {.name = "seed", .value = std::int64_t{0}, .help = "Seed of the random split"},
  };
}

std::vector<Split> draw_splits(const Dataset& dataset, const Options& options) {
  const auto validation = options.number("validation"), test = options.number("test");
  if (validation + test >= 1)
    throw ConfigError("validation and test are " + shared::number_text(validation) + " and " +
                      shared::number_text(test) + "; allowed: a sum below 1");
  const auto labels = dataset.labels();
  const auto classes = std::find_if(labels.begin(), labels.end(), [](const auto& label) {
    return std::holds_alternative<std::string>(label.type);
  });
  std::map<std::string, std::int64_t> numbers;
  if (classes != labels.end())
    for (const auto& name : classes->classes)
      numbers.emplace(name, std::ssize(numbers) + 1);
  std::vector<std::int64_t> strata;
  std::vector<std::map<std::string, std::string>> groups;
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    auto item = dataset.item(i);
    strata.push_back(0);  // for items whose class is unknown
    if (classes != labels.end())
      if (const auto label = item.labels.find(classes->name); label != item.labels.end())
        strata.back() = numbers[std::get<std::string>(label->second)];
    groups.push_back(std::move(item.groups));
  }
  return draw_splits(strata, linked(groups), validation, test,
                     static_cast<std::uint64_t>(options.integer("seed")));
}

}  // namespace earshot::kit
