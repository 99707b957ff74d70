#include <fstream>

#include "base/text.hpp"
#include "protocol/nearest.hpp"
#include "protocol/path_text.hpp"
#include "protocol/unique_names.hpp"
#include "shared/enum_names.hpp"
#include "worker/audio/clip_audio.hpp"
#include "worker/audio/write_sound.hpp"
#include "worker/dataset/records.hpp"
#include "worker/dataset/sample.hpp"
#include "worker/requests/verbs.hpp"

namespace earshot::worker {

namespace {

namespace fs = std::filesystem;
using protocol::Json;

/// Keeps letters, digits, '-' and '_' of the first 100 bytes of an id, to be a file's name. Other
/// ids may give the same.
std::string file_name(std::string id) {
  for (auto& c : id)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_') c = '_';
  return id.substr(0, 100);
}

/// items.csv: what each file is.
class Table {
 public:
  Table(const fs::path& file, std::vector<LabelSpec> labels)
      : stream_(file), file_(file), labels_(std::move(labels)) {
    stream_ << "file,id,split,fold";
    for (const auto& label : labels_)
      stream_ << ','
              << base::csv_field(label.unit.empty() ? label.name
                                                    : label.name + " (" + label.unit + ")");
    stream_ << ",groups,slices,question,choices,answers\n";
  }

  void add(const std::string& file, const Item& item) {
    stream_ << base::csv_field(file) << ',' << base::csv_field(item.id) << ','
            << shared::name_of(item.split, shared::split_names) << ',' << item.fold;
    for (const auto& label : labels_) {
      const auto found = item.labels.find(label.name);
      stream_ << ',' << (found == item.labels.end() ? "" : base::csv_field(text(found->second)));
    }
    const auto question = item.question.value_or(Question{});
    stream_ << ',' << base::csv_field(text(item.groups)) << ','
            << base::csv_field(text(item.slices)) << ',' << base::csv_field(question.text) << ','
            << base::csv_field(text(question.choices)) << ','
            << base::csv_field(text(question.answers)) << '\n';
    if (!stream_.flush()) throw DataError(file_.string() + ": cannot be written");
  }

 private:
  static std::string text(const std::vector<std::string>& texts) { return protocol::join(texts); }
  static std::string text(const std::map<std::string, std::string>& values) {
    std::vector<std::string> texts;
    for (const auto& [key, value] : values)
      texts.push_back(key + "=" + value);
    return protocol::join(texts);
  }
  static std::string text(const Label& label) {
    if (const auto* value = std::get_if<std::string>(&label)) return *value;
    if (const auto* number = std::get_if<double>(&label)) return Json(*number).dump();
    if (const auto* texts = std::get_if<std::vector<std::string>>(&label)) return text(*texts);
    return std::to_string(std::get<Vector>(label).values.numel()) + " values";
  }

  std::ofstream stream_;
  fs::path file_;
  std::vector<LabelSpec> labels_;
};

}  // namespace

protocol::ListenResult perform(const protocol::ListenRequest& request, Session& session) {
  const DatasetView view({.component = request.dataset});
  const auto folder = protocol::path_of(request.folder);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw DataError(folder.string() + ": cannot be created: " + error.message());

  const auto sample = draw_sample(view.dataset(), request.count, request.seed);
  ClipAudio audio(view, 1);
  Table table(folder / "items.csv", view.dataset().labels());
  protocol::UniqueNames names;
  protocol::ListenResult result{.files = {protocol::path_text(folder / "items.csv")},
                                .items = view.dataset().size(),
                                .drawn = sample.drawn};
  for (std::size_t n = 0; n < sample.items.size(); ++n) {
    const auto position = sample.items[n];
    const auto item = view.dataset().item(position);
    for (std::size_t c = 0; c < item.clips.size(); ++c) {
      const auto which = item.clips.size() > 1 ? c == 0 ? "-a" : "-b" : "";
      const auto name = names.take(file_name(item.id) + which) + ".wav";
      const auto clip = view.clip_number(position, static_cast<std::int64_t>(c));
      const auto sound = audio.read(clip, 0);
      write_wav(folder / name, sound.samples, sound.sample_rate);
      table.add(name, item);
      result.files.push_back(protocol::path_text(folder / name));
    }
    session.progress(static_cast<std::int64_t>(n) + 1, std::ssize(sample.items), "items");
  }
  return result;
}

}  // namespace earshot::worker
