#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "host/analyse/pairs.hpp"

namespace earshot::host {

/// @throws Failure (usage) that lists the allowed names if `value` is not among `known`
void check_name(const std::string& what, const std::string& value,
                const std::vector<std::string>& known);

bool among(const std::vector<std::string>& texts, const std::string& text);

/// Splits "a,b" into two texts.
std::vector<std::string> split(const std::string& text, char separator);

/// The axes and values of one experiment, or of two experiments that are compared.
class AxisNames {
 public:
  /// @param other  may be null
  AxisNames(const Design& own, const Design* other) : own_(own), other_(other) {}

  std::vector<std::string> axes() const;
  const std::vector<std::string>& values(const std::string& axis) const;

 private:
  const Design& own_;
  const Design* other_;
  mutable std::map<std::string, std::vector<std::string>> values_{};  ///< those asked for before
};

/// The values allowed by `--only`, by axis.
class Filter {
 public:
  /// @param only  "encoder=mimi,htsat"
  /// @throws Failure (usage) for an unknown axis or value
  Filter(const std::vector<std::string>& only, const AxisNames& names);

  bool allows(const std::string& axis, const std::string& value) const;
  /// Whether the condition has an allowed value on every axis except `compared`.
  bool keeps(const Condition& condition, const std::string& compared) const;
  /// Removes cells with other seeds or folds.
  void leave_out_runs(Design& design) const;

 private:
  std::map<std::string, std::set<std::string>> allowed_{};
};

}  // namespace earshot::host
