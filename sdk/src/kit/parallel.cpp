#include <algorithm>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <earshot/kit/parallel.hpp>

/// MKL, which LibTorch uses on x86: sets the number of threads for calls of this thread (0: the
/// number of the whole process) and returns the previous one. Null in a LibTorch without MKL.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" __attribute__((weak)) int MKL_Set_Num_Threads_Local(int threads);

namespace earshot::kit {

namespace {

/// During its lifetime, MKL splits this thread's computations for one thread. In a parallel region
/// MKL runs on one thread anyway, but splits for as many as there are.
class OneThread {
 public:
  OneThread() : before_(set(1)) {}
  ~OneThread() { set(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  static int set(int threads) {
    return MKL_Set_Num_Threads_Local == nullptr ? 0 : MKL_Set_Num_Threads_Local(threads);
  }
  int before_;
};

}  // namespace

void each_on_one_thread(std::int64_t count, const std::function<void(std::int64_t)>& work) {
  const bool gradients = at::GradMode::is_enabled();
  // For two or more tasks LibTorch opens a parallel region, inside of which it opens no other.
  at::parallel_for(0, std::max<std::int64_t>(count, 2), 1,
                   [&](std::int64_t begin, std::int64_t end) {
                     const at::AutoGradMode mode(gradients);
                     const OneThread one;
                     for (auto i = begin; i < std::min(end, count); ++i)
                       work(i);
                   });
}

}  // namespace earshot::kit
