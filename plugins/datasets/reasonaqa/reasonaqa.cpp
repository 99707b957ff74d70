#include "reasonaqa.hpp"

#include <algorithm>

#include <earshot/kit/names.hpp>
#include <earshot/kit/questions.hpp>
#include <earshot/kit/random.hpp>

#include "choices.hpp"

namespace reasonaqa {

using earshot::DataError;
using earshot::Item;
namespace fs = std::filesystem;
namespace kit = earshot::kit;

namespace {

constexpr std::array<const char*, 3> split_names = {"train", "validation", "test"};
constexpr std::array<const char*, 2> clip_groups = {"clip", "second_clip"};
constexpr std::uint8_t unknown_topic = 255;

fs::path rules_file(const earshot::Options& options, const earshot::Context& context) {
  const auto& own = options.path("rules");
  return own.empty() ? context.plugin_dir / "reasonaqa_rules.json" : own;
}

/// "AudioCapsLarger\test\Yx.wav" with slashes, and without a leading "./".
std::string normal_path(std::string path) {
  std::replace(path.begin(), path.end(), '\\', '/');
  while (path.starts_with("./"))
    path.erase(0, 2);
  return path;
}

/// The folder `written` of the data, which exists below `root` either in full or without its first
/// parts: users need not keep the parent folders that the authors had around a corpus. `name` is a
/// file in it.
fs::path find_folder(const fs::path& root, const fs::path& written, const fs::path& name) {
  if (written.is_absolute() && fs::is_directory(written)) return written;
  for (auto rest = written.relative_path(); !rest.empty();) {
    if (fs::is_directory(root / rest)) return root / rest;
    fs::path shorter;
    for (auto part = std::next(rest.begin()); part != rest.end(); ++part)
      shorter /= *part;
    rest = shorter;
  }
  return fs::exists(root / name) ? root : root / written.relative_path();
}

std::string stem_of(std::string_view path) {
  path.remove_prefix(path.rfind('/') + 1);  // npos + 1 is 0
  return std::string(path.substr(0, path.rfind('.')));
}

}  // namespace

earshot::OptionSchema ReasonAqa::options() {
  const auto path = [](const char* name, const char* help) {
    return earshot::OptionSpec{.name = name, .value = earshot::Path{}, .help = help};
  };
  return {
      path("train", "JSON of the training rows; empty: none"),
      path("validation", "JSON of the validation rows; empty: none"),
      path("test", "JSON of the test rows; empty: none"),
      path("root", "Folder to which audio paths are relative; empty: that of the first JSON"),
      path("audiocaps", "Folder of the clips of AudioCaps; empty: root"),
      path("clotho", "Folder of the clips of Clotho; empty: root"),
      path("rules", "JSON of rules for format, category and content; empty: the rules provided"),
      kit::faulty_option(),
  };
}

ReasonAqa::ReasonAqa(const earshot::Options& options, const earshot::Context& context)
    : rules_(rules_file(options, context)), leave_out_(kit::leaves_out_faulty(options)) {
  std::vector<std::pair<fs::path, std::uint8_t>> files;
  for (std::size_t split = 0; split < split_names.size(); ++split)
    if (const auto& file = options.path(split_names[split]); !file.empty())
      files.emplace_back(file, static_cast<std::uint8_t>(split));
  if (files.empty())
    throw DataError("none of train, validation and test is given; expected at least one JSON");
  const auto or_else = [](const fs::path& path, const fs::path& other) {
    return path.empty() ? other : path;
  };
  const auto root = or_else(options.path("root"), files.front().first.parent_path());
  audiocaps_.folder = or_else(options.path("audiocaps"), root);
  clotho_.folder = or_else(options.path("clotho"), root);
  files_.emplace_back();  // path 0 means none
  for (const auto& [file, split] : files)
    read(file, split);
  if (rows_.empty()) throw DataError("no usable rows; 'runner lint-data' says why");
  sources_.push_back(rules_file(options, context));
  texts_.close();
  paths_.close();
  rows_.shrink_to_fit();
}

void ReasonAqa::read(const fs::path& file, std::uint8_t split) {
  sources_.push_back(file);
  kit::scan_records(
      file, "json", {"filepath1", "input", "answer"},
      {"filepath2", "taskname", "subtype", "caption1", "caption2"},
      [&](const kit::RecordFile& table, const kit::Record& record) { add(table, record, split); });
}

void ReasonAqa::add(const kit::RecordFile& file, const kit::Record& record, std::uint8_t split) {
  static const std::string nothing;
  const auto text = [&](std::size_t column) -> const std::string& {
    const auto* value = std::get_if<std::string>(&record.cells[column]);
    return value == nullptr ? nothing : *value;
  };
  constexpr std::size_t sentence = 40;  // longer answers hardly ever occur twice
  const auto &question = text(1), &answer = text(2);
  const bool clotho = kit::lower_case(text(4)).starts_with("clotho");
  Row row{.paths = {add_path(text(0), clotho), add_path(text(3), clotho)},
          .captions = {texts_.add(text(6)), texts_.add(text(7))},
          .question = texts_.add(question),
          .answer = answer.size() > sentence ? texts_.append(answer) : texts_.add(answer),
          .number = static_cast<std::uint32_t>(record.line),
          .subtype = add_subtype(text(5)),
          .split = split};
  row.format = format_of(row, question);
  topics_.resize(std::max<std::size_t>(topics_.size(), row.question + 1), unknown_topic);
  auto& topic = topics_[row.question];
  if (topic == unknown_topic)
    topic = rules_.topic(row.format == Format::multiple_choice ? parse_question(question).text
                                                               : question);
  row.topic = topic;
  rows_.push_back(row);
  if (leave_out_ && kit::is_faulty(item(size() - 1), file.place(record), left_out_))
    rows_.pop_back();
}

std::uint32_t ReasonAqa::add_path(const std::string& written, bool clotho) {
  if (kit::trimmed(written).empty()) return 0;
  const auto path = normal_path(written);
  const auto number = paths_.add(path);
  if (number < files_.size()) return number;
  auto& root = clotho ? clotho_ : audiocaps_;
  const fs::path whole = path;
  const auto [folder, fresh] = root.folders.try_emplace(whole.parent_path().string());
  if (fresh) folder->second = find_folder(root.folder, whole.parent_path(), whole.filename());
  files_.push_back((folder->second / whole.filename()).string());
  return number;
}

std::uint16_t ReasonAqa::add_subtype(const std::string& name) {
  const auto known = std::find(subtypes_.begin(), subtypes_.end(), name);
  if (known != subtypes_.end()) return static_cast<std::uint16_t>(known - subtypes_.begin());
  if (subtypes_.size() > 1000)
    throw DataError("more than 1000 subtypes, the last '" + name +
                    "'; expected about twenty. Is 'subtype' the wrong column?");
  subtypes_.push_back(name);
  subtype_rules_.push_back(rules_.subtype(name));
  return static_cast<std::uint16_t>(subtypes_.size() - 1);
}

/// By the subtype, or otherwise by structure.
Format ReasonAqa::format_of(const Row& row, const std::string& question) const {
  const auto& said = subtype_rules_[row.subtype].format;
  for (const auto format :
       {Format::open, Format::caption, Format::yes_no, Format::compare, Format::multiple_choice})
    if (said == name_of(format)) return format;
  if (row.paths[1] != 0) return Format::compare;
  if (rules_.asks_caption(question)) return Format::caption;
  if (!parse_question(question).choices.empty()) return Format::multiple_choice;
  if (kit::is_yes_or_no(std::string(texts_[row.answer]))) return Format::yes_no;
  return Format::open;
}

std::vector<earshot::LabelSpec> ReasonAqa::labels() const {
  return {{.name = kit::caption_labels[0], .type = std::string()},
          {.name = kit::caption_labels[1], .type = std::string()}};
}

earshot::Question ReasonAqa::question_of(const Row& row) const {
  const auto text = texts_[row.question], answer = texts_[row.answer];
  earshot::Question question{.text = std::string(text)};
  std::string accepted = kit::trimmed(std::string(answer));
  if (row.format == Format::multiple_choice) {
    auto parsed = parse_question(text);
    question.text = std::move(parsed.text);
    question.choices = std::move(parsed.choices);
    accepted = parse_answer(answer, question.choices);
  }
  if (!accepted.empty()) question.answers.push_back(std::move(accepted));
  return question;
}

std::string ReasonAqa::id_of(const Row& row) const {
  constexpr const char* digits = "0123456789abcdef";
  std::uint64_t hash = row.number;
  for (const auto text :
       {texts_[row.question], texts_[row.answer], paths_[row.paths[0]], paths_[row.paths[1]]})
    hash = kit::derive(hash, std::string(text).c_str());
  std::string id = std::string(split_names[row.split]) + "-" + std::to_string(row.number) + "-";
  for (int place = 0; place < 8; ++place, hash >>= 4)
    id += digits[hash & 15];
  return id;
}

Item ReasonAqa::item(std::int64_t index) const {
  const auto& row = rows_[static_cast<std::size_t>(index)];
  Item item{.id = id_of(row), .split = static_cast<earshot::Split>(row.split)};
  for (std::size_t clip = 0; clip < row.paths.size(); ++clip) {
    const auto path = row.paths[clip];
    if (path == 0) continue;
    item.clips.push_back({.file = files_[path]});
    item.groups[clip_groups[clip]] = stem_of(paths_[path]);
    if (row.captions[clip] != 0)
      item.labels[kit::caption_labels[clip]] = std::string(texts_[row.captions[clip]]);
  }
  const auto& topic = rules_.topics()[row.topic];
  const auto& said = subtype_rules_[row.subtype].gold_from;
  const auto format = std::string(name_of(row.format));
  const bool by_topic = row.format == Format::open || row.format == Format::caption;
  item.slices = {{"format", format},
                 {"category", by_topic ? topic.category : format},
                 {"content", topic.content},
                 {"gold_from", said.empty() ? rules_.gold_from(row.format) : said}};
  if (!subtypes_[row.subtype].empty()) item.slices["subtype"] = subtypes_[row.subtype];
  item.question = question_of(row);
  return item;
}

}  // namespace reasonaqa
