#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace earshot::protocol {

/// Makes names unique that become parts of file names, also for file systems that ignore case.
class UniqueNames {
 public:
  /// The name itself, or followed by "-2", "-3", ... if it was taken before. The same name followed
  /// by `more` is taken as well, for another file of the same owner.
  std::string take(const std::string& name, std::string_view more = {}) {
    for (auto& n = next_.try_emplace(lower(name), 1).first->second;; ++n) {
      auto candidate = n == 1 ? name : name + "-" + std::to_string(n);
      const auto plain = lower(candidate), longer = plain + std::string(more);
      if (taken_.contains(plain) || taken_.contains(longer)) continue;
      taken_.insert(plain);
      taken_.insert(longer);
      return candidate;
    }
  }

 private:
  static std::string lower(std::string text) {
    for (auto& letter : text)
      if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    return text;
  }

  std::unordered_set<std::string> taken_{};
  std::unordered_map<std::string, int> next_{};  ///< number to try next, by name
};

}  // namespace earshot::protocol
