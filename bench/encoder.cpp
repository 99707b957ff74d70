// Measures an encoder as the worker runs it: bench_encoder PLUGIN COMPONENT [key=value ...]
//
// Keys: threads (1), clips in a batch (1), seconds of noise in each (10), codes (0; 1: as a codec),
// options (of the component, as JSON). After a warm-up it prints a line "ready", then, for each
// line that it reads, the seconds that a batch took, divided by the number of its clips.

#include <algorithm>
#include <string>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <earshot/codec.hpp>
#include <earshot/encoder.hpp>
#include <earshot/kit/random.hpp>

#include "component_options.hpp"
#include "turns.hpp"
#include "worker/plugin/library.hpp"

namespace {

using namespace earshot;

AudioBatch noise(const AudioNeeds& needs, std::int64_t clips, double seconds) {
  const auto length = static_cast<std::int64_t>(seconds * static_cast<double>(needs.sample_rate));
  auto samples = at::empty({clips, needs.channels, length}, at::kFloat);
  kit::Random random(0);
  std::generate_n(samples.mutable_data_ptr<float>(), samples.numel(),
                  [&] { return static_cast<float>(0.1 * random.normal()); });
  return {samples, at::full({clips}, length, at::kLong), needs.sample_rate};
}

}  // namespace

int main(int argc, char** argv) {
  const auto keys = bench::read_keys(
      argc, argv, 3,
      {{"threads", "1"}, {"clips", "1"}, {"seconds", "10"}, {"codes", "0"}, {"options", "{}"}});

  at::set_num_threads(std::stoi(keys.at("threads")));
  const at::NoGradGuard no_grad;
  const auto& component = worker::open_library(argv[1]).components.at(argv[2]);
  const auto object = bench::make(component, keys.at("options"));
  auto& encoder = *component.as<Encoder>(object);
  auto* codec = keys.at("codes") == "1" ? component.as<Codec>(object) : nullptr;

  const auto clips = std::stoll(keys.at("clips"));
  const auto audio = noise(encoder.needs(), clips, std::stod(keys.at("seconds")));
  const auto step = [&] {
    codec == nullptr ? (void)encoder.encode(audio) : (void)codec->quantize(audio);
  };
  bench::take_turns(step, static_cast<double>(clips));
}
