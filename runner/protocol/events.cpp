#include "protocol/events.hpp"

namespace earshot::protocol::event {

EARSHOT_JSON_DEFINITIONS(Progress, Files, Items, LintFiles, Lost, SpentOnEncoder, Spent, Stage,
                         Curve, Warning, Artifact, Predictions, Metric)

void to_json(Json& json, const PredictedItem& row) {
  json = {row.item, row.value, row.output, row.marks, row.scores, row.candidates};
}
void from_json(const Json& json, PredictedItem& row) {
  json.at(0).get_to(row.item);
  row.value = json.at(1);
  json.at(2).get_to(row.output);
  row.marks = json.at(3);
  row.scores = json.size() > 5 ? json.at(4).get<std::uint64_t>() : 0;
  row.candidates = json.size() > 5 ? json.at(5) : Json();
}

}  // namespace earshot::protocol::event
