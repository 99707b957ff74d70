#include "clotho_aqa.hpp"

#include <algorithm>
#include <map>

#include <earshot/kit/names.hpp>
#include <earshot/kit/questions.hpp>
#include <earshot/kit/table.hpp>

namespace clotho {

using earshot::DataError;
using earshot::Item;
using earshot::Split;
namespace fs = std::filesystem;
namespace kit = earshot::kit;

namespace {

/// An answer to a question, and its line in the table.
struct Row {
  Item item{};
  std::string place{};
};

std::string answer_of(const Row& row) {
  const auto& answers = row.item.question->answers;
  return answers.empty() ? std::string() : kit::lower_case(answers.front());
}

/// The answer given by more than half of the rows, or by all of them; null if there is none.
const Row* agreed(const std::vector<Row>& rows, bool unanimous) {
  for (const auto& row : rows) {
    const auto alike = std::count_if(rows.begin(), rows.end(), [&](const Row& other) {
      return answer_of(other) == answer_of(row);
    });
    const auto all = std::ssize(rows);
    if (unanimous ? alike == all : 2 * alike > all) return &row;
  }
  return nullptr;
}

}  // namespace

earshot::OptionSchema ClothoAqa::options() {
  return {
      {.name = "root",
       .value = earshot::Path{},
       .help = "Folder with clotho_aqa_train.csv and the other tables",
       .required = true},
      {.name = "audio",
       .value = earshot::Path{},
       .help = "Folder of the clips; empty: audio_files in root"},
      {.name = "answers",
       .value = std::string("majority"),
       .help = "How to treat annotators who contradict each other: one item per answer, only "
               "unanimous questions, or questions with a majority",
       .choices = {"all", "unanimous", "majority"}},
      kit::faulty_option(),
  };
}

ClothoAqa::ClothoAqa(const earshot::Options& options, const earshot::Context&) {
  const auto& root = options.path("root");
  const std::pair<const char*, Split> parts[] = {
      {"train", Split::train}, {"val", Split::validation}, {"test", Split::test}};
  for (const auto& [part, split] : parts)
    if (const auto file = root / ("clotho_aqa_" + std::string(part) + ".csv"); fs::exists(file))
      read(file, part, split, options);
  if (items_.empty())
    throw DataError("root '" + root.string() +
                    "' has no questions in clotho_aqa_train.csv, val and test; expected Clotho-AQA "
                    "as published");
}

void ClothoAqa::read(const fs::path& file, const std::string& part, Split split,
                     const earshot::Options& options) {
  sources_.push_back(file);
  const auto& given = options.path("audio");
  const auto audio = given.empty() ? options.path("root") / "audio_files" : given;
  const auto& mode = options.text("answers");
  const kit::Table table(file);
  const auto name = table.column("file_name"), question = table.column("QuestionText"),
             answer = table.column("answer"), confidence = table.column("confidence");

  // The answers to each question, in order of first appearance.
  std::vector<std::vector<Row>> questions;
  std::map<std::pair<std::string, std::string>, std::size_t> places;
  for (const auto& row : table.rows()) {
    const auto& clip = row.fields[name];
    Item item{.id = part + "-" + std::to_string(row.line),
              .split = split,
              .groups = {{"clip", fs::path(clip).stem().string()}},
              .slices = {{"gold_from", "audio"}},
              .clips = {{.file = audio / clip}}};
    earshot::Question asked{.text = kit::trimmed(row.fields[question])};
    if (auto said = kit::trimmed(row.fields[answer]); !said.empty())
      asked.answers.push_back(std::move(said));
    item.slices["format"] = kit::format_of(asked, 1);
    if (mode == "all" && !row.fields[confidence].empty())
      item.slices["confidence"] = kit::lower_case(row.fields[confidence]);
    item.question = std::move(asked);
    const auto [place, fresh] = places.try_emplace({clip, item.question->text}, questions.size());
    if (fresh) questions.emplace_back();
    questions[place->second].push_back(
        {std::move(item), file.filename().string() + ":" + std::to_string(row.line)});
  }

  const bool leave_out = kit::leaves_out_faulty(options);
  const auto take = [&](const Row& row) {
    if (!leave_out || !kit::is_faulty(row.item, row.place, left_out_)) items_.push_back(row.item);
  };
  for (const auto& rows : questions) {
    if (mode == "all")
      std::for_each(rows.begin(), rows.end(), take);
    else if (const auto* row = agreed(rows, mode == "unanimous"))
      take(*row);
    else
      for (const auto& other : rows)
        left_out_.add(other.place, mode == "unanimous" ? "the answers to its question differ"
                                                       : "its question has no majority answer");
  }
}

}  // namespace clotho
