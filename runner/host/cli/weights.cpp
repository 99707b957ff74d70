#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include <unistd.h>

#include "base/sizes.hpp"
#include "host/base/plain_text.hpp"
#include "host/base/table.hpp"
#include "host/cli/command.hpp"
#include "host/cli/meters.hpp"
#include "host/cli/results.hpp"
#include "host/cli/shared_options.hpp"
#include "host/plan/needed_weights.hpp"
#include "host/weights/licence.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

/// Weights that are needed, and what is known about them.
struct Row {
  Weights weights{};
  std::vector<std::string> users{};
  std::int64_t bytes = -1;   ///< size of all their files; -1: unknown
  std::int64_t to_get = -1;  ///< size of the files that the cache lacks; -1: unknown
  std::string licence{};
  std::string problem{};  ///< why the hub did not answer, or did not deliver

  bool is_random() const { return weights.source == "random"; }
  bool is_remote() const { return is_hub_source(weights.source); }
  bool is_here() const { return weights.missing.empty(); }
};

std::int64_t size_on_disk(const Weights& weights) {
  std::int64_t bytes = 0;
  std::error_code ignored;
  for (const auto& file : weights.files)
    bytes += static_cast<std::int64_t>(fs::file_size(file, ignored));
  if (!weights.files.empty() || !fs::is_directory(weights.path, ignored)) return bytes;
  for (const auto& entry : fs::recursive_directory_iterator(weights.path, ignored))
    if (entry.is_regular_file(ignored))
      bytes += static_cast<std::int64_t>(entry.file_size(ignored));
  return bytes;
}

/// The licence in the model card next to the weights.
std::string cached_licence(const fs::path& cache, const Row& row) {
  auto folder = fs::path(row.weights.path);
  if (row.is_remote()) folder = snapshot_folder(cache, parse_hub_source(row.weights.source));
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) folder = folder.parent_path();
  std::ifstream card(folder / "README.md", std::ios::binary);
  return licence_of_readme({std::istreambuf_iterator<char>(card), {}});
}

void look(const fs::path& cache, Row& row) {
  if (row.is_remote()) row.weights = find_in_cache(cache, parse_hub_source(row.weights.source));
  if (row.is_random()) {
    row.bytes = row.to_get = 0;
    return;
  }
  if (row.licence.empty()) row.licence = cached_licence(cache, row);
  if (!row.is_here()) return;
  row.bytes = size_on_disk(row.weights);
  row.to_get = 0;
}

/// Asks the hub about weights that are missing or have no known licence, and with --get downloads
/// them. If the hub cannot be reached, the others are not tried.
void use_hub(Hub& hub, std::vector<Row>& rows, bool get, DownloadMeter& meter) {
  const auto& cache = hub.settings().cache;
  const FetchWatcher watcher{[&](const FetchProgress& now) { meter.progress(now); },
                             [&](const std::string& line) { meter.note(line); }};
  std::string unreachable;
  for (auto& row : rows) {
    if (!row.is_remote() || (row.is_here() && (get || !row.licence.empty()))) continue;
    const auto source = parse_hub_source(row.weights.source);
    try {
      if (!unreachable.empty()) {
        if (!row.is_here()) row.problem = row.weights.source + unreachable;
        continue;
      }
      const auto remote = ask_hub(hub, source);
      if (!remote.licence.empty()) row.licence = remote.licence;
      if (row.is_here()) continue;
      row.bytes = remote.bytes();
      row.to_get = bytes_to_get(cache, source, remote);
      if (!get) continue;
      meter.note(row.weights.source + ": " + std::to_string(remote.files.size()) + " files, " +
                 base::size_text(row.to_get) + " to get" +
                 (row.licence.empty() ? "" : ", licence " + row.licence));
      fetch(hub, source, remote, watcher);
      look(cache, row);
    } catch (const HubError& error) {
      row.problem = error.what();
      if (error.status == 0)
        unreachable = ": not requested, because the hub did not answer an earlier request";
    } catch (const Failure& failure) {
      row.problem = failure.what();
    }
  }
}

std::string state_of(const Row& row) {
  if (row.is_random()) return "random";
  if (row.is_here()) return "here";
  return row.to_get >= 0 && row.to_get < row.bytes ? "partial" : "missing";
}

