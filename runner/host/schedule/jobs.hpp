#pragma once
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "host/plan/plan.hpp"

namespace earshot::host {

/// One request to a worker, and the jobs that must be done before it.
struct Job {
  enum class Kind {
    items,     ///< the item table of a dataset, for the store
    pretrain,  ///< training of an encoder or language model
    features,  ///< one pass over the audio of a dataset for some encoders, or what a reader reads
    cell,      ///< fit, predict and score
  };
  static constexpr std::size_t no_cell = static_cast<std::size_t>(-1);

  Kind kind = Kind::cell;
  std::string name{};                   ///< "features of scenes: log_mel, mfcc", "log_mel/room/s0"
  std::size_t cell = no_cell;           ///< index in Plan::cells; none for other kinds
  std::string dataset{};                ///< key
  std::vector<std::string> features{};  ///< keys of its feature stages
  std::string pretrain{};               ///< key of its pretrain stage
  bool wide = false;                    ///< runs alone, with all threads; none does if these are 1
  double timeout = 0;                   ///< s a stage; 0: none
  std::int64_t memory = 0;  ///< bytes; 0: none, since the system does not report its memory

  std::vector<std::size_t> dependants{};  ///< jobs that wait for it
  int waits_for = 0;                      ///< jobs that it waits for
  int attempts = 0;
};

/// Items, then pretraining and features, each after what it needs, then cells in the plan's order.
using Jobs = std::vector<Job>;

/// The jobs of all cells to run. Feature stages of one dataset share a job, but those of a
/// pretrained encoder have their own, so that the others need not wait for its training. Its cells
/// wait for the training as well, and fail if it fails. The stage of a reader is a job of its own,
/// which waits for the stages that it reads, and fails if one of them fails; so does its training.
/// @param with_items datasets whose items the store has
Jobs build_jobs(const Plan& plan, const std::set<std::string>& with_items);

/// Splits a features job that failed with several encoders into one job for each, so that only the
/// cells of a failing encoder fail. Jobs that waited for `job`, of cells, readers and trainings,
/// then wait for the jobs of the encoders that they need.
/// @returns the new jobs.
std::vector<std::size_t> split_features(Jobs& jobs, std::size_t job, const Plan& plan);

}  // namespace earshot::host
