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

/// Sends the rows of an event in frames of about a megabyte, far below the protocol's limit.
template <class Event, class Row>
class Batches {
 public:
  /// @param rows the member of the event that holds them
  Batches(Session& session, std::vector<Row> Event::*rows) : session_(session), rows_(rows) {}

  void add(Row row, std::size_t bytes) {
    (event_.*rows_).push_back(std::move(row));
    bytes_ += bytes;
    if (bytes_ > 1 << 20) flush();
  }
  void flush() {
    if (!(event_.*rows_).empty()) session_.send(std::exchange(event_, {}));
    bytes_ = 0;
  }

 private:
  Session& session_;
  std::vector<Row> Event::*rows_;
  Event event_{};
  std::size_t bytes_ = 0;
};

/// What is asked, which choices there are and what is right; null where nothing is asked.
protocol::OrNull<protocol::QuestionRow> described(const std::optional<Question>& question) {
  protocol::OrNull<protocol::QuestionRow> row;
  if (question)
    row.emplace(protocol::QuestionRow{
        .text = question->text, .choices = question->choices, .answers = question->answers});
  return row;
}

}  // namespace

protocol::DatasetResult perform(const protocol::DatasetRequest& request, Session& session) {
  const auto made = make(request.component, c10::kCPU, 0);
  Batches files(session, &protocol::event::Files::files);
  LeftOutFinder left_out(made.require<Dataset>());
  auto info = list_dataset(made.require<Dataset>(), [&](const std::filesystem::path& file) {
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
  const auto& dataset = made.require<Dataset>();
  Batches items(session, &protocol::event::Items::items);
  ItemsHash hash;
  FileNumbers files;
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    const auto item = dataset.item(i);
    hash.add(item, files);
    protocol::ItemRow row{.id = item.id,
                          .groups = item.groups,
                          .slices = item.slices,
                          .labels = to_json(item.labels),
                          .question = described(item.question)};
    const auto bytes = protocol::json_text(row).size();
    items.add(std::move(row), bytes);
  }
  if (!ref.items_hash.empty() && hash.finish(dataset.labels()) != ref.items_hash)
    throw FileChanged("dataset '" + ref.component.component + "'", "its items changed");
  items.flush();
  return {};
}

}  // namespace earshot::worker
