#include "samples.hpp"

#include <algorithm>
#include <string>

#include <lib/samples/sample.hpp>

namespace representation {

using earshot::Split;

void Samples::write(earshot::Trial& trial, const Crops& crops, std::int64_t step) const {
  const auto count = std::min(count_, trial.size(Split::validation));
  try {
    for (std::int64_t item = 0; item < count; ++item) {
      const auto before = crops.centre({.audio = trial.audio(Split::validation, item)}).audio;
      auto& codec = trial.codec();
      const auto after = codec.decode(codec.quantize(before));
      earshot::kit::leave_sample(trial, "sample_" + std::to_string(item), before, after);
    }
    if (count > 0) trial.point("samples", step, static_cast<double>(count));
  } catch (const earshot::Unsupported&) {
    return;
  }
}

}  // namespace representation
