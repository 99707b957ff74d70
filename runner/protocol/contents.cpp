#include "protocol/contents.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>

#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"
#include "protocol/stamp.hpp"

namespace earshot::protocol {

namespace fs = std::filesystem;

namespace {

struct NamedFile {
  std::string name{}, path{};  ///< relative to a folder, as path text; as the system has it
};

std::atomic<std::int64_t> walks = 0;

/// The regular files below a folder, sorted by name, and the stamps that its folders had before.
struct Walk {
  explicit Walk(const fs::path& folder) {
    ++walks;
    add_folder(folder);
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file())
        files.push_back(
            {path_text(entry.path().lexically_relative(folder)), entry.path().native()});
      else if (entry.is_symlink())
        repeatable = false;  // its target may appear without a change here
      else if (entry.is_directory())
        add_folder(entry.path());
    }
    std::sort(files.begin(), files.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
  }

  /// Whether another walk would find the same.
  bool holds() const {
    return repeatable && std::all_of(folders.begin(), folders.end(), [](const auto& folder) {
             return stamp_of(folder.first.c_str()) == folder.second;
           });
  }

  std::vector<NamedFile> files{};
  std::vector<std::pair<std::string, Stamp>> folders{};
  bool repeatable = true;

 private:
  void add_folder(const fs::path& folder) {
    const auto stamp = stamp_of(folder);
    repeatable = repeatable && stamp && stamp->settled();
    folders.emplace_back(folder.native(), stamp.value_or(Stamp{}));
  }
};

/// A walk, and what Contents::stamps() made of it last.
struct Known {
  std::shared_ptr<const Walk> walk{};
  std::shared_ptr<const std::vector<Stamp>> stamps{};  ///< of its files, all of them settled
  std::string digest{};
};

class KnownFolders {
 public:
  static KnownFolders& all() {
    static auto& known = *new KnownFolders;
    return known;
  }

  Known find(const fs::path& folder) {
    {
      const std::lock_guard lock(mutex_);
      const auto known = known_.find(folder.native());
      if (known != known_.end() && known->second.walk->holds()) return known->second;
    }
    Known fresh{.walk = std::make_shared<const Walk>(folder)};
    keep(folder, fresh);
    return fresh;
  }

  void keep(const fs::path& folder, Known known) {
    constexpr std::size_t most = 16;
    const std::lock_guard lock(mutex_);
    if (known_.size() >= most && !known_.contains(folder.native())) known_.clear();
    known_[folder.native()] = std::move(known);
  }

 private:
  std::mutex mutex_{};
  std::map<std::string, Known> known_{};
};

bool is_whole_folder(const Contents& contents) {
  return contents.files.empty() && fs::is_directory(contents.path);
}

/// Sorted by name; of a single file just that, without a name.
std::vector<NamedFile> named(const Contents& contents) {
  if (is_whole_folder(contents)) return KnownFolders::all().find(contents.path).walk->files;
  if (contents.files.empty()) return {{"", contents.path.native()}};
  std::vector<NamedFile> result;
  for (const auto& file : contents.files)
    result.push_back({file, (contents.path / path_of(file)).native()});
  std::sort(result.begin(), result.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return result;
}

/// nullopt if one is missing, or was written a moment ago.
std::optional<std::vector<Stamp>> settled_stamps(const std::vector<NamedFile>& files) {
  std::vector<Stamp> stamps;
  stamps.reserve(files.size());
  for (const auto& file : files) {
    const auto stamp = stamp_of(file.path.c_str());
    if (!stamp || !stamp->settled()) return std::nullopt;
    stamps.push_back(*stamp);
  }
  return stamps;
}

/// Whether these are still the files' stamps.
bool have(const std::vector<NamedFile>& files, const std::vector<Stamp>& stamps) {
  return std::equal(
      files.begin(), files.end(), stamps.begin(), stamps.end(),
      [](const auto& file, const auto& stamp) { return stamp_of(file.path.c_str()) == stamp; });
}

std::string digest_of(const std::vector<NamedFile>& files, const std::vector<Stamp>& stamps) {
  std::string text;
  for (std::size_t i = 0; i < files.size(); ++i)
    text.append(files[i].name).append(1, '\0').append(stamps[i].text()).append(1, '\n');
  return protocol::sha256(std::string_view(text));
}

}  // namespace

std::int64_t folder_walks() {
  return walks;
}

std::string Contents::hash(const std::function<std::string(const fs::path&)>& sha256) const {
  const auto all = named(*this);
  if (files.empty() && all.size() == 1 && all.front().name.empty()) return sha256(all.front().path);
  auto list = Json::array();
  for (const auto& [name, file] : all)
    list.push_back({name, sha256(file)});
  return protocol::sha256(list);
}

std::string Contents::stamps() const {
  try {
    if (!is_whole_folder(*this)) {
      const auto all = named(*this);
      const auto stamps = settled_stamps(all);
      return stamps ? digest_of(all, *stamps) : "";
    }
    auto known = KnownFolders::all().find(path);
    const auto& all = known.walk->files;
    if (known.stamps && have(all, *known.stamps)) return known.digest;
    auto stamps = settled_stamps(all);
    if (!stamps) return "";
    known.digest = digest_of(all, *stamps);
    known.stamps = std::make_shared<const std::vector<Stamp>>(*std::move(stamps));
    KnownFolders::all().keep(path, known);
    return known.digest;
  } catch (const fs::filesystem_error&) {
    return "";
  }
}

}  // namespace earshot::protocol
