#include "worker/dataset/view.hpp"

#include <fstream>
#include <iterator>
#include <numeric>
#include <optional>
#include <system_error>

#include <earshot/kit/random.hpp>

#include "protocol/hash.hpp"
#include "protocol/nearest.hpp"
#include "protocol/path_text.hpp"
#include "worker/dataset/groups.hpp"
#include "worker/dataset/listing.hpp"
#include "worker/plugin/inputs.hpp"
#include "worker/plugin/shared_state.hpp"

namespace earshot::worker {

namespace {

/// Fisher and Yates.
void shuffle(std::vector<std::int64_t>& values, kit::Random random) {
  for (auto i = static_cast<std::int64_t>(values.size()) - 1; i > 0; --i)
    std::swap(values[static_cast<std::size_t>(i)],
              values[static_cast<std::size_t>(random.below(i + 1))]);
}

[[noreturn]] void refuse_changed(const protocol::DatasetRef& ref, const std::string& what) {
  throw FileChanged("dataset '" + ref.component.component + "'", what);
}

/// A file as it is now. One that cannot be read has an identity too, and is reported when it is
/// decoded.
protocol::ListedFile look_at(const std::filesystem::path& file) {
  try {
    return {file, protocol::sha256_file(file), std::nullopt};
  } catch (const std::system_error&) {
    return {file, protocol::unreadable_identity(file), std::nullopt};
  }
}

/// The list that the runner kept; nothing where it is gone or damaged.
std::optional<std::vector<protocol::ListedFile>> read_list(const protocol::DatasetRef& ref) {
  std::ifstream stream(protocol::path_of(ref.file_hashes), std::ios::binary);
  if (ref.file_hashes.empty() || !stream) return std::nullopt;
  auto list = protocol::parse_list(std::string{std::istreambuf_iterator<char>(stream), {}});
  const bool right =
      list && (ref.files_digest.empty() || protocol::content_digest(*list) == ref.files_digest);
  return right ? std::move(list) : std::nullopt;
}

/// The audio files of a dataset as they were planned, compared with those that it names now.
std::vector<protocol::ListedFile> planned_files(const std::vector<std::filesystem::path>& files,
                                                const protocol::DatasetRef& ref) {
  if (auto list = read_list(ref)) {
    if (list->size() != files.size())
      refuse_changed(ref, "it names " + std::to_string(files.size()) + " audio files, but named " +
                              std::to_string(list->size()) + " during planning; it changed");
    for (std::size_t i = 0; i < files.size(); ++i)
      if ((*list)[i].path != files[i])
        throw FileChanged(files[i], "it is not the planned file, " + (*list)[i].path.string() +
                                        "; the dataset changed");
    return std::move(*list);
  }
  std::vector<protocol::ListedFile> found;
  found.reserve(files.size());
  for (const auto& file : files)
    found.push_back(look_at(file));
  if (!ref.files_digest.empty() && protocol::content_digest(found) != ref.files_digest)
    refuse_changed(ref, "its audio files changed");
  return found;
}

/// What decides what a clip sounds like; `number` as FileNumbers::of() gives it.
protocol::Json content_of(const ClipSource& clip, std::int64_t number, const std::string& key,
                          const std::vector<protocol::ListedFile>& files) {
  if (number >= 0)
    return {"file", files[static_cast<std::size_t>(number)].sha256, clip.clip_info.start,
            clip.clip_info.duration};
  if (number < -1) return {"shared", key, clip.clip_info.shared};
  return {"synthesized", key, clip.item, clip.clip};
}

}  // namespace

DatasetView::DatasetView(const protocol::DatasetRef& ref)
    : ref_(ref), made_(make(ref.component, c10::kCPU, 0)) {
  call_plugin([&] { return made_.name; },
              [&] {
                labels_ = made_.require<Dataset>().labels();
                form_splits();
                if (ref_.validation > 0 && items(Split::validation).empty()) form_validation();
                if (ref_.limit > 0) limit();
                if (ref_.shuffle_labels) shuffle_labels();
                find_clips();
              });
}

ComponentInstance DatasetView::another() const {
  return make(ref_.component, c10::kCPU, 0);
}

std::int64_t DatasetView::size(Split split) const {
  return static_cast<std::int64_t>(items(split).size());
}

std::int64_t DatasetView::position(Split split, std::int64_t index) const {
  if (index < 0 || index >= size(split))
    throw ContractError("item " + std::to_string(index) + " of a split; allowed: 0 to " +
                        std::to_string(size(split) - 1));
  return items(split)[static_cast<std::size_t>(index)];
}

Item DatasetView::item(Split split, std::int64_t index) const {
  const auto at = position(split, index);
  auto item = dataset().item(at);
  item.split = split;
  if (label_source_.empty()) return item;
  const auto source = label_source_[static_cast<std::size_t>(at)];
  if (source != at) item.labels = dataset().item(source).labels;
  return item;
}

LabelSpec DatasetView::label(std::string_view name) const {
  std::vector<std::string> names;
  for (const auto& spec : labels_) {
    if (spec.name == name) return spec;
    names.push_back(spec.name);
  }
  throw ConfigError("the dataset has no label '" + std::string(name) +
                    "'; known: " + protocol::join(names) + protocol::did_you_mean(name, names));
}

std::int64_t DatasetView::clip_number(std::int64_t position, std::int64_t clip) const {
  if (clip < 0 || clip > 1) return -1;
  return clip_numbers_.at(static_cast<std::size_t>(position))[static_cast<std::size_t>(clip)];
}

void DatasetView::form_splits() {
  std::int64_t highest = 0;
  for (std::int64_t i = 0, size = dataset().size(); i < size; ++i) {
    const auto item = dataset().item(i);
    const auto folded = ref_.fold > 0 && item.fold > 0;
    const auto split = !folded ? item.split : item.fold == ref_.fold ? Split::test : Split::train;
    items(split).push_back(i);
    highest = std::max(highest, item.fold);
  }
  if (ref_.fold > highest)
    throw ConfigError("fold " + std::to_string(ref_.fold) + "; the dataset has " +
                      (highest == 0 ? "no folds" : "folds 1 to " + std::to_string(highest)));
}

void DatasetView::form_validation() {
  const auto train = items(Split::train);
  const auto parts = independent_parts(dataset(), train);
  auto order = parts;
  std::sort(order.begin(), order.end());
  order.erase(std::unique(order.begin(), order.end()), order.end());
  shuffle(order, kit::Random(kit::derive(protocol::hash64(ref_.key), "validation", ref_.fold)));

  std::vector<std::int64_t> part_sizes(train.size());
  for (const auto part : parts)
    ++part_sizes[static_cast<std::size_t>(part)];
  const auto wanted = ref_.validation * static_cast<double>(train.size());
  std::vector<bool> moved(train.size());
  double taken = 0;
  for (const auto part : order) {
    // A part is taken if that brings the share nearer to what is wanted.
    const auto more = static_cast<double>(part_sizes[static_cast<std::size_t>(part)]);
    if (taken + more / 2 > wanted) continue;
    moved[static_cast<std::size_t>(part)] = true;
    taken += more;
  }
  items(Split::train).clear();
  for (std::size_t i = 0; i < train.size(); ++i)
    items(moved[static_cast<std::size_t>(parts[i])] ? Split::validation : Split::train)
        .push_back(train[i]);
}

void DatasetView::limit() {
  for (std::size_t s = 0; s < splits_.size(); ++s) {
    auto& split = splits_[s];
    // Drawn, since equal steps through items whose classes take turns would meet one class only.
    kit::Random random(
        kit::derive(protocol::hash64(ref_.key), "limit", static_cast<std::int64_t>(s)));
    const auto size = static_cast<std::int64_t>(split.size());
    if (size <= ref_.limit) continue;
    std::vector<std::int64_t> kept;
    for (std::int64_t i = 0; i < ref_.limit; ++i) {
      const auto from = i * size / ref_.limit, to = (i + 1) * size / ref_.limit;
      kept.push_back(split[static_cast<std::size_t>(from + random.below(to - from))]);
    }
    split = std::move(kept);
  }
}

void DatasetView::shuffle_labels() {
  if (labels_.empty())
    throw ConfigError("shuffle_labels on a dataset without labels; allowed: a dataset with labels");
  label_source_.resize(static_cast<std::size_t>(dataset().size()));
  std::iota(label_source_.begin(), label_source_.end(), std::int64_t{0});
  auto positions = items(Split::train);
  positions.insert(positions.end(), items(Split::validation).begin(),
                   items(Split::validation).end());
  auto sources = positions;
  shuffle(sources, kit::Random(kit::derive(protocol::hash64(ref_.key), "labels", ref_.fold)));
  for (std::size_t i = 0; i < positions.size(); ++i)
    label_source_[static_cast<std::size_t>(positions[i])] = sources[i];
}

void DatasetView::find_clips() {
  const auto size = dataset().size();
  clip_numbers_.assign(static_cast<std::size_t>(size), {-1, -1});
  std::vector<bool> used(static_cast<std::size_t>(size), ref_.limit == 0);
  for (const auto& split : splits_)
    for (const auto position : split)
      used[static_cast<std::size_t>(position)] = true;

  FileNumbers numbers;  // of all files, whatever the limit: the list of hashes has them all
  ItemsHash hash;
  std::vector<std::filesystem::path> files;
  std::map<std::tuple<std::int64_t, double, double>, std::int64_t> known;
  for (std::int64_t i = 0; i < size; ++i) {
    const auto item = dataset().item(i);
    if (item.clips.empty() || item.clips.size() > 2)
      throw ContractError("item '" + item.id + "': " + std::to_string(item.clips.size()) +
                          " clips; expected one or two");
    for (std::size_t c = 0; c < item.clips.size(); ++c) {
      const auto& clip = item.clips[c];
      const auto file = numbers.of(clip);
      if (file == static_cast<std::int64_t>(files.size()))
        files.push_back(std::filesystem::absolute(clip.file));
      if (!used[static_cast<std::size_t>(i)]) continue;
      auto number = static_cast<std::int64_t>(clips_.size());
      if (file != -1)
        number = known.try_emplace({file, clip.start, clip.duration}, number).first->second;
      clip_numbers_[static_cast<std::size_t>(i)][c] = number;
      if (number < static_cast<std::int64_t>(clips_.size())) continue;
      clips_.push_back(
          {.item = i, .clip = static_cast<std::int64_t>(c), .clip_info = clip, .file = file});
    }
    if (!ref_.items_hash.empty()) hash.add(item, numbers);
  }
  if (!ref_.items_hash.empty() && hash.finish(labels_) != ref_.items_hash)
    refuse_changed(ref_, "its items changed, or the table or folder from which they come");
  if (!ref_.key.empty()) identify_clips(files);  // or nothing of this view enters the cache
}

void DatasetView::identify_clips(const std::vector<std::filesystem::path>& files) {
  files_ = planned_files(files, ref_);
  for (auto& clip : clips_)
    clip.identity = protocol::sha256(content_of(clip, clip.file, ref_.key, files_));
}

}  // namespace earshot::worker
