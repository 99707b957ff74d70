// Seconds per 10 s clip of the encoder log_mel, as the worker runs it: bench_log_mel PLUGIN
// [threads]. The settings are those of bench/reference/log_mel.py.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <earshot/kit/random.hpp>

#include "worker/plugin/library.hpp"

namespace {

using namespace earshot;

constexpr std::int64_t rate = 44100, clips = 16;

AudioBatch noise() {
  auto samples = at::empty({clips, 1, 10 * rate}, at::kFloat);
  kit::Random random(0);
  std::generate_n(samples.mutable_data_ptr<float>(), samples.numel(),
                  [&] { return static_cast<float>(0.1 * random.normal()); });
  return {samples, at::full({clips}, 10 * rate, at::kLong), rate};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "bench_log_mel PLUGIN [threads]\n");
    return 2;
  }
  at::set_num_threads(argc > 2 ? std::atoi(argv[2]) : 1);
  const at::NoGradGuard no_grad;

  const auto& library = worker::open_library(argv[1]);
  const auto& component = library.components.at("log_mel");
  const Options options(component.options, {{"sample_rate", rate},
                                            {"n_fft", std::int64_t{2048}},
                                            {"hop", std::int64_t{512}},
                                            {"mels", std::int64_t{128}},
                                            {"top_db", 80.0}});
  const auto object = component.make(options, {.device = at::kCPU});
  auto& encoder = *component.as<Encoder>(object);

  const auto audio = noise();
  encoder.encode(audio);
  double best = std::numeric_limits<double>::infinity();
  for (int round = 0; round < 7; ++round) {
    const auto start = std::chrono::steady_clock::now();
    encoder.encode(audio);
    best = std::min(
        best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::printf("%.9f\n", best / clips);
}
