#include <set>

#include <gmock/gmock.h>
#include <sys/wait.h>

#include "../plugin/fixture_plugins.hpp"
#include "defect.hpp"
#include "worker/conformance/check.hpp"
#include "worker/conformance/trial_run.hpp"

// Defects that a process survives; the others are in containment_test.cpp.

namespace earshot::worker {
namespace {

using protocol::Json;
using State = Outcome::State;
using testing::HasSubstr;

/// Outcomes of the checks of a plugin's component, or of one check, by name. An exception fails the
/// check, as in the host.
std::map<std::string, Outcome> outcomes(const std::string& defect, const std::string& only = "",
                                        const Json& options = Json::object()) {
  std::map<std::string, Outcome> found;
  const auto plugin = fixture_plugin(defect).string();
  const auto& component = open_library(plugin).components.begin()->second;
  for (const auto& check : checks()) {
    const std::string face = check.face;
    if (check.needs_fresh_worker || (!only.empty() && only != check.name)) continue;
    if (face != "plugin" && !face.empty() && !component.faces.contains(face)) continue;
    try {
      found[check.name] =
          run_check(plugin, face == "plugin" ? "" : component.name, check.name, options);
    } catch (const std::exception& error) {
      found[check.name] = {State::fail, error.what()};
    }
  }
  return found;
}

void expect_all_pass(const std::map<std::string, Outcome>& found, const std::string& plugin) {
  EXPECT_GT(found.size(), 10U);
  for (const auto& [name, outcome] : found)
    EXPECT_EQ(outcome.state, State::pass) << plugin << ", " << name << ": " << outcome.reason;
}

TEST(Conformance, finds_nothing_wrong_with_plugins_that_keep_the_rules) {
  for (const auto* plugin :
       {"good", "good_codec", "good_learner", "good_mapper", "good_evaluator", "good_dataset"})
    expect_all_pass(outcomes(plugin), plugin);
}

// Regression: both were called in gradient mode, unlike in a training, where values that require
// gradients could then not be set in place.
TEST(Conformance, prepares_a_learner_and_loads_its_state_without_gradient_mode) {
  for (const auto* check : {"learning", "learner_state"}) {
    const auto outcome = outcomes("good_learner", check).at(check);
    EXPECT_EQ(outcome.state, State::pass) << check << ": " << outcome.reason;
  }
}

TEST(Conformance, skips_what_needs_a_value_and_takes_one_that_is_given) {
  const auto without = outcomes("good_options");
  EXPECT_EQ(without.at("schema").state, State::pass) << "the declaration can always be checked";
  EXPECT_EQ(without.at("shape").state, State::skipped);
  EXPECT_THAT(without.at("shape").reason, HasSubstr("Give --option root="));
  expect_all_pass(outcomes("good_options", "", {{"root", "/tmp"}}), "good_options");
}

TEST(Conformance, checks_an_evaluator_for_a_label_of_the_users_on_its_own_labels) {
  expect_all_pass(outcomes("good_evaluator", "", {{"target", "digit"}}), "good_evaluator");
}

TEST(Conformance, asks_nothing_of_a_lookup_that_needs_ears) {
  for (const auto& [name, outcome] : outcomes("good_lookup"))
    EXPECT_NE(outcome.state, State::fail) << name << ": " << outcome.reason;
  EXPECT_EQ(outcomes("good_lookup").at("unknown_clip").state, State::pass);
  EXPECT_EQ(outcomes("good_lookup").at("shape").state, State::skipped);
}

TEST(Conformance, checks_a_reader_on_sources_that_it_makes_up) {
  for (const auto* plugin : {"good_reader", "good_code_reader"}) {
    const auto found = outcomes(plugin);
    for (const auto& [name, outcome] : found)
      EXPECT_NE(outcome.state, State::fail) << plugin << ", " << name << ": " << outcome.reason;
    for (const auto* check : {"reads", "reader_shape", "reader_frames", "reader_padding",
                              "reader_batch_order", "reader_audio", "repeatable", "two_instances",
                              "input_untouched", "global_state", "thread_hop"})
      EXPECT_EQ(found.at(check).state, State::pass) << plugin << ", " << check;
    EXPECT_EQ(found.at("shape").state, State::skipped);
  }
  EXPECT_EQ(outcomes("good_reader").at("reader_codes").state, State::pass);
  EXPECT_EQ(outcomes("good_code_reader").at("reader_codes").reason, "it gives no codes");
}

class Defective : public testing::TestWithParam<Defect> {};

TEST_P(Defective, fails_the_check_of_its_rule) {
  const auto& defect = GetParam();
  const auto found = outcomes(defect.name, defect.check);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.at(defect.check).state, State::fail);
  EXPECT_THAT(found.at(defect.check).reason, HasSubstr(defect.reason));
}

INSTANTIATE_TEST_SUITE_P(
    Conformance, Defective,
    testing::Values(
        Defect{"wrong_rank", "shape", "expected floating-point (B, T, D)"},
        Defect{"swapped_dims", "shape", "D = 2"}, Defect{"wrong_dtype", "shape", "Double"},
        Defect{"nan_features", "shape", "not all finite"},
        Defect{"too_many_frames", "frame_count", "110 frames"},
        Defect{"depends_on_padding", "padding_invariance", "with a longer one"},
        Defect{"depends_on_batch", "batch_order", "clip 3 of 3"},
        Defect{"differs_at_second_call", "repeatable", "second time"},
        Defect{"shared_between_objects", "two_instances", "at the same time"},
        Defect{"changes_input", "input_untouched", "encode() changes its arguments"},
        Defect{"changes_grad_mode", "global_state", "gradient mode"},
        Defect{"rounds_up", "global_state", "floating-point environment (rounding mode)"},
        Defect{"rounds_up_when_constructed", "construct",
               "the constructor of encoder 'it' of rounds_up_when_constructed.so changed"},
        Defect{"changes_locale", "global_state", "the locale"},
        Defect{"draws_while_encoding", "global_state", "default generator"},
        Defect{"thread_bound", "thread_hop", "another thread"},
        Defect{"fails_on_silence", "hard_inputs", "silence"},
        Defect{"accepts_anything", "bad_input", "is accepted"},
        Defect{"default_out_of_range", "schema", "its default 0 is not allowed"},
        Defect{"option_without_help", "schema", "has no help"},
        Defect{"makes_features_up", "unknown_clip", "expected a DataError"},
        Defect{"looks_up_and_hears", "deaf", "expected Unsupported"},
        Defect{"codes_out_of_range", "codes", "expected 0 to 15"},
        Defect{"decode_too_long", "decode", "are decoded to"},
        Defect{"embed_other_width", "embed", "D = 1"},
        Defect{"group_without_gradient", "learning", "group 'bound': no gradient"},
        Defect{"parameter_in_no_group", "learner_groups", "parameter 'bound' is in no group"},
        Defect{"parameter_in_two_groups", "learner_groups", "parameter 'bound' belongs to two"},
        Defect{"forgets_upkeep", "learner_state", "belongs in state()"},
        Defect{"sums_of_another_shape", "learner_sums", "is [1] Double; expected [2] Double"},
        Defect{"fewer_sums", "learner_sums", "gives 0 tensors after finish_step()"},
        Defect{"integer_sums", "learner_sums", "expected float32 or float64"},
        Defect{"infinite_sums", "learner_sums", "not all finite"},
        Defect{"copied_sums", "learner_sums", "a second call gives other memory"},
        Defect{"sums_of_all_steps", "learner_sums", "not all zero after finish_step()"},
        Defect{"sums_of_last_part", "learner_sums", "is not twice that of one part"},
        Defect{"counts_in_validation", "learner_validation", "changes step_sums()"},
        Defect{"learns_in_validation", "learner_validation", "changes tensor 'average'"},
        Defect{"keeps_training", "inference_after_training", "different features"},
        Defect{"reads_other_sources", "reads", "reads() changes after connect()"},
        Defect{"reader_wrong_width", "reader_shape", "the batch's spec differs from spec()"},
        Defect{"reader_halves_time", "reader_frames", "a clip has 3 frames; its sources last 5.0"},
        Defect{"reader_depends_on_padding", "reader_padding", "with a longer one"},
        Defect{"reader_depends_on_batch", "reader_batch_order", "clip 3 of 3"},
        Defect{"read_codes_out_of_range", "reader_codes", "expected 0 to 7"},
        Defect{"reader_hears", "reader_audio", "encode() takes audio; expected Unsupported"},
        Defect{"reader_changes_input", "input_untouched", "read() changes its arguments"},
        Defect{"mapper_wrong_width", "connect", "returns dim 13; expected 12"},
        Defect{"mapper_dead_parameter", "gradients", "parameter 'unused'"},
        Defect{"marks_by_predict", "marks", "mark() differs"},
        Defect{"leaks_test_labels", "leak", "must not be used"},
        Defect{"predicts_twice", "trial", "predicted twice"},
        Defect{"predicts_half", "trial", "15 of 30"},
        Defect{"undeclared_metric", "trial", "'precision', which is not in metrics()"},
        Defect{"order_matters", "order", "a different 'hits'"},
        Defect{"loses_state", "state", "predicts differently"},
        Defect{"resumes_wrong", "resume", "ends differently"},
        Defect{"seed_without_effect", "seed", "uses().seed is false"},
        Defect{"duplicate_ids", "items", "ids must differ"},
        Defect{"unstable_items", "stable_items", "lists other items"},
        Defect{"label_not_in_classes", "items", "did you mean 'high'?"},
        Defect{"answer_not_a_choice", "items", "answer 'mid'"},
        Defect{"synthesizes_differently", "audio", "gives different samples"}),
    defect_name);

TEST(Conformance, warns_of_a_full_stop_in_a_summary_and_of_another_compiler) {
  EXPECT_EQ(outcomes("bad_names", "names").at("names").state, State::warning);
  EXPECT_EQ(outcomes("other_compiler", "handshake").at("handshake").state, State::warning);
}

TEST(Conformance, warns_of_what_goes_on_after_a_call) {
  for (const auto& [plugin, what] :
       {std::pair{"leaves_thread", "thread"}, {"leaves_process", "process"}}) {
    const auto outcome = outcomes(plugin, "no_leftovers").at("no_leftovers");
    EXPECT_EQ(outcome.state, State::warning) << plugin;
    EXPECT_THAT(outcome.reason, HasSubstr(what));
  }
  while (::wait(nullptr) > 0)  // other tests are of this process
    continue;
}

TEST(Conformance, gives_every_check_a_name_of_its_own_and_a_reason) {
  std::set<std::string> names;
  for (const auto& check : checks()) {
    EXPECT_TRUE(names.insert(check.name).second) << check.name;
    EXPECT_GT(std::string(check.why).size(), 10U) << check.name;
  }
}

// Regression: a prediction that is not UTF-8 made every check of its evaluator fail with an error
// that came from the check.
TEST(Conformance, tells_predictions_apart_that_are_not_utf8) {
  const auto of = [](const char* text) {
    return fingerprint(Prediction{.value = Label(std::string(text))});
  };
  EXPECT_TRUE(at::equal(of("\xff"), of("\xff")));
  EXPECT_FALSE(at::equal(of("\xff"), of("\xfe")));
}

}  // namespace
}  // namespace earshot::worker
