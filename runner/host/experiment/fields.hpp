#pragma once
#include <limits>
#include <string>
#include <vector>

#include "host/experiment/value.hpp"

namespace earshot::host {

/// The entries of one table of the file, read by type. All keys that the table may have are given
/// to the constructor, so that a mistyped key is reported before the key that it was meant to be is
/// missed.
class Fields {
 public:
  /// @param title the name of the table in messages: "[encoder.mimi]"
  /// @throws Failure (usage) for a value that is not a table, and for an unknown key with the
  /// nearest.
  Fields(const Value& table, std::string title, std::vector<std::string> known);
  /// For a table that has been read before: its keys are not checked again.
  explicit Fields(const Value& table) : table_(table), title_("the table") {}

  const Value* find(const std::string& key) const { return table_.find(key); }
  const Value& require(const std::string& key) const;  ///< @throws Failure if it is missing

  std::string text(const std::string& key, const std::string& fallback = {}) const;
  std::string required_text(const std::string& key) const;  ///< and not empty
  std::string choice(const std::string& key, const std::vector<std::string>& choices) const;
  bool flag(const std::string& key, bool fallback) const;
  std::int64_t integer(const std::string& key, std::int64_t fallback, std::int64_t min) const;
  double number(const std::string& key, double fallback, double min,
                double max = std::numeric_limits<double>::infinity()) const;
  /// A list of texts; a single text is a list of one.
  std::vector<std::string> texts(const std::string& key) const;
  /// A table as JSON, as written; empty if absent.
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

/// Refuses a name that is unsafe in a path, a table or a terminal: allowed are up to 100 letters,
/// digits, '_', '-', '.' and '+', not beginning with '.' or '-'.
/// @param what  what the name is, for messages: "the label"
void check_plain_name(const Position& position, const std::string& what, const std::string& name);

/// Refuses `name`, which is not one of the `known` names: "unknown encoder 'mimmi'; defined are
/// ...; did you mean 'mimi'?"
[[noreturn]] void refuse_unknown(const Position& position, const std::string& what,
                                 const std::string& name, const std::vector<std::string>& known);

}  // namespace earshot::host
