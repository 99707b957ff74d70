#include "host/cli/project.hpp"

#include <cstdlib>
#include <stdexcept>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include "host/base/defaults.hpp"
#include "host/base/failure.hpp"
#include "host/base/regular_file.hpp"
#include "host/experiment/fields.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

/// Paths of a project file.
class Paths {
 public:
  explicit Paths(fs::path folder) : folder_(std::move(folder)) {}

  /// The path relative to the working folder, if that is shorter.
  std::string from(const std::string& text, const Position& position) const {
    auto path = with_environment(text, position);
    if (path.starts_with("~/") && is_set("HOME")) path.replace(0, 1, std::getenv("HOME"));
    if (path.empty()) refuse(position, "the path is empty; expected a file or folder");
    return fs::path(folder_ / path).lexically_proximate(fs::current_path()).string();
  }

 private:
  fs::path folder_;
};

/// A text that sets the environment variable `name`, unless it or one of `others` is set.
void pass_on(const std::string& value, const char* name,
             std::initializer_list<const char*> others) {
  for (const auto* other : others)
    if (is_set(other)) return;
  ::setenv(name, value.c_str(), 0);
}

void read_weights(const Value& table, const Paths& paths) {
  const Fields fields(table, "[weights]", {"cache", "endpoint", "offline"});
  if (const auto* cache = fields.find("cache"))
    pass_on(fs::absolute(paths.from(fields.text("cache"), cache->position)).string(),
            "HF_HUB_CACHE", {"HUGGINGFACE_HUB_CACHE", "HF_HOME"});
  if (const auto* endpoint = fields.find("endpoint"))
    pass_on(with_environment(fields.text("endpoint"), endpoint->position), "HF_ENDPOINT", {});
  if (fields.flag("offline", false)) pass_on("1", "HF_HUB_OFFLINE", {"TRANSFORMERS_OFFLINE"});
}

void read_project(const fs::path& file) {
  std::string text;
  try {
    text = read_regular_file(file, 1u << 20);
  } catch (const std::runtime_error& error) {
    throw Failure(ExitCode::usage,
                  file.string() + ": the project file cannot be read: " + error.what());
  }
  const auto shown = file.lexically_proximate(fs::current_path()).string();
  const auto root = parse_toml(text, shown);
  const Paths paths(file.parent_path());
  const Fields fields(root, "the project file", {"results", "cache", "plugin_path", "weights"});
  auto& values = defaults();
  if (const auto* results = fields.find("results")) {
    values.results = paths.from(fields.text("results"), results->position);
    values.results_named = true;
  }
  if (const auto* cache = fields.find("cache"))
    values.cache = paths.from(fields.text("cache"), cache->position);
  if (const auto* folders = fields.find("plugin_path"))
    for (const auto& folder : fields.texts("plugin_path"))
      values.plugin_paths.push_back(paths.from(folder, folders->position));
  if (const auto* weights = fields.find("weights")) read_weights(*weights, paths);
}

}  // namespace

std::optional<fs::path> find_project_file(const fs::path& folder) {
  for (auto place = folder;; place = place.parent_path()) {
    const auto file = place / "earshot.toml";
    struct stat facts {};
    if (::stat(file.c_str(), &facts) == 0 && (facts.st_uid == ::geteuid() || facts.st_uid == 0))
      return file;
    if (place == place.parent_path()) return std::nullopt;
  }
}

void apply_project() {
  if (const auto file = find_project_file(fs::current_path())) read_project(*file);
  if (is_set("EARSHOT_RESULTS")) {
    defaults().results = std::getenv("EARSHOT_RESULTS");
    defaults().results_named = true;
  }
}

}  // namespace earshot::host
