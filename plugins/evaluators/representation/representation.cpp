#include "representation.hpp"

#include <array>

#include "learner_course.hpp"
#include "samples.hpp"
#include "targets.hpp"

namespace representation {

using earshot::Trial;
using earshot::kit::TrainingLoop;
using Goal = earshot::Objective::Goal;

namespace {

constexpr std::array objectives{
    std::pair{"classes", Goal::classes}, std::pair{"reconstruction", Goal::reconstruction},
    std::pair{"teacher", Goal::teacher}, std::pair{"values", Goal::values},
    std::pair{"masked", Goal::masked}};

Goal goal_of(const std::string& name) {
  for (const auto& [known, goal] : objectives)
    if (name == known) return goal;
  throw earshot::ConfigError("unknown objective '" + name + "'");
}

std::vector<std::string> names() {
  std::vector<std::string> names;
  for (const auto& [name, goal] : objectives)
    names.emplace_back(name);
  return names;
}

}  // namespace

earshot::OptionSchema Representation::options() {
  earshot::OptionSchema schema{
      {.name = "objective",
       .value = std::string("classes"),
       .help = "What the encoder learns: the classes of `target`, its values, to reconstruct its "
               "input, to imitate the features of a teacher, or to predict what is hidden from it",
       .choices = names()},
      {.name = "target",
       .value = std::string(),
       .help = "Label to learn, for classes and values",
       .role = earshot::Role::target_label},
      {.name = "standardise",
       .value = true,
       .help = "Bring the values of `target` to mean 0 and deviation 1 of the training items, each "
               "column by itself"},
      {.name = "crop_seconds",
       .value = 0.0,
       .help = "Length of the stretch of each clip that is learnt from, drawn anew each time; 0: "
               "the whole clip. Only audio is cropped, not what encoders read of others",
       .unit = "s",
       .min = 0},
      {.name = "samples",
       .value = std::int64_t{4},
       .help = "Validation items whose reconstruction by a codec is stored as audio and picture",
       .unit = "items",
       .min = 0,
       .affects_results = false},
  };
  const auto loop = TrainingLoop::options();
  schema.insert(schema.end(), loop.begin(), loop.end());
  return schema;
}

Representation::Representation(const earshot::Options& options, const earshot::Context&)
    : goal_(goal_of(options.text("objective"))),
      target_(options.text("target")),
      standardise_(options.flag("standardise")),
      crop_seconds_(options.number("crop_seconds")),
      samples_(options.integer("samples")),
      loop_(options) {}

earshot::Uses Representation::uses() const {
  return {.features = goal_ == Goal::teacher, .audio = true, .learner = true};
}

std::vector<earshot::MetricSpec> Representation::metrics() const {
  return {{.name = "validation_loss",
           .help = "Mean loss on validation items of the state kept, of the model's group",
           .higher_is_better = false,
           .primary = true},
          {.name = "train_loss", .help = "Mean loss of the last step", .higher_is_better = false},
          {.name = "train_steps", .help = "Steps after which training ended"},
          {.name = "trained_weights", .help = "Trainable parameters"}};
}

void Representation::fit(Trial& trial) {
  const Targets targets(trial, goal_, target_, standardise_);
  auto objective = targets.objective();
  const bool imitates = goal_ == Goal::teacher;
  if (imitates) objective.teacher = trial.feature_spec();
  auto& learner = trial.learner();
  learner.prepare(objective);
  const auto own = trial.resume();
  LearnerCourse course(trial, learner, targets,
                       {.batch_size = loop_.batch_size(),
                        .teacher = imitates,
                        .crop_seconds = crop_seconds_,
                        .samples = goal_ == Goal::reconstruction ? samples_ : 0});
  const auto outcome = loop_.run(trial, course, own);
  if (!outcome) return;
  trial.report("trained_weights", static_cast<double>(outcome->parameters), 1);
  trial.report("train_steps", static_cast<double>(outcome->steps), 1);
  if (outcome->train_loss) trial.report("train_loss", *outcome->train_loss, 1);
  if (outcome->validation_loss)
    trial.report("validation_loss", *outcome->validation_loss, outcome->validation_items);
}

}  // namespace representation
