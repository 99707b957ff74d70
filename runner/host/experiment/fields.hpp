#pragma once
#include <limits>
#include <string>
#include <vector>

#include "host/experiment/value.hpp"

namespace earshot::host {

/// The entries of one table of the file, read by type. All keys that the table may have are named
/// at once, so that a mistyped one is found before what it leaves out is missed.
class Fields {
 public:
  /// @param title how messages call the table: "[encoder.mimi]"
  /// @throws Failure (usage) for a value that is not a table, and for an unknown key with the
  /// nearest.
  Fields(const Value& table, std::string title, std::vector<std::string> known);
  /// For a table that was read before: its keys are not checked again.
  explicit Fields(const Value& table) : table_(table), title_("the table") {}

  const Value* find(const std::string& key) const { return table_.find(key); }
  const Value& require(const std::string& key) const;  ///< @throws Failure when it is missing

  std::string text(const std::string& key, const std::string& fallback = {}) const;
  std::string required_text(const std::string& key) const;  ///< and not empty
  std::string choice(const std::string& key, const std::vector<std::string>& choices) const;
  bool flag(const std::string& key, bool fallback) const;
  std::int64_t integer(const std::string& key, std::int64_t fallback, std::int64_t min) const;
  double number(const std::string& key, double fallback, double min,
                double max = std::numeric_limits<double>::infinity()) const;
  /// A list of texts, or a single one.
  std::vector<std::string> texts(const std::string& key) const;
  /// A table as JSON, as written; empty when absent.
  Json table(const std::string& key) const;

  const std::string& title() const { return title_; }
  const Position& position() const { return table_.position; }

 private:
  const Value& table_;
  std::string title_;
};

/// "x.toml:3:9: seed is 'one' (a string); expected an integer"
[[noreturn]] void refuse_type(const Value& value, const std::string& name,
                              const std::string& expected);

/// A list of texts, or a single text as a list of one. @throws Failure
std::vector<std::string> texts_of(const Value& value, const std::string& name);

/// Refuses a name that is unsafe in a path, a table or a terminal: allowed are letters,
/// digits, '_', '-', '.' and '+', at most 100 of them, the first of them no '.' or '-'.
/// @param what it is: "the label"
void check_plain_name(const Position& position, const std::string& what, const std::string& name);

/// Refuses `name` where only `known` names are defined: "unknown encoder 'mimmi'; defined are ...;
/// did you mean 'mimi'?"
[[noreturn]] void refuse_unknown(const Position& position, const std::string& what,
                                 const std::string& name, const std::vector<std::string>& known);

}  // namespace earshot::host
