#include "host/weights/licence.hpp"

#include <map>
#include <sstream>
#include <vector>

#include "host/base/plain_text.hpp"
#include "protocol/nearest.hpp"

namespace earshot::host {

namespace {

using protocol::Json;

std::string text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  std::vector<std::string> texts;
  if (value.is_array())
    for (const auto& entry : value)
      if (entry.is_string()) texts.push_back(entry.get<std::string>());
  return protocol::join(texts);
}

std::string chosen(const std::string& licence, const std::string& name) {
  return plain_text(licence == "other" && !name.empty() ? name : licence);
}

std::string without(std::string text, const char* edges) {
  text.erase(0, std::min(text.find_first_not_of(edges), text.size()));
  text.erase(text.find_last_not_of(edges) + 1);
  return text;
}

}  // namespace

std::string licence_of_model(const Json& model) {
  const auto card = model.value("cardData", Json());
  if (card.is_object() && card.contains("license"))
    return chosen(text_of(card["license"]), text_of(card.value("license_name", Json())));
  const auto tags = model.value("tags", Json());
  for (const auto& tag : tags.is_array() ? tags : Json::array())
    if (tag.is_string() && tag.get<std::string>().starts_with("license:"))
      return plain_text(tag.get<std::string>().substr(8));
  return "";
}

std::string licence_of_readme(const std::string& readme) {
  std::istringstream lines(readme);
  std::string line, key;
  std::getline(lines, line);
  if (without(line, " \r") != "---") return "";
  std::map<std::string, std::string> values;
  while (std::getline(lines, line) && without(line, " \r") != "---") {
    const auto item = without(line, " \r");
    if (item.starts_with("- ")) {  // an item of a list below its key
      auto& list = values[key];
      list += (list.empty() ? "" : ", ") + without(item.substr(2), " \"'");
    } else if (!line.empty() && line.front() != ' ') {
      const auto colon = line.find(':');
      key = line.substr(0, colon);
      if (colon != std::string::npos) values[key] = without(line.substr(colon + 1), " \r\"'[]");
    }
  }
  return chosen(values["license"], values["license_name"]);
}

}  // namespace earshot::host
