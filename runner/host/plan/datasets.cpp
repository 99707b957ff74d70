#include "host/plan/datasets.hpp"

#include <cerrno>
#include <cstring>
#include <set>
#include <system_error>

#include "base/files.hpp"
#include "host/base/failure.hpp"
#include "protocol/hash.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {

namespace fs = std::filesystem;

protocol::DatasetRef FoundDataset::whole() const {
  return {.component = ref,
          .key = key,
          .file_hashes = file_hashes,
          .items_hash = info.items_hash,
          .files_digest = files_digest};
}

const FoundDataset& Datasets::find(const Resolved& component) {
  const auto known = known_.find(component);
  if (known != known_.end()) return known->second;
  return known_.emplace(component, list(component)).first->second;
}

namespace {

/// The error of a worker for the author of the dataset.
std::string explained(const ResolvedComponent& component, const WorkerError& error) {
  auto what = "dataset '" + component.label() + "': " + error.what();
  if (error.kind == "timeout")
    what += " while listing its items. Allow more with --timeout, or timeout in [resources]";
  const auto faulty = component.ref.option_with("faulty_rows");
  // The message names one item of possibly a million: say where all are listed.
  if (error.kind == "contract")
    what += ". 'runner lint-data' lists all problems" +
            (faulty.empty() ? "" : "; " + faulty + " = \"leave_out\" leaves out such rows");
  return what;
}

}  // namespace

FoundDataset Datasets::list(const Resolved& component) {
  FoundDataset found;
  found.component = component;
  found.ref = component->ref;
  found.missing = component->missing;
  if (!found.missing.empty()) return found;
  try {
    take(queries_.list(component->ref), found);
  } catch (const WorkerError& error) {
    const auto what = explained(*component, error);
    if (error.kind == "config")
      throw Failure(ExitCode::usage, component->component->position.text() + ": " + what);
    found.missing = what;
  } catch (const std::system_error& error) {  // a file that makes its sound
    found.missing = "dataset '" + component->label() + "': a file cannot be read: " + error.what();
  }
  return found;
}

std::vector<std::string> Datasets::notes() const {
  std::set<std::string> notes;  // sorted, and once if only options differ
  for (const auto& [component, found] : known_)
    for (const auto& what : protocol::described(found.left_out))
      notes.insert("dataset '" + component->label() + "' leaves out " + what +
                   "; 'runner lint-data' lists them");
  return {notes.begin(), notes.end()};
}

/// The key covers items and the content of their files, never their location. For synthesized audio
/// it covers generator and parameters.
void Datasets::take(const Listing& listing, FoundDataset& found) {
  const auto& component = *found.component;
  const auto files = look_at(listing.files, found.note);
  found.info = listing.info;
  found.left_out = listing.left_out;
  found.files_digest = protocol::content_digest(files);
  Json identity{{"component", component.identity.component},
                {"options", component.identity.options},
                {"items", listing.info.items_hash},
                {"files", found.files_digest}};
  if (listing.info.synthesized) identity["made_by"] = {component.identity, contents_of(found)};
  found.key = protocol::sha256(identity);
  if (!files.empty()) found.file_hashes = keep_list(found.key, files);
}

/// The content of the files that the dataset's options name, by option, which runs check.
std::map<std::string, std::string> Datasets::contents_of(FoundDataset& found) {
  auto contents = found.component->contents;
  for (const auto& spec : found.component->entry.component->options) {
    if (spec.type != protocol::OptionType::path || !spec.affects_results) continue;
    const auto path = protocol::path_of(found.ref.options.at(spec.name).get<std::string>());
    if (path.empty() || !stamp_of(path)) continue;
    found.ref.inputs.push_back(hashes_.input(path));
    contents[spec.name] = found.ref.inputs.back().sha256;
  }
  return contents;
}

/// A file that cannot be read gets a unique identity: it is reported when it is decoded, and no
/// features are ever kept for it.
std::vector<protocol::ListedFile> Datasets::look_at(const std::vector<std::string>& files,
                                                    std::string& note) {
  std::vector<protocol::ListedFile> found;
  found.reserve(files.size());
  std::size_t unreadable = 0;
  std::string first;
  for (const auto& file : files) {
    const auto path = protocol::path_of(file);
    try {
      found.push_back(hashes_.look_at(path));
      found.back().path = path;
    } catch (const std::system_error& error) {
      found.push_back({path, protocol::unreadable_identity(path), std::nullopt});
      if (++unreadable == 1) first = file + ": " + error.code().message();
    }
  }
  if (unreadable > 0)
    note = std::to_string(unreadable) + " of " + std::to_string(files.size()) +
           " audio files cannot be read; the first is " + first;
  return found;
}

/// Keeps the list for the workers, so that they need not hash the files again, as they do if the
/// cache is read-only.
std::string Datasets::keep_list(const std::string& key,
                                const std::vector<protocol::ListedFile>& files) const {
  const auto bytes = protocol::list_bytes(files);
  const auto content = protocol::sha256(std::string_view(bytes)).substr(0, 16);
  const auto file = fs::absolute(cache_) / "datasets" / (key + "-" + content + ".files");
  std::error_code absent;
  const bool there = fs::file_size(file, absent) == bytes.size() && !absent;
  const int error = there ? 0 : base::replace_file(file, bytes);
  if (error == ENOSPC || error == EDQUOT)
    throw Failure(ExitCode::store_unusable,
                  file.string() + ": the cache cannot be written: " + std::strerror(error) +
                      "; expected a folder with free space. Give another with --cache");
  return error == 0 ? protocol::path_text(file) : "";
}

}  // namespace earshot::host
