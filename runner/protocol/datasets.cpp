#include "protocol/datasets.hpp"

namespace earshot::protocol {

EARSHOT_JSON_DEFINITIONS(LabelInfo, DatasetInfo, LeftOut, LeftOuts, DatasetRequest, DatasetResult,
                         DatasetRef, ItemsRequest, ItemsResult, QuestionRow, LintRequest, LintCheck,
                         LintFile, LintResult, ListenRequest, ListenResult, AudioRequest, ItemAudio,
                         AudioResult)

std::vector<std::string> described(const LeftOuts& left_out) {
  std::vector<std::string> texts;
  const auto describe = [&](const LeftOut& out, const char* one, const char* several) {
    if (out.found == 0) return;
    texts.push_back(std::to_string(out.found) + (out.found == 1 ? one : several));
    if (!out.examples.empty()) texts.back() += ", such as " + out.examples.front();
  };
  describe(left_out.files, " file or link that looks like audio",
           " files or links that look like audio");
  describe(left_out.rows, " row", " rows");
  return texts;
}

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
