#include <algorithm>
#include <set>

#include "protocol/path_text.hpp"
#include "worker/requests/verbs.hpp"
#include "worker/stage/imported_predictions.hpp"
#include "worker/stage/opened.hpp"

namespace earshot::worker {

protocol::PredictionsResult perform(const protocol::PredictionsRequest& request, Session&) {
  const auto file = protocol::bytes_of(request.file);
  std::vector<std::map<std::string, std::int64_t>> tested;  // items of each dataset
  std::shared_ptr<OpenDataset> dataset;
  for (const auto& ref : request.datasets) {
    dataset = open_dataset(ref);
    tested.push_back(test_items(dataset->view));
  }
  const auto all = read_predictions(file, dataset->view, request.evaluator);
  std::map<std::int64_t, std::set<std::string>> answered;  // items by seed
  for (const auto& given : all) {
    if (std::none_of(tested.begin(), tested.end(),
                     [&](const auto& items) { return items.contains(given.item); }))
      throw DataError(file + ":" + std::to_string(given.line) + ": item '" + given.item +
                      "' is not a test item; expected predictions for test items only");
    answered[given.seed].insert(given.item);
  }
  protocol::PredictionsResult result;
  for (const auto& [seed, items] : answered) {
    auto& parts = result.seeds.emplace_back(protocol::AnsweredSeed{.seed = seed}).datasets;
    for (const auto& test : tested) {
      auto& part = parts.emplace_back(protocol::AnsweredItems{.declared = std::ssize(test)});
      for (const auto& [id, index] : test) {
        if (items.contains(id))
          ++part.used;
        else if (part.missing.empty())
          part.missing = id;
      }
    }
  }
  result.scores =
      std::any_of(all.begin(), all.end(), [](const auto& given) { return !given.scores.empty(); });
  return result;
}

}  // namespace earshot::worker
