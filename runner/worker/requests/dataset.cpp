#include "protocol/path_text.hpp"
#include "worker/dataset/left_out.hpp"
#include "worker/dataset/listing.hpp"
#include "worker/dataset/records.hpp"
#include "worker/plugin/inputs.hpp"
#include "worker/plugin/library.hpp"
#include "worker/requests/verbs.hpp"

namespace earshot::worker {

using protocol::Json;

namespace {

/// Sends rows of an event in frames of about a megabyte, far below the protocol's limit.
class Batches {
 public:
  Batches(Session& session, std::string type) : session_(session), type_(std::move(type)) {}

  void add(Json row, std::size_t bytes) {
    rows_.push_back(std::move(row));
    bytes_ += bytes;
    if (bytes_ > 1 << 20) flush();
  }
  void flush() {
    if (!rows_.empty()) session_.send(type_, {{type_, std::move(rows_)}});
    rows_ = Json::array();
    bytes_ = 0;
  }

 private:
  Session& session_;
  std::string type_;  ///< also the field that holds the rows
  Json rows_ = Json::array();
  std::size_t bytes_ = 0;
};

}  // namespace

namespace {

/// What is asked, which choices there are and what is right; null where nothing is asked.
Json described(const std::optional<Question>& question) {
  if (!question) return nullptr;
  return {{"text", question->text}, {"choices", question->choices}, {"answers", question->answers}};
}

}  // namespace

protocol::DatasetResult perform(const protocol::DatasetRequest& request, Session& session) {
  const auto made = make(request.component, c10::kCPU, 0);
  Batches files(session, "files");
  LeftOutFinder left_out(made.need<Dataset>());
  auto info = list_dataset(made.need<Dataset>(), [&](const std::filesystem::path& file) {
    left_out.use(file);
    auto text = protocol::path_text(std::filesystem::absolute(file));
    const auto bytes = text.size();
    files.add(std::move(text), bytes);
  });
  files.flush();
  constexpr std::size_t examples = 3;
  return {.info = std::move(info), .left_out = left_out.find(examples)};
}

protocol::ItemsResult perform(const protocol::ItemsRequest& request, Session& session) {
  const auto& ref = request.dataset;
  const auto made = make(ref.component, c10::kCPU, 0);
  const auto& dataset = made.need<Dataset>();
  Batches items(session, "items");
  ItemsHash hash;
  FileNumbers files;
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    const auto item = dataset.item(i);
    hash.add(item, files);
    Json row = {item.id, item.groups, item.slices, to_json(item.labels), described(item.question)};
    const auto bytes = row.dump(-1, ' ', false, Json::error_handler_t::replace).size();
    items.add(std::move(row), bytes);
  }
  if (!ref.items_hash.empty() && hash.finish(dataset.labels()) != ref.items_hash)
    throw FileChanged("dataset '" + ref.component.component + "'", "its items changed");
  items.flush();
  return {};
}

}  // namespace earshot::worker
