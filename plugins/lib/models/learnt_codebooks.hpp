#pragma once
#include <cstdint>
#include <vector>

#include <lib/models/clusters.hpp>
#include <lib/models/frame_sample.hpp>
#include <lib/models/quantizer.hpp>

#include <earshot/component.hpp>

namespace earshot::kit {

/// Learns the codebooks of a residual quantiser beside what produces its input: each entry follows
/// the mean of what it codes (Clusters), and the input is drawn to its entries by the commitment
/// loss. The gradient of what is made of the quantised values passes to the input unchanged (van
/// den Oord et al. 2017, "Neural Discrete Representation Learning").
///
/// Codebooks of random weights are drawn by k-means, level by level, as EnCodec does from its first
/// batch; here from a sample of the frames (FrameSample) of a later step, since latents of random
/// weights hardly depend on the input. Until then the input passes as it is. An entry that is not
/// used for long moves to a frame of such a sample that is coded badly; residuals of later levels
/// are computed from it anew.
class LearntCodebooks {
 public:
  struct Settings {
    double decay = 0.99;     ///< of the counts in Clusters
    double revive = 20;      ///< see Clusters::dead(); 0: never
    bool random = true;      ///< codebooks are random numbers; false: they have been trained
    std::uint64_t seed = 0;  ///< of the sample
  };

  /// @param codebooks  by name, float32 (entries, D) for each level, of one size, not copied:
  /// finish_step() and loaded() change them.
  /// @param prefix  of the other names in stored()
  LearntCodebooks(const NamedTensors& codebooks, const std::string& prefix,
                  const Settings& settings);

  /// The step after which random codebooks are drawn, counted from 0: at least 1, since the one
  /// before it shows how many frames a step has. Until this is called: 1.
  void start_after(std::int64_t step) { start_ = step; }

  std::int64_t levels() const { return static_cast<std::int64_t>(codebooks_.size()); }

  struct Quantised {
    at::Tensor values{};  ///< float32 (B, T, D): the sum of each clip's levels; 0 without levels
    /// float32 (B): over each clip's levels, the sum of the mean squared distance of what is coded
    /// from its entry, whose gradient reaches the input only.
    at::Tensor commitment{};
    at::Tensor numbers{};  ///< float64 (levels, entries): how often each is nearest, in all levels
  };
  /// Differentiable, in float32 whatever precision the caller trains in.
  /// @param x  floating (B, T, D)
  /// @param levels  int64 (B), on the CPU: how many levels each clip has, 0 to levels()
  /// @param training  whether the frames are counted for finish_step()
  Quantised quantise(const at::Tensor& x, const at::Tensor& levels, std::int64_t step,
                     bool training);

  /// As in Learner.
  std::vector<at::Tensor> step_sums() const { return {numbers_, sums_, sample_.sums()}; }
  void finish_step(std::int64_t step);

  /// All that it changes, the codebooks included; after a change of these, call loaded().
  NamedTensors stored() const;
  void loaded();

 private:
  void count(const at::Tensor& x, const at::Tensor& codes, const at::Tensor& levels,
             std::int64_t step);
  bool needs_sample(std::int64_t step) const;
  bool has_dead() const;
  void initialise();
  void update();

  std::vector<at::Tensor> codebooks_{};
  std::vector<std::string> names_{};
  std::string prefix_;
  Settings settings_;
  std::int64_t start_ = 1;
  ResidualQuantizer quantizer_;
  std::vector<Clusters> clusters_{};
  at::Tensor initialised_{};     ///< int64 scalar, 0 or 1
  at::Tensor frames_in_step_{};  ///< float64 scalar: of all parts and processes; 0: not known
  at::Tensor numbers_{};         ///< float64 (levels, entries)
  at::Tensor sums_{};            ///< float64 (levels, entries, D)
  FrameSample sample_;
};

}  // namespace earshot::kit
