#pragma once
#include <memory>
#include <vector>

#include <lib/learn/rendezvous.hpp>
#include <lib/learn/share.hpp>

#include <earshot/component.hpp>

namespace earshot::kit {

/// The processes that share a training, connected by LibTorch's c10d with gloo. All must make the
/// same calls in the same order, each of which waits for the others. What they get is equal to the
/// bit in all of them, and the same in every run with as many processes.
///
/// Tensors of a graphics processor travel through the memory of the machine.
///
/// If a process ends, the calls of the others throw c10::DistError as soon as they need it.
class Communicator {
 public:
  /// This process alone: nothing is sent, and nothing waits.
  Communicator() = default;

  /// @throws ConfigError if there are to be several processes, and this build has no gloo.
  static void check_available(std::int64_t processes);

  /// Meets the other processes; waits for them for at most half an hour.
  /// @throws ConfigError if gloo is missing or rank 0 cannot open the port; c10::DistError if the
  /// others do not come.
  static Communicator join(const Rendezvous& where);

  std::int64_t rank() const { return rank_; }
  std::int64_t size() const { return size_; }
  bool leads() const { return rank_ == 0; }
  Share share() const { return {rank_, size_}; }

  /// Sums over processes of floating tensors, in place. Shapes and dtypes must be those of the
  /// other processes. float64 is added in float64, the rest in float32.
  void sum(const std::vector<at::Tensor>& tensors) const;
  /// Sums of equally many numbers in each process.
  std::vector<double> sums_of(std::vector<double> numbers) const;

  /// The state that rank 0 gives, on the CPU in the other processes.
  State from_first(const State& state) const;

 private:
  struct Group;

  std::int64_t rank_ = 0, size_ = 1;
  std::shared_ptr<Group> group_{};
};

}  // namespace earshot::kit
