#include <lib/learn/optimiser.hpp>
#include <lib/learn/training_loop.hpp>

namespace earshot::kit {

OptionSchema TrainingLoop::options() {
  OptionSchema schema{
      {.name = "batch_size",
       .value = std::int64_t{16},
       .help = "Items per batch",
       .unit = "items",
       .min = 1},
      {.name = "accumulate",
       .value = std::int64_t{1},
       .help = "Batches per step",
       .unit = "batches",
       .min = 1},
      {.name = "processes",
       .value = std::int64_t{1},
       .help = "Processes that train together, each on its share of every batch",
       .min = 1,
       .max = 1024},
      {.name = "max_steps",
       .value = std::int64_t{20000},
       .help = "Optimiser steps; 0: no training",
       .unit = "steps",
       .min = 0},
      {.name = "precision",
       .value = std::string("float32"),
       .help = "bf16: matrix products and convolutions of the training's forward pass compute in "
               "bfloat16 (autocast); weights, optimiser and validation stay in float32",
       .choices = {"float32", "bf16"}},
      {.name = "ema",
       .value = 0.0,
       .help = "Decay of the exponential moving average of the weights, which is validated and "
               "kept in place of the weights; 0: no average",
       .min = 0,
       .max = 0.999999},
      {.name = "validate_every",
       .value = std::int64_t{500},
       .help = "Interval in steps at which the loss on validation items is measured (and at the "
               "end), to keep the best state; 0: never, the last state is kept",
       .unit = "steps",
       .min = 0},
      {.name = "validation_items",
       .value = std::int64_t{512},
       .help = "Number of validation items to measure it on, drawn once; 0: all",
       .unit = "items",
       .min = 0},
      {.name = "keep",
       .value = std::string("best"),
       .help = "State that is kept if there are validation items",
       .choices = {"best", "last"}},
      {.name = "patience",
       .value = std::int64_t{0},
       .help = "End after this many consecutive measurements without improvement; 0: never",
       .min = 0},
      {.name = "checkpoint_every",
       .value = std::int64_t{500},
       .help = "Interval in steps at which the state is saved for resuming after a crash; 0: only "
               "when asked to stop",
       .unit = "steps",
       .min = 0,
       .affects_results = false},
      {.name = "log_every",
       .value = std::int64_t{10},
       .help = "Interval in steps between points of the curves",
       .unit = "steps",
       .min = 1},
  };
  const auto optimiser = Optimiser::options();
  schema.insert(schema.end(), optimiser.begin(), optimiser.end());
  return schema;
}

TrainingLoop::TrainingLoop(const Options& options)
    : options_(options),
      batch_size_(options.integer("batch_size")),
      accumulate_(options.integer("accumulate")),
      processes_(options.integer("processes")),
      max_steps_(options.integer("max_steps")),
      validate_every_(options.integer("validate_every")),
      validation_items_(options.integer("validation_items")),
      patience_(options.integer("patience")),
      save_every_(options.integer("checkpoint_every")),
      log_every_(options.integer("log_every")),
      keeps_best_(options.text("keep") == "best"),
      bf16_(options.text("precision") == "bf16"),
      ema_(options.number("ema")) {
  Optimiser({}, options_, max_steps_);  // refuses impossible options before any work
  if (processes_ > batch_size_)
    throw ConfigError("processes is " + std::to_string(processes_) + ", and batch_size is " +
                      std::to_string(batch_size_) +
                      ": each process computes a share of every batch; allowed: at most as many "
                      "processes as items of a batch. Raise batch_size or lower processes");
  Communicator::check_available(processes_);
}

}  // namespace earshot::kit
