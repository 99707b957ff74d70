#include <ctime>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>

#include "base/sizes.hpp"
#include "host/base/arguments.hpp"
#include "host/base/ask.hpp"
#include "host/base/table.hpp"
#include "host/cli/command.hpp"
#include "host/plan/planner.hpp"
#include "host/schedule/cache_use.hpp"
#include "host/store/stage_costs.hpp"
#include "protocol/nearest.hpp"
#include "protocol/path_text.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

/// "20GiB", "512 MiB", "1000" (bytes). @throws Failure (usage)
std::int64_t size_of(const std::string& text) {
  const auto bytes = base::parse_quantity(text, base::byte_units()).value_or(-1);
  if (!(bytes >= 0 && bytes < 0x1p62))
    refuse_usage("cache", "--max '" + text + "'; allowed is a size such as '20GiB' or '512MiB'");
  return static_cast<std::int64_t>(bytes);
}

std::string day(std::time_t time) {
  char text[32];
  std::tm parts{};
  std::strftime(text, sizeof text, "%Y-%m-%d", ::localtime_r(&time, &parts));
  return text;
}

void list(const fs::path& cache, const std::string& results) {
  struct Entry {
    std::int64_t files = 0, bytes = 0;
    std::time_t used = 0;
  };
  std::map<std::string, Entry> entries;
  std::int64_t bytes = 0;
  for (const auto& file : cached_files(cache)) {
    auto& entry = entries[file.key];
    ++entry.files;
    entry.bytes += file.bytes;
    entry.used = std::max(entry.used, file.used);
    bytes += file.bytes;
  }
  std::map<std::string, std::string> owners;
  if (fs::exists(results)) owners = owners_of_cached(Store(results, Store::Mode::read));
  TableWriter table(std::cout, {"key", "of", "files", "size", "last used"}, Format::table);
  for (const auto& [key, entry] : entries) {
    const auto name = owners.find(key);
    table.row({key.substr(0, 12), name == owners.end() ? "?" : name->second, entry.files,
               base::size_text(entry.bytes), day(entry.used)});
  }
  table.finish();
  std::cout << base::size_text(bytes) << " in " << cache.string() << '\n';
}

ExitCode verify(const fs::path& cache) {
  WorkerProcess worker;
  const auto result = ask<protocol::verb::CacheVerify>(
      worker, {protocol::path_text(fs::absolute(cache))}, until_done);
  const auto& bad = result.bad;
  for (const auto& file : bad)
    std::cout << "damaged  " << file << '\n';
  std::cout << result.shards << " shards, " << result.states << " pretrained encoders, "
            << result.made << " synthesized clips, " << base::size_text(result.bytes) << ", "
            << bad.size() << " damaged"
            << (bad.empty() ? "" : "; they are computed again when needed") << '\n';
  return bad.empty() ? ExitCode::ok : ExitCode::cells_not_ok;
}

void prune(const fs::path& cache, std::int64_t most, const std::string& results) {
  std::set<std::string> pretrained;
  if (fs::exists(results)) pretrained = pretraining_in_use(Store(results, Store::Mode::read));
  const auto pruned = prune_cache(cache, most, pretrained);
  std::cout << "deleted " << pruned.files << " files, " << base::size_text(pruned.bytes) << "; "
            << base::size_text(pruned.kept) << " are left\n";
  if (!pruned.in_use.empty())
    std::cout << pruned.in_use.size() << " keys are kept because an experiment is using them\n";
}

ExitCode run_cache(const std::vector<std::string>& arguments) {
  Syntax syntax{"cache", "list|verify|prune",
                "Lists, verifies or prunes the cache of features, pretrained encoders and "
                "synthesized audio.\n"
                "It can be deleted at any time; what is needed is computed again."};
  add_results_option(syntax.options);
  syntax.options.add_options()("cache", program_options::value<std::string>()->value_name("FOLDER"),
                               "the cache (default: cache/ next to the results file; also "
                               "EARSHOT_CACHE_DIR, or in earshot.toml)")(
      "max", program_options::value<std::string>()->value_name("SIZE"),
      "prune: size to keep, such as 20GiB; removes the least recently used entries, but not those "
      "in use by an experiment or the pretrained encoders of the results file");
  syntax.positionals = {{"action", 1}};
  syntax.examples =
      "  runner cache list\n  runner cache verify\n  runner cache prune --max 20GiB\n";
  const auto given = parse(syntax, arguments);
  if (!given) return ExitCode::ok;
  const auto results = given->text("results"), action = given->text("action");
  const auto cache = cache_folder(given->text("cache"), results);
  if (action == "verify") return verify(cache);
  if (action == "list") {
    list(cache, results);
  } else if (action == "prune") {
    if (!given->has("max")) refuse_usage("cache", "prune needs --max SIZE");
    prune(cache, size_of(given->text("max")), results);
  } else {
    const std::vector<std::string> known{"list", "verify", "prune"};
    refuse_usage("cache",
                 (action.empty() ? "an action is missing" : "unknown action '" + action + "'") +
                     std::string("; allowed are ") + protocol::join(known) +
                     protocol::did_you_mean(action, known));
  }
  return ExitCode::ok;
}

}  // namespace

const Command cache_command{"cache", Group::housekeeping, "lists, verifies or prunes the cache",
                            run_cache};

}  // namespace earshot::host
