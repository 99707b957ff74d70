#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/plan/components.hpp"
#include "host/plan/plan.hpp"

namespace earshot::host {

/// What is known of the weights of an encoder, to be shown to people.
struct Checkpoint {
  std::string weights{};  ///< as written ("random" is labelled so), or ""
  /// What they were trained on. Absent if unknown.
  std::optional<std::vector<std::string>> data{};
  std::optional<bool> in_domain{};  ///< whether that includes `dataset`, or one like it
};

/// For an encoder with a pretraining stage, this includes the dataset that it is trained on. For a
/// reader that declares nothing itself, it is what is known of all the encoders that it reads.
Checkpoint checkpoint_of(const ResolvedComponent& encoder, const std::string& dataset,
                         const std::map<std::string, PretrainStage>& trainings);

}  // namespace earshot::host
