#pragma once
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "host/plan/plan.hpp"

namespace earshot::host {

/// One request to a worker and what must be done before it.
struct Job {
  enum class Kind {
    items,     ///< the item table of a dataset, for the store
    pretrain,  ///< training of an encoder or language model
    features,  ///< one pass over the audio of a dataset for some encoders
    cell,      ///< fit, predict and score
  };
  static constexpr std::size_t no_cell = static_cast<std::size_t>(-1);

  Kind kind = Kind::cell;
  std::string name{};                   ///< "features of scenes: log_mel, mfcc", "log_mel/room/s0"
  std::size_t cell = no_cell;           ///< index in Plan::cells; of other kinds none
  std::string dataset{};                ///< key
  std::vector<std::string> features{};  ///< keys of the feature stages that it does
  std::string pretrain{};               ///< key of the pretrain stage that it does
  bool wide = false;                    ///< runs alone, with all threads
  double timeout = 0;                   ///< s a stage; 0: none
  std::int64_t memory = 0;              ///< bytes; 0: the system does not tell what there is

  std::vector<std::size_t> dependants{};  ///< jobs that wait for it
  int waits_for = 0;                      ///< jobs that it waits for
  int attempts = 0;
};

/// Items, then pretraining, then features, then cells in the plan's order.
using Jobs = std::vector<Job>;

/// The jobs of all cells that are to run. Feature stages of one dataset share a job, but those of a
/// pretrained encoder have their own, so that no others wait for its training. Its cells
/// wait for the training as well, and fail with it.
/// @param with_items datasets whose items the store has
Jobs build_jobs(const Plan& plan, const std::set<std::string>& with_items);

/// A features job that failed with several encoders, split into one job each, so that only
/// the cells of the encoder that fails do. The cells that waited for `job` wait for theirs.
/// @returns the new jobs.
std::vector<std::size_t> split_features(Jobs& jobs, std::size_t job, const Plan& plan);

}  // namespace earshot::host
