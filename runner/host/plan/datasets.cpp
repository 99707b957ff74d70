#include "host/plan/datasets.hpp"

#include <fstream>
#include <set>
#include <system_error>

#include <unistd.h>

#include "host/base/failure.hpp"
#include "protocol/hash.hpp"

namespace earshot::host {

namespace fs = std::filesystem;

const FoundDataset& Datasets::find(const FoundComponent& component) {
  const auto known = known_.find(&component);
  if (known != known_.end()) return known->second;
  return known_.emplace(&component, list(component)).first->second;
}

namespace {

/// The hash of each audio file, a line each. Of one that cannot be read zeros: it is reported when
/// it is decoded.
std::string hash_lines(const std::vector<std::string>& files, StampTable& stamps) {
  std::string text;
  text.reserve(files.size() * 65);
  for (const auto& file : files) {
    try {
      text += stamps.sha256(file);
    } catch (const std::system_error&) {
      text += std::string(64, '0');
    }
    text += '\n';
  }
  return text;
}

/// Items and the content of their files, never where they lie. Of sound that is made, what makes
/// it.
Json identity_of(const FoundComponent& component, const protocol::DatasetInfo& info,
                 const std::string& hashes) {
  Json identity{{"component", component.identity.at("component")},
                {"options", component.identity.at("options")},
                {"items", info.items_hash},
                {"files", protocol::sha256(std::string_view(hashes))}};
  if (info.synthesized) identity["made_by"] = {component.identity, component.contents};
  return identity;
}

}  // namespace

FoundDataset Datasets::list(const FoundComponent& component) {
  FoundDataset found;
  found.component = &component;
  found.missing = component.missing;
  if (!found.missing.empty()) return found;
  try {
    const auto listing = informant_.list(component.ref);
    const auto hashes = hash_lines(listing.files, stamps_);
    found.info = listing.info;
    found.left_out = listing.left_out;
    found.key = protocol::sha256(identity_of(component, listing.info, hashes));
    if (!listing.files.empty()) found.file_hashes = write_hashes(found.key, hashes);
  } catch (const WorkerError& error) {
    auto what = "dataset '" + component.label + "': " + error.what();
    // One item of a million is in the message: say where all of them are listed.
    if (error.kind == "contract")
      what += ". 'runner lint-data' lists what is wrong" +
              std::string(component.ref.options.contains("faulty")
                              ? "; faulty = \"leave_out\" leaves such rows out"
                              : "");
    if (error.kind == "config")
      throw Failure(ExitCode::usage, component.position.text() + ": " + what);
    found.missing = what;
  }
  return found;
}

std::vector<std::string> Datasets::notes() const {
  std::set<std::string> notes;  // in an order of their own, and once where options differ
  for (const auto& [component, found] : known_)
    if (const auto& out = found.left_out; out.found > 0)
      notes.insert("dataset '" + component->label + "' leaves out " + std::to_string(out.found) +
                   (out.found == 1 ? " file or link that looks" : " files or links that look") +
                   " like audio, such as " + out.examples.front() +
                   "; 'runner lint-data' lists what it leaves out");
  return {notes.begin(), notes.end()};
}

std::string Datasets::write_hashes(const std::string& key, const std::string& text) const {
  const auto file = fs::absolute(cache_) / "datasets" / (key + ".hashes");
  std::error_code error;
  if (fs::file_size(file, error) == text.size() && !error) return file.string();
  fs::create_directories(file.parent_path(), error);
  const auto temporary = file.string() + "." + std::to_string(::getpid());
  std::ofstream stream(temporary, std::ios::binary);
  stream << text;
  stream.close();
  if (stream) fs::rename(temporary, file, error);
  if (!stream || error) {
    fs::remove(temporary, error);
    throw Failure(ExitCode::store_unusable,
                  file.string() +
                      ": the cache cannot be written; expected a folder with free space. "
                      "Give another with --cache");
  }
  return file.string();
}

}  // namespace earshot::host
