#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <earshot/error.hpp>

namespace earshot {

/// A file or folder of the user. Declared with a default location or "", received absolute.
/// Its content enters the cell's key, not its location; for a dataset, the fingerprint does.
struct Path {
  std::filesystem::path path{};
  bool operator==(const Path&) const = default;
};

/// A checkpoint. Declared as `hf://owner/repo[/file]`, a path, or "random"; received resolved.
struct Weights {
  std::string source{};          ///< as written, for messages and records
  std::filesystem::path path{};  ///< file or folder on this machine; empty if and only if random
  bool random() const { return path.empty(); }
  bool operator==(const Weights&) const = default;
};

/// One value. An integer given for a number is widened by the host, nothing else is converted.
using OptionValue = std::variant<bool, std::int64_t, double, std::string, Path, Weights,
                                 std::vector<double>, std::vector<std::string>>;

/// What an option means to the host, whatever its name. At most one option of a component has a
/// given role.
enum class Role {
  none,
  target_label,   ///< string: the label of the dataset that an evaluator predicts
  target_type,    ///< string, filled in by the host: that label's type, "class", "number", "set"
  scoring,        ///< decides how answers are scored and nothing else: `runner rescore` changes it
  trained_state,  ///< path: a fit state that takes the place of training
  pretraining_data,  ///< list of strings: what the default weights were trained on
  faulty_rows,       ///< string with the choice "leave_out": leaves out rows that cannot be used
  /// path of a JSON file, which alone makes a dataset: a list of items, each an object with the
  /// texts `id`, `clip` (a file), `second_clip` (null: one clip), `question`, `answer` and `split`,
  /// and the list of texts `choices`. `runner answer` asks through such a dataset.
  questions,
};

/// One option as data: {.name = "hop", .value = 160, .help = "Frame step", .unit = "samples"}.
/// The alternative that `value` holds is the option's type.
struct OptionSpec {
  std::string name{};                  ///< [a-z0-9_]+, the TOML key
  OptionValue value{};                 ///< default; for a required option only its type matters
  std::string help{};                  ///< one sentence, for `runner describe` and for errors
  std::string unit{};                  ///< "Hz", "s", "samples", "dB"; "" when dimensionless
  std::optional<double> min{}, max{};  ///< inclusive; numbers and each number of a list
  std::vector<std::string> choices{};  ///< for strings and each string of a list; empty: any
  bool required = false;
  bool affects_results = true;  ///< false (e.g. a batch size for inference): stays out of cell keys
  Role role = Role::none;
};

using OptionSchema = std::vector<OptionSpec>;

/// Complete, validated values: every key of the schema, of its type and within its bounds.
class EARSHOT_API Options {
 public:
  Options() = default;

  /// Checks `given` against `schema` and fills in defaults; for tests, in which there is no host.
  /// @throws ConfigError naming the key, the value, what is allowed and the nearest known key.
  explicit Options(const OptionSchema& schema,
                   const std::map<std::string, OptionValue>& given = {});

  // Each throws std::logic_error when the schema has no such key or gives it another type.
  bool flag(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  double number(std::string_view name) const;
  const std::string& text(std::string_view name) const;
  const std::filesystem::path& path(std::string_view name) const;
  const Weights& weights(std::string_view name) const;
  const std::vector<double>& numbers(std::string_view name) const;
  const std::vector<std::string>& texts(std::string_view name) const;

 private:
  std::map<std::string, OptionValue, std::less<>> values_;
};

}  // namespace earshot
