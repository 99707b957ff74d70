#include <string>

#include <ATen/core/Tensor.h>

#include <earshot/kit/input_checks.hpp>

namespace earshot::kit {

void check_audio(const AudioBatch& audio, const AudioNeeds& needs) {
  audio.check();
  if (audio.samples.size(1) != needs.channels || audio.sample_rate != needs.sample_rate)
    throw ContractError("audio has " + std::to_string(audio.samples.size(1)) + " channels at " +
                        std::to_string(audio.sample_rate) + " Hz; expected " +
                        std::to_string(needs.channels) + " at " +
                        std::to_string(needs.sample_rate) + " Hz");
}

void check_codes(const CodeBatch& codes, const CodeSpec& spec) {
  codes.check();
  const auto levels = codes.spec.codebooks();
  if (levels > spec.codebooks() || codes.spec != spec.first(levels))
    throw ContractError("codes match neither code_spec() nor its first levels");
}

}  // namespace earshot::kit
