#pragma once
#include <string>
#include <vector>

#include "worker/plugin/library.hpp"

namespace earshot::worker {

/// Whether an evaluator is given a `target` that no item of the synthetic trial has.
bool names_no_label(const Component& component, const std::string& option,
                    const protocol::Json& values);

/// What is checked: a plugin, or one component of it with the option values to construct it with.
class Subject {
 public:
  /// `options`: values by name, for all components that have such an option; texts as
  /// protocol::typed() reads them. A target of an evaluator that is not a label of the
  /// synthetic trial is replaced by each of these. Required texts that are not given are tried with
  /// each label of the synthetic trial; weights that are not on this machine become random ones. An
  /// evaluator's option `max_steps` is 20, so that checks are quick.
  Subject(const std::string& plugin, const std::string& component, const protocol::Json& options);

  /// Loads the plugin the first time. @throws ConfigError as open_library does.
  const Library& library() const { return open_library(plugin_); }
  const Component& component() const { return *component_; }
  const protocol::Json& options() const { return options_; }  ///< as given

  /// Complete values to check with; more than one where texts were tried.
  /// @throws Finding (skipped) if a required option has no value.
  const std::vector<protocol::Json>& variants() const;

  /// Constructs with the first values that work, or with these; always with seed 1.
  /// @throws Finding (skipped) with the component's own words when it throws one of the four
  /// errors.
  ComponentInstance make() const;
  ComponentInstance make(const protocol::Json& values) const;
  /// Without that: lets the component's errors through.
  ComponentInstance make_unguarded(const protocol::Json& values) const;

 private:
  std::string plugin_;
  protocol::Json options_;
  const Component* component_ = nullptr;
  std::string lacking_;  ///< why there are no variants; or ""
  std::vector<protocol::Json> variants_;
};

}  // namespace earshot::worker
