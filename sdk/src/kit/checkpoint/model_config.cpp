#include <cstdint>
#include <fstream>
#include <string>
#include <type_traits>
#include <vector>

#include <nlohmann/json.hpp>

#include <earshot/error.hpp>
#include <earshot/kit/model_config.hpp>

#include "json_file.hpp"

namespace earshot::kit {

struct ModelConfig::Json {
  nlohmann::json value;
};

namespace {

using nlohmann::json;

template <class T>
struct IsList : std::false_type {};
template <class T>
struct IsList<std::vector<T>> : std::true_type {};

template <class T>
bool is_a(const json& value) {
  if constexpr (IsList<T>::value) {
    if (!value.is_array()) return false;
    for (const auto& element : value)
      if (!is_a<typename T::value_type>(element)) return false;
    return true;
  } else if constexpr (std::is_same_v<T, bool>) {
    return value.is_boolean();
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return value.is_number_integer() &&
           (!value.is_number_unsigned() || value.get<std::uint64_t>() <= INT64_MAX);
  } else if constexpr (std::is_same_v<T, double>) {
    return value.is_number();
  } else {
    return value.is_string();
  }
}

template <class T>
std::string kind_of() {
  if constexpr (IsList<T>::value) return "a list, each " + kind_of<typename T::value_type>();
  if constexpr (std::is_same_v<T, bool>) return "true or false";
  if constexpr (std::is_same_v<T, std::int64_t>) return "an integer";
  if constexpr (std::is_same_v<T, double>) return "a number";
  return "a string";
}

[[noreturn]] void wrong(const std::string& place, const std::string& key, const json& value,
                        const std::string& allowed) {
  auto text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  constexpr std::size_t most = 100;
  if (text.size() > most) text = text.substr(0, most) + "...";
  throw DataError(place + ": '" + key + "' is " + text + "; allowed is " + allowed);
}

}  // namespace

ModelConfig::ModelConfig(const std::filesystem::path& file) : place_(file.string()) {
  json_ = std::make_shared<const Json>(Json{checkpoint::read_json_object(file)});
}

bool ModelConfig::contains(const std::string& key) const {
  const auto found = json_->value.find(key);
  return found != json_->value.end() && !found->is_null();
}

template <class T>
std::optional<T> ModelConfig::value(const std::string& key, bool required) const {
  if (!contains(key)) {
    if (required) throw DataError(place_ + ": '" + key + "' is missing");
    return std::nullopt;
  }
  const auto& found = json_->value.at(key);
  if (!is_a<T>(found)) wrong(place_, key, found, kind_of<T>());
  return found.get<T>();
}

bool ModelConfig::is_list(const std::string& key) const {
  return contains(key) && json_->value.at(key).is_array();
}

ModelConfig ModelConfig::object(const std::string& key) const {
  if (!contains(key)) throw DataError(place_ + ": '" + key + "' is missing");
  const auto& found = json_->value.at(key);
  if (!found.is_object()) wrong(place_, key, found, "an object");
  return {std::make_shared<const Json>(Json{found}), place_ + ": " + key};
}

template std::optional<bool> ModelConfig::value(const std::string&, bool) const;
template std::optional<std::int64_t> ModelConfig::value(const std::string&, bool) const;
template std::optional<double> ModelConfig::value(const std::string&, bool) const;
template std::optional<std::string> ModelConfig::value(const std::string&, bool) const;
template std::optional<std::vector<std::int64_t>> ModelConfig::value(const std::string&,
                                                                     bool) const;
template std::optional<std::vector<double>> ModelConfig::value(const std::string&, bool) const;
template std::optional<std::vector<std::string>> ModelConfig::value(const std::string&, bool) const;

}  // namespace earshot::kit