/// For people; unknown values are words.
void print_table(const std::vector<Row>& rows, const std::string& unknown) {
  TableWriter table(std::cout, {"weights", "needed by", "state", "size", "to download", "licence"},
                    Format::table);
  const auto size = [&](const Row& row, std::int64_t bytes) {
    if (bytes < 0) return row.is_remote() ? unknown : std::string("-");
    return bytes == 0 ? "-" : base::size_text(bytes);
  };
  for (const auto& row : rows) {
    const std::string no_licence = row.is_remote() ? "unknown" : "-";
    table.row({row.weights.source, protocol::join(row.users), state_of(row), size(row, row.bytes),
               size(row, row.to_get), row.licence.empty() ? no_licence : row.licence});
  }
  table.finish();
}

/// For programs; unknown values are null.
void print_values(const std::vector<Row>& rows, Format format) {
  TableWriter table(
      std::cout, {"weights", "needed_by", "state", "bytes", "to_get", "licence", "path", "problem"},
      format);
  const auto size = [](std::int64_t bytes) { return bytes < 0 ? Json() : Json(bytes); };
  const auto text = [](const std::string& value) { return value.empty() ? Json() : Json(value); };
  for (const auto& row : rows)
    table.row({row.weights.source, protocol::join(row.users), state_of(row), size(row.bytes),
               size(row.to_get), text(row.licence), text(row.weights.path),
               text(row.problem.empty() ? row.weights.missing : row.problem)});
  table.finish();
}

/// The same command line with --get.
std::string command_to_get(const Arguments& given) {
  std::string command = "runner weights";
  for (const auto& file : given.texts("what"))
    command += " " + file;
  for (const auto* option : {"set", "only", "skip"})
    for (const auto& value : given.texts(option))
      command += std::string(" --") + option + " " + value;
  return command + " --get";
}

void summarise(const std::vector<Row>& rows, const Arguments& given, bool fetching) {
  const auto missing = [](const Row& row) { return !row.is_here(); };
  const auto lacking = std::count_if(rows.begin(), rows.end(), missing);
  for (const auto& row : rows)
    if (!row.problem.empty())
      std::cerr << (row.is_here() ? "warning: " : "") << plain_text(row.problem) << '\n';
    else if (!row.is_here() && !row.is_remote())
      std::cerr << row.weights.missing
                << "; it is not on a hub. Put it there, or give other weights\n";
  if (lacking == 0) return;
  std::cout << '\n' << lacking << " of " << rows.size() << " are missing";
  const bool remote = std::any_of(rows.begin(), rows.end(),
                                  [&](const Row& row) { return missing(row) && row.is_remote(); });
  if (remote && !fetching)
    std::cout << "; '" << command_to_get(given) << "' downloads those on a hub";
  std::cout << '\n';
}

/// Files and sources of the command line; without any, the experiments of this folder.
std::vector<std::string> arguments_or_experiments(const Arguments& given) {
  auto named = given.texts("what");
  std::error_code ignored;
  if (!named.empty()) return named;
  for (const auto& entry : fs::directory_iterator("experiments", ignored))
    if (entry.path().extension() == ".toml") named.push_back(entry.path().string());
  if (named.empty())
    refuse_usage("weights", "no experiment file given, and none in a folder 'experiments'");
  std::sort(named.begin(), named.end());
  return named;
}

void add(std::vector<Row>& rows, const NeededWeights& needed, const std::string& file) {
  auto same = std::find_if(rows.begin(), rows.end(), [&](const Row& row) {
    return row.weights.source == needed.weights.source && row.weights.path == needed.weights.path;
  });
  if (same == rows.end()) {
    rows.push_back({needed.weights});
    same = rows.end() - 1;
  }
  for (const auto& user : needed.users)
    same->users.push_back(file.empty() ? user : user + " (" + file + ")");
}

