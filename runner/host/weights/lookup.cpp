#include "host/weights/lookup.hpp"

#include <fstream>
#include <iterator>
#include <system_error>

#include "host/base/failure.hpp"
#include "host/weights/checkpoint_files.hpp"
#include "host/weights/settings.hpp"

namespace earshot::host {

namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// All files below a folder, relative to it. Dangling links are skipped.
std::vector<std::string> files_below(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored))
      names.push_back(entry->path().lexically_relative(folder).generic_string());
  }
  return names;
}

Weights find_locally(const std::string& source, const fs::path& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored))
    return {source, "", "there is no file '" + path.string() + "'", {}};
  if (!fs::is_regular_file(path, ignored) && !fs::is_directory(path, ignored))
    return {source, "", "'" + path.string() + "' is a pipe, socket or device; expected a file", {}};
  Weights found{source, path.string(), "", {}};
  if (fs::is_directory(path, ignored)) return found;
  const auto folder = path.parent_path();
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    if (entry.is_regular_file(ignored)) names.push_back(entry.path().filename().string());
  const auto read = [&](const std::string& name) { return content_of(folder / name); };
  try {
    for (const auto& name : checkpoint_files(names, path.filename().string(), read))
      found.files.push_back(folder / name);
  } catch (const Failure& failure) {
    found.missing = path.string() + ": " + failure.what();
  }
  return found;
}

}  // namespace

fs::path repository_folder(const fs::path& cache, const HubSource& source) {
  return cache / ("models--" + source.owner + "--" + source.repo);
}

fs::path snapshot_folder(const fs::path& cache, const HubSource& source) {
  const auto folder = repository_folder(cache, source);
  std::string commit;
  std::ifstream(folder / "refs" / source.revision) >> commit;
  if (!is_plain_path(commit)) commit = source.revision;  // there is no ref for a commit
  const auto snapshot = folder / "snapshots" / commit;
  std::error_code ignored;
  return fs::is_directory(snapshot, ignored) ? snapshot : "";
}

Weights find_in_cache(const fs::path& cache, const HubSource& source) {
  Weights found;
  found.source = source.text();
  const auto snapshot = snapshot_folder(cache, source);
  if (snapshot.empty()) {
    found.missing =
        "'" + found.source + "' is not in the local Hugging Face cache, " + cache.string();
    return found;
  }
  const auto read = [&](const std::string& name) { return content_of(snapshot / name); };
  try {
    for (const auto& name : checkpoint_files(files_below(snapshot), source.path, read))
      found.files.push_back(fs::absolute(snapshot / name));
    found.path = fs::absolute(source.path.empty() ? snapshot : snapshot / source.path).string();
  } catch (const Failure& failure) {
    found.missing = "'" + found.source + "' is incomplete in the local Hugging Face cache, " +
                    snapshot.string() + ": " + failure.what();
  }
  return found;
}

Weights find_weights(const std::string& source, const std::string& base) {
  if (source == "random" || source.empty()) return {source, "", "", {}};
  if (is_hub_source(source)) return find_in_cache(hub_cache(), parse_hub_source(source));
  return find_locally(source, fs::absolute((fs::path(base) / source).lexically_normal()));
}

}  // namespace earshot::host
