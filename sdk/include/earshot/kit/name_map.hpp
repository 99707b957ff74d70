#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include <earshot/kit/checkpoint.hpp>

namespace earshot::kit {

/// Maps the names in the files of a model family to the names of the model here. Rules apply in the
/// order in which they are given, each to the result of the one before.
///
///     const auto names = NameMap()
///         .under("model.")                                    // what else is there is not ours
///         .strip("module.")                                   // where it is: DataParallel's
///         .replace(R"(\.parametrizations\.weight\.original0$)", ".weight_g")
///         .ignore("num_batches_tracked$")
///         .optional("relative_position_index$");
///     load(checkpoint, names, model.parameters());
///
/// Patterns are ECMAScript regular expressions and match anywhere in a name.
class NameMap {
 public:
  /// Keeps names that begin with `prefix`, and removes the prefix; ignores all other names.
  NameMap& under(std::string prefix);
  /// Removes `prefix` from names that begin with it.
  NameMap& strip(std::string prefix);
  /// Replaces every match; "$1" in `with` stands for the first group.
  NameMap& replace(const std::string& pattern, std::string with);
  /// Ignores names, as left by the rules before, that the model does not use.
  NameMap& ignore(const std::string& pattern);
  /// Names of the model that a file may lack; the model keeps its own values then.
  NameMap& optional(const std::string& pattern);

  /// The model's name for a name in a file; nullopt if it is ignored.
  std::optional<std::string> operator()(std::string name) const;
  bool is_optional(const std::string& name) const;

 private:
  enum class Kind : std::uint8_t { under, strip, replace, ignore };
  struct Rule {
    Kind kind;
    std::string text;
    std::regex pattern{};
  };
  std::vector<Rule> rules_{};
  std::vector<std::regex> optional_{};
};

/// How a checkpoint fits a model: what load() would do, and what does not match.
struct Matching {
  struct Misshapen {
    std::string name{};
    std::vector<std::int64_t> found{}, expected{};
  };
  std::map<std::string, std::string> source{};  ///< the model's name -> the file's
  std::vector<std::string> missing{};           ///< names of the model that the file lacks
  std::vector<std::string> unexpected{};        ///< names of the file that the model lacks
  std::vector<Misshapen> misshapen{};

  bool fits() const { return missing.empty() && unexpected.empty() && misshapen.empty(); }
  /// "3 tensors are missing: 'a', 'b', 'c'; 2 are unexpected: ...; 1 has another shape: 'w' is [3,
  /// 4] and should be [4, 4]", with at most five names of each; "" if it fits.
  std::string report() const;
};

/// @throws DataError if two names of the file map to the same name.
Matching match(const Checkpoint& checkpoint, const NameMap& names,
               const std::map<std::string, std::vector<std::int64_t>>& shapes);

/// Fills the model's tensors from the checkpoint, one at a time (Checkpoint::read): memory stays at
/// that of the model. Types may differ and are converted. Nothing is changed unless everything
/// fits: an extra tensor means a different architecture just as much as a missing one, and a
/// reference implementation that loads without complaint leaves such tensors random.
/// @throws DataError `<path>: does not fit the model: <report>`.
void load(const Checkpoint& checkpoint, const NameMap& names,
          const std::map<std::string, at::Tensor>& model);

/// The tensors of the checkpoint under the model's names, as views of the mapped file
/// (Checkpoint::get), without copying: for models that use tensors as they are in the file.
/// @throws DataError like load().
std::map<std::string, at::Tensor> take(
    const Checkpoint& checkpoint, const NameMap& names,
    const std::map<std::string, std::vector<std::int64_t>>& shapes);

}  // namespace earshot::kit
