#include <algorithm>
#include <set>

#include "protocol/path_text.hpp"
#include "worker/requests/verbs.hpp"
#include "worker/stage/imported_predictions.hpp"
#include "worker/stage/opened.hpp"

namespace earshot::worker {

using protocol::Json;

Json predictions(const Json& request, Session&) {
  const auto file = protocol::bytes_of(request.at("file").get<std::string>());
  std::vector<std::map<std::string, std::int64_t>> tested;  // items of each dataset
  std::shared_ptr<OpenDataset> dataset;
  for (const auto& ref : request.at("datasets")) {
    dataset = open_dataset(ref.get<protocol::DatasetRef>());
    tested.push_back(test_items(dataset->view));
  }
  const auto all =
      read_predictions(file, dataset->view, request.at("evaluator").get<protocol::ComponentRef>());
  std::map<std::int64_t, std::set<std::string>> answered;  // items by seed
  for (const auto& given : all) {
    if (std::none_of(tested.begin(), tested.end(),
                     [&](const auto& items) { return items.contains(given.item); }))
      throw DataError(file + ":" + std::to_string(given.line) + ": item '" + given.item +
                      "' is no test item; expected predictions of test items only");
    answered[given.seed].insert(given.item);
  }
  auto seeds = Json::array();
  for (const auto& [seed, items] : answered) {
    auto parts = Json::array();
    for (const auto& test : tested) {
      std::int64_t used = 0;
      std::string missing;
      for (const auto& [id, index] : test) {
        if (items.contains(id))
          ++used;
        else if (missing.empty())
          missing = id;
      }
      parts.push_back({{"declared", test.size()}, {"used", used}, {"missing", missing}});
    }
    seeds.push_back({{"seed", seed}, {"datasets", std::move(parts)}});
  }
  const bool scored =
      std::any_of(all.begin(), all.end(), [](const auto& given) { return !given.scores.empty(); });
  return {{"seeds", std::move(seeds)}, {"scores", scored}};
}

}  // namespace earshot::worker
