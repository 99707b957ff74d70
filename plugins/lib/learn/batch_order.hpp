#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace earshot::kit {

/// Which training items form which batch. A batch depends only on its number and the seed, so that
/// a resumed training draws the same batches as an uninterrupted one.
///
/// An epoch is every item once in random order, or, with strata, each stratum equally often, its
/// items in random order and again from the start when they run out. The remainder that does not
/// fill a batch is left to the next epoch's draw. Within a window of `window` batches, items of
/// similar length are grouped, which reduces padding; the batches of a window are in random order.
class BatchOrder {
 public:
  struct Settings {
    std::int64_t batch = 16;
    std::int64_t window = 32;  ///< batches; 1: nothing is sorted by length
    std::uint64_t seed = 0;
  };
  using Length = std::function<std::int64_t(std::int64_t item)>;

  /// @param items   what to draw from, at least one
  /// @param strata  the stratum of each of `items`, numbered from 0; or empty
  BatchOrder(std::vector<std::int64_t> items, std::vector<std::int64_t> strata,
             const Settings& settings, Length length);

  std::int64_t batches_per_epoch() const { return per_epoch_; }
  /// Batch `number` of the training, from 0 on.
  std::vector<std::int64_t> batch(std::int64_t number);

 private:
  void draw_epoch(std::int64_t epoch);
  void draw_window(std::int64_t epoch, std::int64_t window);

  std::vector<std::int64_t> items_;
  std::vector<std::vector<std::int64_t>> members_;  ///< by stratum; empty without strata
  Settings settings_;
  Length length_;
  std::int64_t batch_size_, per_epoch_;
  std::int64_t epoch_ = -1, window_ = -1;           ///< to which the two members below belong
  std::vector<std::int64_t> order_;                 ///< of the epoch
  std::vector<std::vector<std::int64_t>> batches_;  ///< of the window
};

}  // namespace earshot::kit
