#include <array>
#include <charconv>

#include <lib/models/config_text.hpp>

namespace earshot::kit {

namespace {

template <class Number>
std::string written(Number value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), value).ptr;
  return {digits.begin(), end};
}

template <class Number>
std::string written(const std::vector<Number>& values) {
  std::string list = "[";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) list += ", ";
    list += written(values[i]);
  }
  list += "]";
  return list;
}

}  // namespace

ConfigText& ConfigText::add_written(const std::string& key, const std::string& value) {
  lines_ += lines_.empty() ? "  \"" : ",\n  \"";
  lines_ += key;
  lines_ += "\": ";
  lines_ += value;
  return *this;
}

ConfigText& ConfigText::add(const std::string& key, bool value) {
  return add_written(key, value ? "true" : "false");
}

ConfigText& ConfigText::add(const std::string& key, std::int64_t value) {
  return add_written(key, written(value));
}

ConfigText& ConfigText::add(const std::string& key, double value) {
  return add_written(key, written(value));
}

ConfigText& ConfigText::add(const std::string& key, const char* value) {
  std::string quoted = "\"";
  quoted += value;
  quoted += "\"";
  return add_written(key, quoted);
}

ConfigText& ConfigText::add(const std::string& key, const std::vector<std::int64_t>& values) {
  return add_written(key, written(values));
}

ConfigText& ConfigText::add(const std::string& key, const std::vector<double>& values) {
  return add_written(key, written(values));
}

std::string ConfigText::text() const {
  std::string all = "{\n";
  all += lines_;
  all += "\n}\n";
  return all;
}

}  // namespace earshot::kit
