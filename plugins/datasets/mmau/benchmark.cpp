#include "benchmark.hpp"

#include <algorithm>
#include <regex>

#include <earshot/kit/questions.hpp>

namespace mmau {

using earshot::DataError;
using earshot::Item;
namespace kit = earshot::kit;

namespace {

// Order of the columns in a record: these, the audio, then the slices.
enum Column : std::size_t { id, question, choices, answer, audio, first_slice };

std::vector<std::string> required(const Layout& layout) {
  return {"id", "question", "choices", "answer", layout.audio};
}

std::vector<std::string> optional(const Layout& layout) {
  std::vector<std::string> keys;
  for (const auto& [key, dimension] : layout.slices)
    keys.push_back(key);
  return keys;
}

}  // namespace

earshot::OptionSchema Benchmark::options() {
  return {
      {.name = "file",
       .value = earshot::Path{},
       .help = "The questions: a JSON array of objects, or JSON Lines",
       .required = true},
      {.name = "root",
       .value = earshot::Path{},
       .help = "Folder to which audio paths are relative; empty: that of the file"},
      kit::faulty_option(),
  };
}

Benchmark::Benchmark(const earshot::Options& options, const Layout& layout)
    : file_(options.path("file")) {
  const auto root = options.path("root").empty() ? file_.parent_path() : options.path("root");
  const bool leave_out = kit::leaves_out_faulty(options);
  bool answered = false;
  kit::scan_records(file_, "auto", required(layout), optional(layout),
                    [&](const kit::RecordFile& file, const kit::Record& record) {
                      auto item = item_of(record, layout, root);
                      answered = answered || !item.question->answers.empty();
                      if (!leave_out || !kit::is_faulty(item, file.place(record), left_out_))
                        items_.push_back(std::move(item));
                    });
  if (!answered)
    throw DataError(file_.filename().string() + ": no question has an answer; expected those of " +
                    layout.name + " with public answers. For MMAU this is test-mini");
  if (items_.empty())
    throw DataError(file_.filename().string() +
                    ": no usable questions; 'runner lint-data' says why");
}

Item Benchmark::item_of(const kit::Record& record, const Layout& layout,
                        const std::filesystem::path& root) const {
  const auto text = [&](std::size_t column) { return kit::text_of(record.cells[column]); };
  Item item{.id = text(id), .split = earshot::Split::test};
  auto path = text(audio);
  std::replace(path.begin(), path.end(), '\\', '/');
  if (!path.empty()) {
    const auto file = (root / path).lexically_normal();
    item.clips.push_back({.file = file});
    item.groups["clip"] = file.stem().string();
  }
  static const std::regex video(R"((.+)_\d\d-\d\d-\d\d_\d\d-\d\d-\d\d)");
  std::smatch match;
  if (layout.ids_of_videos && std::regex_match(item.id, match, video))
    item.groups["source"] = match[1];

  item.slices = {{"format", "multiple_choice"}, {"gold_from", "audio"}};
  for (std::size_t i = 0; i < layout.slices.size(); ++i)
    if (auto value = text(first_slice + i); !value.empty())
      item.slices[layout.slices[i].second] = std::move(value);

  earshot::Question asked{.text = text(question)};
  if (const auto* list = std::get_if<std::vector<std::string>>(&record.cells[choices]))
    asked.choices = *list;
  if (auto gold = text(answer); !gold.empty()) asked.answers.push_back(std::move(gold));
  item.question = std::move(asked);
  return item;
}

Mmau::Mmau(const earshot::Options& options, const earshot::Context&)
    : Benchmark(options, {.name = "MMAU",
                          .audio = "audio_id",
                          .slices = {{"task", "task"},
                                     {"difficulty", "difficulty"},
                                     {"category", "category"},
                                     {"sub-category", "sub_category"},
                                     {"dataset", "source_dataset"}}}) {}

Mmar::Mmar(const earshot::Options& options, const earshot::Context&)
    : Benchmark(options, {.name = "MMAR",
                          .audio = "audio_path",
                          .slices = {{"modality", "modality"},
                                     {"category", "category"},
                                     {"sub-category", "sub_category"},
                                     {"language", "language"},
                                     {"source", "source_dataset"}},
                          .ids_of_videos = true}) {}

}  // namespace mmau
