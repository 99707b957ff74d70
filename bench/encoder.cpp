// How long an encoder takes, as the worker runs it: bench_encoder PLUGIN COMPONENT [key=value ...]
//
// Keys: threads (1), clips in a batch (1), seconds of noise in each (10), codes (0; 1: as a codec),
// options (those of the component, as JSON). After a warm-up it prints a line "ready", then, for
// each line that it reads, the seconds that a batch took, divided by its clips.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <map>
#include <string>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <earshot/codec.hpp>
#include <earshot/encoder.hpp>
#include <earshot/kit/random.hpp>

#include "component_options.hpp"
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
  if (argc < 3) {
    std::fprintf(stderr, "bench_encoder PLUGIN COMPONENT [key=value ...]\n");
    return 2;
  }
  std::map<std::string, std::string> keys{
      {"threads", "1"}, {"clips", "1"}, {"seconds", "10"}, {"codes", "0"}, {"options", "{}"}};
  for (const auto& argument : std::vector<std::string>(argv + 3, argv + argc))
    keys.at(argument.substr(0, argument.find('='))) = argument.substr(argument.find('=') + 1);

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
  step();
  std::printf("ready\n");
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    const auto start = std::chrono::steady_clock::now();
    step();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::printf("%.9f\n", took.count() / static_cast<double>(clips));
    std::fflush(stdout);
  }
}
