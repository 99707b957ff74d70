#include "host/experiment/value.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <toml++/toml.h>

#include "host/base/failure.hpp"
#include "host/experiment/nesting.hpp"

namespace earshot::host {

std::string Position::text() const {
  if (line == 0) return file;
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

void refuse(const Position& position, const std::string& problem) {
  throw Failure(ExitCode::usage, position.text() + ": " + problem);
}

const Value* Value::find(std::string_view name) const {
  const auto found = std::find_if(children.begin(), children.end(),
                                  [&](const Value& child) { return child.key == name; });
  return is_table() && found != children.end() ? &*found : nullptr;
}

Value* Value::find(std::string_view name) {
  return const_cast<Value*>(std::as_const(*this).find(name));
}

namespace {

class Converter {
 public:
  explicit Converter(const std::string& file) : file_(file) {}

  Value convert(const toml::node& node) const {
    Value value;
    value.position = place(node.source());
    if (const auto* table = node.as_table()) {
      value.kind = Value::Kind::table;
      value.children = entries(*table);
    } else if (const auto* array = node.as_array()) {
      value.kind = Value::Kind::list;
      for (const auto& element : *array)
        value.children.push_back(convert(element));
    } else {
      value.scalar = scalar(node, value.position);
    }
    return value;
  }

 private:
  Position place(const toml::source_region& region) const {
    return {file_, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
  }

  std::vector<Value> entries(const toml::table& table) const {
    std::vector<Value> entries;
    for (const auto& [key, node] : table) {
      auto entry = convert(node);
      entry.key = std::string(key.str());
      entry.key_position = place(key.source());
      entries.push_back(std::move(entry));
    }
    std::stable_sort(entries.begin(), entries.end(), [](const Value& a, const Value& b) {
      const auto &p = a.key_position, &q = b.key_position;
      return p.line != q.line ? p.line < q.line : p.column < q.column;
    });
    return entries;
  }

  static Json scalar(const toml::node& node, const Position& position) {
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* flag = node.as_boolean()) return flag->get();
    if (const auto* integer = node.as_integer()) return integer->get();
    if (const auto* number = node.as_floating_point()) {
      if (std::isfinite(number->get())) return number->get() == 0 ? 0.0 : number->get();
      refuse(position, "a number that is not finite; expected a finite one");
    }
    refuse(position, "a date or time; expected a string, number, true or false. Put it in quotes");
  }

  const std::string& file_;
};

}  // namespace

Value parse_toml(std::string_view text, const std::string& file) {
  check_nesting(text, file);
  try {
    const auto table = toml::parse(text, std::string_view(file));
    auto value = Converter(file).convert(table);
    value.position = {file, 1, 1};
    return value;
  } catch (const toml::parse_error& error) {
    const auto& begin = error.source().begin;
    refuse({file, static_cast<int>(begin.line), static_cast<int>(begin.column)},
           "invalid TOML: " + std::string(error.description()));
  }
}

void merge(Value& under, Value over) {
  if (under.is_list() && over.is_table()) {
    for (auto& child : over.children) {
      const bool digits = !child.key.empty() && child.key.size() < 7 &&
                          child.key.find_first_not_of("0123456789") == std::string::npos;
      const auto index = digits ? std::stoul(child.key) : under.children.size();
      if (index >= under.children.size())
        refuse(child.key_position, "'" + child.key + "' is not an element of '" + under.key +
                                       "'; it has " + std::to_string(under.children.size()) +
                                       ", counted from 0");
      child.key.clear();
      merge(under.children[index], std::move(child));
    }
    return;
  }
  if (!under.is_table() || !over.is_table()) {
    under = std::move(over);
    return;
  }
  for (auto& child : over.children) {
    if (auto* existing = under.find(child.key))
      merge(*existing, std::move(child));
    else
      under.children.push_back(std::move(child));
  }
}

Json to_json(const Value& value) {
  if (value.is_list()) {
    auto list = Json::array();
    for (const auto& child : value.children)
      list.push_back(to_json(child));
    return list;
  }
  if (value.is_table()) {
    auto table = Json::object();
    for (const auto& child : value.children)
      table[child.key] = to_json(child);
    return table;
  }
  return value.scalar;
}

Value from_json(const Json& json, const Position& position) {
  Value value;
  value.position = value.key_position = position;
  if (!json.is_structured()) {
    value.scalar = json;
    return value;
  }
  value.kind = json.is_array() ? Value::Kind::list : Value::Kind::table;
  for (const auto& [key, child] : json.items()) {
    value.children.push_back(from_json(child, position));
    if (json.is_object()) value.children.back().key = key;
  }
  return value;
}

std::string shown(const Value& value) {
  if (value.is_list()) return "a list";
  if (value.is_table()) return "a table";
  const auto& scalar = value.scalar;
  if (scalar.is_string()) return "'" + scalar.get<std::string>() + "' (a string)";
  if (scalar.is_boolean()) return scalar.dump() + " (a bool)";
  return scalar.dump() + (scalar.is_number_float() ? " (a number)" : " (an integer)");
}

namespace {

bool is_variable_name(std::string_view name) {
  const auto word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), word);
}

std::string variable(const std::string& inner, const Position& position) {
  const auto separator = inner.find(":-");
  const auto name = inner.substr(0, separator);
  if (!is_variable_name(name))
    refuse(position,
           "'${" + inner +
               "}' is not the name of an environment variable; allowed: ${NAME}, ${NAME:-default}");
  const char* value = std::getenv(name.c_str());
  if (value != nullptr) return value;
  if (separator == std::string::npos)
    refuse(position, "the environment variable '" + name +
                         "' is not set; set it, for example with '" + name +
                         "=... runner ...', or write ${" + name + ":-default}");
  return inner.substr(separator + 2);
}

}  // namespace

std::string with_environment(const std::string& text, const Position& position) {
  std::string result;
  std::size_t from = 0;
  for (;;) {
    const auto open = text.find("${", from);
    result += text.substr(from, open - from);
    if (open == std::string::npos) return result;
    const auto close = text.find('}', open);
    if (close == std::string::npos)
      refuse(position,
             "'" + text.substr(open) + "' has no closing '}'; allowed: ${NAME}, ${NAME:-default}");
    result += variable(text.substr(open + 2, close - open - 2), position);
    from = close + 1;
  }
}

}  // namespace earshot::host
