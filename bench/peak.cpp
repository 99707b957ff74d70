// How fast this machine multiplies, which the work of encoders is compared with:
// bench_peak [threads=1]
//
// Multiplies two 2048 x 2048 matrices in each way that LibTorch has (its BLAS, and a convolution of
// width 1 through oneDNN: which is faster depends on the processor) and keeps the fastest. It
// prints "ready" and the GFLOP of a product, then, for each line that it reads, the seconds that
// one took.

#include <functional>
#include <limits>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include "turns.hpp"

namespace {

using Step = std::function<void()>;

double seconds(const Step& step) {
  double best = std::numeric_limits<double>::infinity();
  for (int round = 0; round < 5; ++round) {
    const auto start = std::chrono::steady_clock::now();
    step();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count());
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace earshot;
  constexpr std::int64_t size = 2048;
  const auto keys = bench::read_keys(argc, argv, 1, {{"threads", "1"}});
  at::set_num_threads(std::stoi(keys.at("threads")));
  const at::NoGradGuard no_grad;
  const auto a = at::randn({size, size}), b = at::randn({size, size});
  const auto kernel = a.unsqueeze(-1), signal = b.unsqueeze(0);
  const std::vector<Step> ways{[&] { at::mm(a, b); }, [&] { at::conv1d(signal, kernel); }};
  const auto fastest = seconds(ways[0]) <= seconds(ways[1]) ? ways[0] : ways[1];
  bench::take_turns(fastest, 1, 2e-9 * size * size * size);
}
