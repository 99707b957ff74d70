#include <filesystem>
#include <fstream>
#include <iostream>
#include <regex>
#include <sstream>

#include "host/base/arguments.hpp"
#include "host/base/installation.hpp"
#include "host/cli/command.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kinds{"dataset", "encoder", "mapper", "language_model", "evaluator"};

/// my_encoder -> MyEncoder
std::string class_name(const std::string& name) {
  std::string out;
  bool upper = true;
  for (const char c : name) {
    if (c == '_') {
      upper = true;
      continue;
    }
    out += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = false;
  }
  return out;
}

/// Copies one file of the template, replacing the placeholders by the names of the plugin.
void generate(const fs::path& from, const fs::path& to, const std::string& name) {
  std::ifstream in(from, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) throw Failure(ExitCode::usage, from.string() + ": cannot read the template");
  auto source = std::regex_replace(text.str(), std::regex("plugin_name"), name);
  source = std::regex_replace(source, std::regex("PluginClass"), class_name(name));
  source = std::regex_replace(source, std::regex("sdk_major"), EARSHOT_SDK_MAJOR);
  std::ofstream out(to, std::ios::binary);
  out << source << std::flush;
  if (!out) throw Failure(ExitCode::usage, to.string() + ": cannot be written");
}

void check(const std::string& kind, const std::string& name, const fs::path& folder) {
  if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
    refuse_usage("new-plugin", "unknown kind '" + kind + "'" + protocol::did_you_mean(kind, kinds) +
                                   "; allowed are " + protocol::join(kinds));
  if (!std::regex_match(name, std::regex("[a-z][a-z0-9_]*")))
    refuse_usage("new-plugin", "name '" + name +
                                   "' is invalid; a plugin's name consists of lower-case letters, "
                                   "digits and '_', and begins with a letter");
  if (fs::exists(folder) && !fs::is_empty(folder))
    throw Failure(ExitCode::usage,
                  folder.string() +
                      ": already exists and is not empty. Give another folder: runner new-plugin " +
                      kind + " " + name + " FOLDER");
}

ExitCode run_new_plugin(const std::vector<std::string>& arguments) {
  Syntax syntax{"new-plugin", "KIND NAME [FOLDER]",
                "Generates a plugin that builds and passes its checks, as a starting point.\n"
                "KIND is one of " +
                    protocol::join(kinds) + "; FOLDER is ./NAME by default."};
  syntax.positionals = {{"kind", 1}, {"name", 1}, {"folder", 1}};
  syntax.examples =
      "  runner new-plugin encoder my_encoder\n"
      "  runner new-plugin evaluator my_probe plugins/evaluators/my_probe\n";
  const auto given = parse(syntax, arguments);
  if (!given) return ExitCode::ok;
  const auto kind = given->text("kind"), name = given->text("name");
  if (name.empty()) refuse_usage("new-plugin", "KIND and NAME are missing");
  const fs::path folder = given->has("folder") ? given->text("folder") : name;
  check(kind, name, folder);

  const auto source = shared_folder() / "template";
  fs::create_directories(folder);
  generate(source / "CMakeLists.txt", folder / "CMakeLists.txt", name);
  generate(source / kind / "plugin.cpp", folder / "plugin.cpp", name);
  const auto where = folder.string();
  std::cout << "wrote " << where << "/CMakeLists.txt and " << where << "/plugin.cpp\n\n"
            << "  cmake -S " << where << " -B " << where
            << "/build -DCMAKE_PREFIX_PATH=" << install_prefix().string() << "\n"
            << "  cmake --build " << where << "/build\n"
            << "  runner check-plugin " << where << "/build/" << name << ".so\n";
  return ExitCode::ok;
}

}  // namespace

const Command new_plugin_command{"new-plugin", Group::plugins, "generates a plugin to start from",
                                 run_new_plugin};

}  // namespace earshot::host
