#include "protocol/datasets.hpp"

namespace earshot::protocol {

EARSHOT_JSON_DEFINITIONS(LabelInfo, DatasetInfo, LeftOut, DatasetRequest, DatasetResult, DatasetRef,
                         ItemsRequest, ItemsResult, QuestionRow, LintRequest, LintCheck, LintFile,
                         LintResult, ListenRequest, ListenResult)

void to_json(Json& json, const ItemRow& row) {
  json = {row.id, row.groups, row.slices, row.labels, row.question};
}
void from_json(const Json& json, ItemRow& row) {
  json.at(0).get_to(row.id);
  json.at(1).get_to(row.groups);
  json.at(2).get_to(row.slices);
  row.labels = json.at(3);
  row.question = json.size() > 4 ? json.at(4).get<OrNull<QuestionRow>>() : OrNull<QuestionRow>();
}

}  // namespace earshot::protocol
