#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace earshot::kit {

/// The text of a config.json, which ModelConfig reads: a JSON object with the keys in the order in
/// which they were added.
class ConfigText {
 public:
  ConfigText& add(const std::string& key, bool value);
  ConfigText& add(const std::string& key, std::int64_t value);
  /// As the shortest text from which the same number is read. @param value  finite
  ConfigText& add(const std::string& key, double value);
  /// @param value  a name without quotation marks and backslashes
  ConfigText& add(const std::string& key, const char* value);
  ConfigText& add(const std::string& key, const std::vector<std::int64_t>& values);
  ConfigText& add(const std::string& key, const std::vector<double>& values);

  std::string text() const;

 private:
  ConfigText& add_written(const std::string& key, const std::string& value);

  std::string lines_{};
};

}  // namespace earshot::kit