/// @param complete set to false if an invalid file of the folder was left out; an invalid file that
/// was named is an error
std::vector<Row> rows_of(const Arguments& given, bool& complete) {
  const auto named = arguments_or_experiments(given);
  const auto overrides = overrides_of(given);
  const auto settings = plan_settings_of(given);
  std::optional<KnownPlugins> known;
  std::vector<Row> rows;
  const auto add_experiment = [&](const std::string& file) {
    const auto experiment = read_experiment(file, overrides);
    if (!known) known.emplace(settings);
    const auto name = named.size() > 1 ? experiment.name : "";
    for (const auto& needed : needed_weights(experiment, overrides, known->catalog, known->queries,
                                             known->hashes, settings.cache))
      add(rows, needed, name);
  };
  for (const auto& file : named) {
    try {
      is_hub_source(file) ? add(rows, {find_weights(file, "."), {"-"}}, "") : add_experiment(file);
    } catch (const Failure& failure) {
      if (given.has("what")) throw;
      std::cerr << "warning: this file is skipped: " << plain_text(failure.what()) << '\n';
      complete = false;
    }
  }
  return rows;
}

Syntax weights_syntax() {
  Syntax syntax{
      "weights", "[FILE.toml | hf://OWNER/REPO[/FILE][@REVISION] ...]",
      "Lists the weights that experiments need: whether they are present, their size and licence. "
      "--get\n"
      "downloads missing ones from the Hugging Face hub into the cache shared with the Python "
      "library\n"
      "(HF_HUB_CACHE, HF_HOME/hub, or ~/.cache/huggingface/hub). Without a file it looks at\n"
      "experiments/*.toml. Interrupted downloads resume; everything is verified by its hash. The "
      "exit\n"
      "code is 0 if all weights are present and 1 if some are missing.\n\n"
      "From a repository it takes only the set of weights that plugins read (safetensors, or else\n"
      "PyTorch's), with configuration, tokenizer and model card. Files in the cache are not "
      "requested\n"
      "again.\n\n"
      "Environment: HF_HOME, HF_HUB_CACHE, HF_TOKEN (or a login by 'hf auth login'),\n"
      "HF_HUB_OFFLINE=1 (as --offline), HF_ENDPOINT (another hub), https_proxy."};
  syntax.options.add_options()("get", "downloads missing weights")(
      "offline", "does not ask the hub; the size of missing weights is then unknown");
  add_format_option(syntax.options);
  add_override_options(syntax.options);
  add_plugin_options(syntax.options);
  add_results_option(syntax.options);
  syntax.positionals = {{"what", -1}};
  syntax.examples =
      "  runner weights experiments/ablation.toml\n"
      "  runner weights experiments/ablation.toml --get\n"
      "  runner weights experiments/ablation.toml --get --only encoder=mimi_full\n"
      "  runner weights hf://kyutai/mimi hf://microsoft/msclap/CLAP_weights_2023.pth --get\n"
      "  runner weights --offline --format json\n";
  return syntax;
}

ExitCode run_weights(const std::vector<std::string>& arguments) {
  const auto given = parse(weights_syntax(), arguments);
  if (!given) return ExitCode::ok;
  const auto format = format_of(given->text("format"));
  auto settings = hub_settings();
  const bool offline = given->has("offline") || settings.offline, get = given->has("get");
  bool complete = true;
  auto rows = rows_of(*given, complete);
  for (auto& row : rows)
    look(settings.cache, row);
  const auto is_missing = [](const Row& row) { return !row.is_here(); };
  const bool to_get = std::any_of(rows.begin(), rows.end(), is_missing);
  DownloadMeter meter(stderr, ::isatty(STDERR_FILENO) == 1);
  if (!offline) {
    if (!get) settings.attempts = 1;  // listing is not worth waiting for
    Hub hub(settings, [&](const std::string& line) { meter.note(line); });
    use_hub(hub, rows, get, meter);
  }
  if (format == Format::table) {
    if (rows.empty())
      std::cout << "no weights are needed\n";
    else
      print_table(rows, offline ? "not asked" : "unknown");
    summarise(rows, *given, get);
  } else {
    print_values(rows, format);
  }
  if (get && offline && to_get)
    throw Failure(ExitCode::cells_not_ok,
                  std::string("runner weights: nothing was downloaded: ") +
                      (given->has("offline") ? "--offline" : "HF_HUB_OFFLINE") +
                      " forbids it. Remove it to use the network");
  const bool all_here = complete && std::none_of(rows.begin(), rows.end(), is_missing);
  return all_here ? ExitCode::ok : ExitCode::cells_not_ok;
}

}  // namespace

const Command weights_command{"weights", Group::models,
                              "lists the weights that an experiment needs, and downloads them",
                              run_weights};

}  // namespace earshot::host
