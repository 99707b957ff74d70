#pragma once
#include <string>
#include <unordered_map>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "added_tokens.hpp"
#include "byte_pairs.hpp"
#include "pre_tokenizer.hpp"

namespace earshot::kit::tokenizer {

/// The content of tokenizer.json.
struct Definition {
  std::unordered_map<Id, std::string> names{};  ///< of all tokens, as written in the file
  BytePairs::Rules rules{};
  std::vector<Cut> cuts{};
  std::vector<AddedToken> added{};
  std::vector<Id> template_before{}, template_after{};  ///< what the post-processor adds
};

/// @throws DataError, without a place, for features that tokenizer.hpp does not list, and for files
/// that contradict themselves; nlohmann::json::exception if a value has the wrong type.
Definition read_definition(const nlohmann::json& file);

}  // namespace earshot::kit::tokenizer
