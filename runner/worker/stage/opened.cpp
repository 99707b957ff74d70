#include "worker/stage/opened.hpp"

#include <algorithm>
#include <list>

#include "protocol/path_text.hpp"
#include "worker/stage/trained_encoder.hpp"

namespace earshot::worker {

namespace {

using protocol::Json;

std::map<std::string, ComponentInstance>& encoders() {
  static auto& made =
      *new std::map<std::string, ComponentInstance>;  // plugins outlive no static destructor
  return made;
}

std::string encoder_key(const protocol::ComponentRef& ref, c10::Device device) {
  return device.str() + " " + protocol::canonical(ref);
}

}  // namespace

OpenDataset::OpenDataset(const protocol::DatasetRef& ref) : view(ref) {
  for (const auto& clip : view.clips())
    identities.push_back(clip.identity);
}

std::shared_ptr<const FeatureReader> OpenDataset::features(const std::string& cache,
                                                           const std::string& source_key) {
  auto& reader = readers[cache + "\n" + source_key];
  if (!reader)
    reader =
        std::make_shared<const FeatureReader>(protocol::path_of(cache), source_key, identities);
  return reader;
}

std::shared_ptr<OpenDataset> open_dataset(const protocol::DatasetRef& ref) {
  constexpr std::size_t kept = 8;
  using Entry = std::pair<std::string, std::shared_ptr<OpenDataset>>;
  static auto& recent = *new std::list<Entry>;  // the last used first
  const auto key = protocol::canonical(ref);
  const auto found =
      std::find_if(recent.begin(), recent.end(), [&](const Entry& e) { return e.first == key; });
  if (found != recent.end())
    recent.splice(recent.begin(), recent, found);
  else
    recent.emplace_front(key, std::make_shared<OpenDataset>(ref));
  if (recent.size() > kept) recent.pop_back();
  return recent.front().second;
}

ComponentInstance open_encoder(const protocol::ComponentRef& ref, c10::Device device) {
  auto& made = encoders()[encoder_key(ref, device)];
  if (!made.exists()) made = make_encoder(ref, device, 0);
  return made;
}

void check_unchanged(const protocol::CellRequest& request) {
  for (const auto* ref :
       {&request.evaluator, &request.mapper, &request.language_model, &request.dataset.component})
    check_unchanged(*ref);
  for (const auto& source : request.features)
    check_unchanged(source.encoder);
}

void keep_encoders(const std::vector<protocol::ComponentRef>& refs, c10::Device device) {
  std::vector<std::string> kept;
  for (const auto& ref : refs)
    kept.push_back(encoder_key(ref, device));
  std::erase_if(encoders(), [&](const auto& entry) {
    return std::find(kept.begin(), kept.end(), entry.first) == kept.end();
  });
}

std::vector<ClipName> clip_names(const DatasetView& view) {
  std::vector<ClipName> names;
  names.reserve(view.clips().size());
  for (const auto& clip : view.clips())
    names.push_back({{}, clip.clip_info.file, clip.clip_info.start, clip.clip_info.duration});
  for (std::int64_t i = 0; i < view.dataset().size(); ++i) {
    const auto item = view.dataset().item(i);
    for (std::int64_t c = 0; c < static_cast<std::int64_t>(item.clips.size()); ++c)
      if (const auto number = view.clip_number(i, c); number >= 0)
        names[static_cast<std::size_t>(number)].items.push_back(item.id + (item.clips.size() == 1
                                                                               ? ""
                                                                           : c == 0 ? "-a"
                                                                                    : "-b"));
  }
  return names;
}

std::string clip_name(const ClipSource& clip) {
  if (!clip.clip_info.file.empty()) return clip.clip_info.file.string();
  return "clip " + std::to_string(clip.clip) + " of item " + std::to_string(clip.item);
}

void check_lost(const std::vector<protocol::LostClip>& lost, std::int64_t clips,
                std::int64_t allowed) {
  constexpr std::size_t listed = 5;
  if (static_cast<std::int64_t>(lost.size()) <= allowed) return;
  std::string list;
  for (std::size_t i = 0; i < std::min(listed, lost.size()); ++i)
    list += "\n  " + lost[i].file + ": " + lost[i].reason;
  if (lost.size() > listed) list += "\n  and " + std::to_string(lost.size() - listed) + " more";
  throw DataError(std::to_string(lost.size()) + " of " + std::to_string(clips) +
                  " clips cannot be read; allowed: " + std::to_string(allowed) +
                  ". Repair the files, or set the dataset's allow_lost" + list);
}

}  // namespace earshot::worker
