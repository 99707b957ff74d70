#pragma once
#include <string>
#include <vector>

#include "worker/conformance/subject.hpp"

namespace earshot::worker {

/// How a check ended, with the reason where it did not pass.
struct Outcome {
  enum class State { pass, warning, fail, skipped };
  State state = State::pass;
  std::string reason{};
};

/// Ends a check with something else than a pass.
struct Finding {
  Outcome outcome;
};

[[noreturn]] void fail(const std::string& reason);
[[noreturn]] void warn(const std::string& reason);
[[noreturn]] void skip(const std::string& reason);
/// fail() unless `fits`.
void expect(bool fits, const std::string& reason);

/// A rule that plugins keep, and how it is tested. Every check can run alone.
struct Check {
  const char* name = "";  ///< "padding_invariance"
  const char* face = "";  ///< contract whose objects it is for; "": all components; "plugin": once
  const char* why = "";   ///< one sentence
  void (*run)(const Subject& subject) = nullptr;
  bool needs_fresh_worker = false;  ///< the plugin must not have been loaded before
};

/// All checks, in the order in which they make sense.
const std::vector<Check>& checks();

// One list per file.
std::vector<Check> plugin_checks();
std::vector<Check> component_checks();
std::vector<Check> encoder_checks();
std::vector<Check> codec_checks();
std::vector<Check> lookup_checks();
std::vector<Check> reader_checks();
std::vector<Check> learner_checks();
std::vector<Check> mapper_checks();
std::vector<Check> language_model_checks();
std::vector<Check> evaluator_checks();
std::vector<Check> dataset_checks();

/// Runs one check of the table on one component ("" for those of the whole plugin).
/// @throws whatever the plugin throws where the check expects nothing.
Outcome run_check(const std::string& plugin, const std::string& component, const std::string& check,
                  const protocol::Json& options);

}  // namespace earshot::worker
