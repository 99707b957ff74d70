#include "host/experiment/source.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <stdexcept>

#include "host/base/failure.hpp"
#include "host/base/regular_file.hpp"
#include "host/experiment/read.hpp"

namespace earshot::host {

namespace {

namespace fs = std::filesystem;

void substitute(Value& value) {
  for (auto& child : value.children)
    substitute(child);
  if (value.scalar.is_string())
    value.scalar = with_environment(value.scalar.get<std::string>(), value.position);
}

/// Takes `extends` out of the table [experiment].
std::vector<Value> take_extends(Value& root) {
  auto* experiment = root.find("experiment");
  auto* extends = experiment == nullptr ? nullptr : experiment->find("extends");
  if (extends == nullptr) return {};
  substitute(*extends);
  auto files = extends->is_list() ? extends->children : std::vector<Value>{*extends};
  for (const auto& file : files)
    if (!file.scalar.is_string())
      refuse(file.position, "extends has " + shown(file) + "; expected the paths of TOML files");
  std::erase_if(experiment->children, [](const Value& child) { return child.key == "extends"; });
  return files;
}

class Loader {
 public:
  explicit Loader(const ReadText& read) : read_(read) {}

  /// A file that several files extend is read only once; otherwise chains of them would take
  /// exponential time.
  const Value& load(const std::string& file) {
    const auto name = identity(file);
    const auto known = loaded_.find(name);
    if (known != loaded_.end()) return known->second;
    return loaded_.emplace(name, read(file, name)).first->second;
  }

 private:
  Value read(const std::string& file, const std::string& name) {
    auto root = parse_toml(read_(file), file);
    open_.push_back(name);
    Value merged;
    merged.kind = Value::Kind::table;
    merged.position = root.position;
    for (const auto& base : take_extends(root))
      merge(merged, load_base(file, base));
    open_.pop_back();
    merge(merged, std::move(root));
    return merged;
  }

  static std::string identity(const std::string& file) {
    std::error_code ignored;
    return fs::weakly_canonical(file, ignored).string();
  }

  const Value& load_base(const std::string& file, const Value& base) {
    const auto path =
        (fs::path(file).parent_path() / base.scalar.get<std::string>()).lexically_normal().string();
    if (std::find(open_.begin(), open_.end(), identity(path)) != open_.end())
      refuse(base.position, "'" + base.scalar.get<std::string>() +
                                "' also extends this file; a file cannot extend itself");
    if (open_.size() > most_open)
      refuse(base.position, "more than " + std::to_string(most_open) +
                                " files extend each other in a chain; merge some of them");
    try {
      return load(path);
    } catch (const Failure& failure) {
      if (std::string(failure.what()).starts_with(path + ": "))  // the file as a whole
        refuse(base.position, failure.what());
      throw;
    }
  }

  static constexpr std::size_t most_open = 1000;
  const ReadText& read_;
  std::vector<std::string> open_;        ///< files being read
  std::map<std::string, Value> loaded_;  ///< merged with everything that they extend
};

/// "task.room.options.lr=1e-4" as a table of tables; a value that is not TOML is a text.
Value parse_set(const std::string& text) {
  const Position position{"--set " + text, 0, 0};
  const auto equals = text.find('=');
  if (equals == 0 || equals == std::string::npos)
    refuse(position, "no key and value; expected KEY=VALUE, such as task.room.options.lr=1e-4");
  const auto key = text.substr(0, equals), rest = text.substr(equals + 1);
  const auto value = rest.substr(std::min(rest.find_first_not_of(' '), rest.size()));
  Value table;
  try {
    table = parse_toml(text, position.file);
  } catch (const Failure&) {
    table =
        parse_toml(key + " = " + Json(value).dump(-1, ' ', true, Json::error_handler_t::replace),
                   position.file);
  }
  return table;
}

/// In "encoder.mimi.levels=1", a word that is not a key of encoders is taken for an option.
void find_option(Value& change) {
  auto& components = change.children.front();
  const auto table = table_named(components.key);
  if (!table) return;
  const auto keys = component_keys(*table);
  for (auto& component : components.children) {
    if (component.children.size() != 1 || component.children.front().is_table() ||
        std::find(keys.begin(), keys.end(), component.children.front().key) != keys.end())
      continue;
    Value options;
    options.kind = Value::Kind::table;
    options.key = "options";
    options.children = std::move(component.children);
    component.children = {std::move(options)};
  }
}

void place_on_command_line(Value& value, const std::string& text) {
  value.position = value.key_position = {"--set " + text, 0, 0};
  for (auto& child : value.children)
    place_on_command_line(child, text);
}

}  // namespace

std::string read_text(const std::string& file) {
  constexpr std::size_t most = 64u << 20;
  try {
    return read_regular_file(file, most);
  } catch (const std::runtime_error& error) {
    throw Failure(ExitCode::usage, file + ": the experiment file cannot be read: " + error.what() +
                                       "; expected a TOML file");
  }
}

Value load(const std::string& file, const std::vector<std::string>& set, const ReadText& read) {
  Value root = Loader(read).load(file);
  for (const auto& text : set) {
    auto change = parse_set(text);
    find_option(change);
    place_on_command_line(change, text);
    merge(root, std::move(change));
  }
  substitute(root);
  return root;
}

}  // namespace earshot::host
