#include <earshot/audio.hpp>

#include "batch_check.hpp"

namespace earshot {

void AudioBatch::check() const {
  expect(samples.defined() && samples.scalar_type() == at::kFloat && samples.dim() == 3 &&
             samples.numel() > 0,
         "samples", describe(samples), "float32 (B, C, N), none of them 0");
  expect(samples.is_contiguous(), "samples", "not contiguous", "contiguous");
  expect(sample_rate > 0, "sample_rate", std::to_string(sample_rate) + " Hz", "more than 0 Hz");
  check_lengths(lengths, samples.size(0), samples.size(2), "samples");
}

}  // namespace earshot
