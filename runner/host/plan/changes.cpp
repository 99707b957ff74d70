#include "host/plan/changes.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "protocol/nearest.hpp"

namespace earshot::host {

namespace {

using protocol::Json;

bool is_hash(const Json& value) {
  return value.is_string() && value.get_ref<const std::string&>().size() == 64;
}

std::string brief(const Json& value) {
  if (is_hash(value)) return value.get<std::string>().substr(0, 4);
  return value.is_string() ? value.get<std::string>() : value.is_null() ? "none" : value.dump();
}

/// What the value at /a/b/c is called.
std::string name_of(const std::vector<std::string>& path, const Json& now) {
  const auto& part = path.front();
  const auto table = part == "evaluator" ? "task" : part;
  if (path.size() == 1) return part;
  if (path[1] == "pretrain" && path.size() > 2)
    return "pretraining's " + name_of({path.begin() + 2, path.end()}, now.at(part).at("pretrain"));
  if (part == "metrics") return "the definition of metric '" + path[1] + "'";
  if (path[1] == "plugin") {
    const auto id = now.value(part, Json::object()).value("component", part);
    return id.substr(0, id.find('/')) + ".so";
  }
  if (part == "dataset" && path[1] == "key") return "the data";
  if (path[1] == "options" && path.size() > 2) return table + " option '" + path[2] + "'";
  return table + "'s " + path[1] + (path.size() > 2 ? " " + path[2] : "");
}

void compare(const Json& before, const Json& now, const Json& whole, std::vector<std::string>& path,
             std::vector<std::string>& found) {
  if (before == now) return;
  if (before.is_object() && now.is_object()) {
    std::set<std::string> keys;
    for (const auto* side : {&before, &now})
      for (const auto& [key, value] : side->items())
        keys.insert(key);
    for (const auto& key : keys) {
      path.push_back(key);
      compare(before.value(key, Json()), now.value(key, Json()), whole, path, found);
      path.pop_back();
    }
    return;
  }
  const auto name = name_of(path, whole);
  const auto text = before.is_object() || now.is_object()
                        ? name + (now.is_null() ? " was removed" : " was added")
                        : name + " changed (" + brief(before) + " -> " + brief(now) + ")";
  if (std::find(found.begin(), found.end(), text) == found.end()) found.push_back(text);
}

}  // namespace

std::string changes(const Json& before, const Json& now) {
  std::vector<std::string> path, found;
  compare(before, now, now, path, found);
  if (found.empty()) return "changed";
  constexpr std::size_t most = 3;
  const auto more = found.size() > most ? found.size() - most : 0;
  found.resize(found.size() - more);
  return protocol::join(found) + (more == 0 ? "" : " and " + std::to_string(more) + " more");
}

}  // namespace earshot::host
