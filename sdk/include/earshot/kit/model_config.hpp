#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace earshot::kit {

/// The hyper-parameters of a model, as a JSON object in a file (Hugging Face's config.json, or an
/// object nested in it).
///
///     const auto config = checkpoint.config();
///     const auto width = config.get<std::int64_t>("hidden_size");
///     const auto ratios = config.get<std::vector<std::int64_t>>("upsampling_ratios", {8, 6, 5,
///     4});
///
/// T is bool, std::int64_t, double (which also accepts whole numbers), std::string, or a
/// std::vector of one of the latter three. A null counts as absent.
class ModelConfig {
 public:
  /// @throws DataError if the file cannot be read or does not hold a JSON object.
  explicit ModelConfig(const std::filesystem::path& file);

  bool contains(const std::string& key) const;

  /// @throws DataError `<file>: 'hidden_size' is missing` or `... is "x"; allowed is a whole
  /// number`.
  template <class T>
  T get(const std::string& key) const {
    return *value<T>(key, true);
  }
  template <class T>
  T get(const std::string& key, T fallback) const {
    auto found = value<T>(key, false);
    return found ? *std::move(found) : std::move(fallback);
  }

  /// A single value or a list of values, which files use interchangeably; empty if it is absent.
  template <class T>
  std::vector<T> list(const std::string& key) const {
    if (is_list(key)) return get<std::vector<T>>(key);
    return contains(key) ? std::vector<T>{get<T>(key)} : std::vector<T>{};
  }
  bool is_list(const std::string& key) const;

  /// A nested object, such as "vision_config". @throws DataError if it is missing or not an object.
  ModelConfig object(const std::string& key) const;

  /// "config.json" with its path, and the path to a nested object, for messages.
  const std::string& place() const { return place_; }

 private:
  struct Json;
  ModelConfig(std::shared_ptr<const Json> json, std::string place)
      : json_(std::move(json)), place_(std::move(place)) {}
  template <class T>
  std::optional<T> value(const std::string& key, bool required) const;

  std::shared_ptr<const Json> json_;
  std::string place_;
};

}  // namespace earshot::kit
