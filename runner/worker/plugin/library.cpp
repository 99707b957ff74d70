#include "worker/plugin/library.hpp"

// Boost 1.74's DLL headers rely on these being there already when they use std::filesystem.
#include <cstring>
#include <fstream>
#include <mutex>
#include <vector>
#define BOOST_DLL_USE_STD_FS
#include <ATen/Context.h>
#include <c10/core/GradMode.h>

#include <boost/dll/shared_library.hpp>
#include <fcntl.h>
#include <sys/stat.h>

#include "protocol/hash.hpp"
#include "protocol/nearest.hpp"
#include "protocol/path_text.hpp"
#include "protocol/stamp.hpp"
#include "worker/plugin/abi_tag.hpp"
#include "worker/plugin/inputs.hpp"
#include "worker/plugin/names.hpp"
#include "worker/plugin/shared_state.hpp"
#include "worker/plugin/text_dataset.hpp"

namespace earshot::worker {

namespace {

namespace fs = std::filesystem;
namespace dll = boost::dll;

class Collector final : public Registrar {
 public:
  std::vector<Component> components{};

 private:
  void accept(Component component) override { components.push_back(std::move(component)); }
};

[[noreturn]] void refuse(const fs::path& file, const std::string& why) {
  throw ConfigError(file.string() + ": " + why);
}

std::string text(const char* from) {
  return from == nullptr ? "" : from;
}

dll::shared_library open_file(const fs::path& file) {
  std::error_code error;
  dll::shared_library library(file, error, dll::load_mode::rtld_now | dll::load_mode::rtld_local);
  if (!error) return library;
  // The code says only that it failed; the linker's own words say why.
  const char* reason = ::dlerror();
  refuse(file, "not loaded: " + (reason == nullptr ? error.message() : std::string(reason)) +
                   "; a plugin is a shared library without missing symbols");
}

/// Reads the header as plain C; no C++ of the plugin has been touched when this returns.
protocol::PluginInfo read_header(const fs::path& file, const EarshotPlugin& header) {
  constexpr auto host_version = EARSHOT_TEXT(EARSHOT_SDK_MAJOR) "." EARSHOT_TEXT(EARSHOT_SDK_MINOR);
  if (header.header_bytes < sizeof(EarshotPlugin))
    refuse(file, "the plugin's header has " + std::to_string(header.header_bytes) +
                     " bytes; expected " + std::to_string(sizeof(EarshotPlugin)) +
                     " or more. Rebuild it against SDK " + host_version);
  if (header.sdk_major != EARSHOT_SDK_MAJOR || header.sdk_minor > EARSHOT_SDK_MINOR)
    refuse(file, "built for SDK " + std::to_string(header.sdk_major) + "." +
                     std::to_string(header.sdk_minor) + "; this runner has SDK " + host_version +
                     ". Rebuild it against this runner's SDK");
  const auto tag = text(header.abi_tag);
  const auto verdict = compare_abi_tags(tag, EARSHOT_ABI_TAG);
  if (!verdict.refusal.empty())
    refuse(file, verdict.refusal + "; the plugin's tag is '" + tag + "', this runner's '" +
                     EARSHOT_ABI_TAG + "'. Rebuild it against this runner's SDK");
  return {.path = file.string(),
          .name = text(header.name),
          .version = text(header.version),
          .summary = text(header.summary),
          .abi_tag = tag,
          .sdk_major = header.sdk_major,
          .sdk_minor = header.sdk_minor,
          .warnings = verdict.warnings};
}

void check_names(const fs::path& file, const std::string& what, const std::string& name,
                 const std::string& summary) {
  if (!is_name(name)) refuse(file, what + " name '" + name + "'; allowed: [a-z0-9_]+");
  if (summary.empty() || summary.find('\n') != std::string::npos)
    refuse(file, what + " '" + name + "' has the summary '" + summary + "'; expected one line");
}

/// Status of the open file: loaded code stays as it is only while nobody writes to the file.
struct stat status_of(int descriptor) {
  struct stat status {};
  ::fstat(descriptor, &status);
  return status;
}

std::int64_t mtime_of(const struct stat& status) {
  return status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
}

/// Whether an open file still has this content.
bool has_content(int descriptor, const std::string& sha256) {
  try {
    return protocol::sha256_file("/proc/self/fd/" + std::to_string(descriptor)) == sha256;
  } catch (const std::system_error&) {
    return false;
  }
}

Library load(const fs::path& file, const std::string& sha256) {
  if (!fs::exists(file)) refuse(file, "no such file");
  if (!fs::is_regular_file(file)) refuse(file, "a folder, pipe, socket or device; expected a file");
  const auto before = protocol::stamp_of(file);
  check_content(file, sha256);
  // Never unloaded: objects, exceptions and threads of the plugin may outlive any owner.
  static auto& open = *new std::vector<dll::shared_library>;
  open.push_back(open_file(file));
  if (!open.back().has("earshot_plugin"))
    refuse(file,
           "exports no symbol 'earshot_plugin'; a plugin has one EARSHOT_PLUGIN(...) { ... }");
  const auto& header = open.back().get<const EarshotPlugin>("earshot_plugin");
  Library library{.info = read_header(file, header),
                  .sha256 = sha256,
                  .descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (library.descriptor < 0)
    refuse(file, "cannot be opened: " + std::string(std::strerror(errno)));
  const auto status = status_of(library.descriptor);
  library.size = status.st_size;
  library.mtime = mtime_of(status);
  if (protocol::stamp_of(file) != before) throw FileChanged(file);
  check_names(file, "plugin", library.info.name, library.info.summary);

  Collector collector;
  header.register_components(static_cast<Registrar*>(&collector));
  if (collector.components.empty())
    refuse(file, "registers no component; expected at least one registrar.add<T>(...)");
  for (auto& component : collector.components) {
    check_names(file, "component", component.name, component.summary);
    library.info.components.push_back(worker::describe(component));
    if (component.kind == Dataset::contract) component = with_texts(std::move(component));
    const auto name = component.name;
    if (!library.components.emplace(name, std::move(component)).second)
      refuse(file, "registers two components named '" + name + "'; names must differ");
  }
  return library;
}

Library load_guarded(const fs::path& file, const std::string& sha256) {
  const auto who = "loading " + file.filename().string();
  const PluginCall call(Extent::process);
  try {
    auto library = load(file, sha256);
    library.changes = call.put_back(who);
    return library;
  } catch (...) {
    call.abandon(who);
    throw;
  }
}

}  // namespace

const Library& open_library(const fs::path& file, const std::string& sha256) {
  static std::mutex mutex;
  static auto& libraries = *new std::map<fs::path, Library>;
  const std::lock_guard lock(mutex);
  const auto path = fs::weakly_canonical(file);
  const auto found = libraries.find(path);
  if (found != libraries.end()) {
    auto& known = found->second;
    if (known.sha256.empty() && !sha256.empty()) {
      check_content(path, sha256);
      known.sha256 = sha256;
    }
    if (!sha256.empty() && known.sha256 != sha256) throw FileChanged(path);
    return known;
  }
  auto library = load_guarded(path, sha256);
  if (!library.changes.empty()) {
    library.info.warnings.push_back("loading it changed " + protocol::join(library.changes) +
                                    ", which was restored; build it without -ffast-math");
    add_warning(path.string() + ": " + library.info.warnings.back());
  }
  for (const auto& [other, loaded] : libraries)
    if (loaded.info.name == library.info.name)
      refuse(path, "a plugin named '" + library.info.name + "' is loaded already from " +
                       other.string() + "; plugin names must differ");
  return libraries.emplace(path, std::move(library)).first->second;
}

void check_unchanged(const protocol::ComponentRef& ref) {
  if (ref.plugin.empty()) return;
  if (!ref.plugin_sha256.empty()) {
    const auto file = protocol::path_of(ref.plugin);
    const auto& library = open_library(file, ref.plugin_sha256);
    // A file put in its place does not matter: the old one exists while it is loaded.
    const auto status = status_of(library.descriptor);
    const bool touched = mtime_of(status) != library.mtime;
    if (status.st_size != library.size ||
        (touched && !has_content(library.descriptor, ref.plugin_sha256)))
      throw FileChanged(file);
  }
  check_inputs(ref);
}

ComponentInstance make(const protocol::ComponentRef& ref, c10::Device device, std::uint64_t seed) {
  const auto& library = open_library(protocol::path_of(ref.plugin), ref.plugin_sha256);
  const auto found = library.components.find(ref.component);
  if (found == library.components.end()) {
    std::vector<std::string> names;
    for (const auto& [name, component] : library.components)
      names.push_back(name);
    throw ConfigError(ref.plugin + ": no component '" + ref.component + "'; known: " +
                      protocol::join(names) + protocol::did_you_mean(ref.component, names));
  }
  const auto& component = found->second;
  check_inputs(ref);
  const at::NoGradGuard no_grad;
  at::manual_seed(seed);
  ComponentInstance made{
      &component,
      {},
      component.kind + " '" + component.name + "' of " + fs::path(ref.plugin).filename().string()};
  made.object = call_plugin([&] { return "the constructor of " + made.name; },
                            [&] {
                              return component.make(
                                  to_options(component.options, ref.options),
                                  {.device = device,
                                   .seed = seed,
                                   .plugin_dir = fs::path(library.info.path).parent_path()});
                            });
  check_inputs(ref);
  return made;
}

}  // namespace earshot::worker
