#include <cstdio>
#include <exception>
#include <set>
#include <thread>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include "protocol/nearest.hpp"
#include "worker/conformance/check.hpp"
#include "worker/conformance/exercise.hpp"
#include "worker/conformance/guard.hpp"
#include "worker/conformance/trial_run.hpp"
#include "worker/plugin/leftovers.hpp"
#include "worker/plugin/names.hpp"
#include "worker/plugin/shared_state.hpp"

namespace earshot::worker {

namespace {

using protocol::Json;
using protocol::OptionSpec;

// --- of the plugin

void handshake(const Subject& subject) {
  const auto& info = subject.library().info;
  if (!info.warnings.empty()) warn(protocol::join(info.warnings));
}

bool is_version(const std::string& text) {
  int major = 0, minor = 0, patch = 0, end = 0;
  return std::sscanf(text.c_str(), "%d.%d.%d%n", &major, &minor, &patch, &end) == 3 &&
         static_cast<std::size_t>(end) == text.size();
}

void names(const Subject& subject) {
  const auto& info = subject.library().info;
  expect(is_version(info.version),
         "the plugin's version is '" + info.version + "'; expected MAJOR.MINOR.PATCH");
  const auto check_summary = [](const std::string& of, const std::string& summary) {
    if (summary.ends_with('.'))
      warn("the summary of " + of + " ends with a full stop: '" + summary + "'");
  };
  check_summary("the plugin", info.summary);
  for (const auto& component : info.components)
    check_summary("'" + component.name + "'", component.summary);
}

void silent(const Subject& subject) {
  std::string out, error;
  {
    const OutputCapture capture;
    for (const auto& [name, component] : subject.library().components) {
      try {
        exercise(Subject(subject.library().info.path, name, subject.options()));
      } catch (const Finding&) {
        continue;  // what cannot be used here, or fails a check of its own
      } catch (const Error&) {
        continue;
      }
    }
    out = capture.out();
    error = capture.error();
  }
  expect(out.empty(), "it prints to stdout: " + out.substr(0, 200));
  if (!error.empty()) warn("it prints to stderr: " + error.substr(0, 200));
}

// --- of every component

void schema(const Subject& subject) {
  std::set<std::string> seen;
  for (const auto& spec : describe(subject.component()).options) {
    const auto where = "option '" + spec.name + "': ";
    expect(is_name(spec.name), where + "its name is not [a-z0-9_]+");
    expect(seen.insert(spec.name).second, where + "two options have this name");
    expect(!spec.help.empty(), where + "it has no help; expected one sentence");
    expect(!spec.min || !spec.max || *spec.min <= *spec.max,
           where + "its minimum is above its maximum");
    const auto value = protocol::view(spec, spec.value);
    expect(spec.required || shared::is_allowed(spec, value),
           where + "its default " + value.shown + " is not allowed: " + protocol::allowed(spec));
  }
}

void construct(const Subject& subject) {
  try {
    for (const auto& variant : subject.variants())
      subject.make_unguarded(variant);
  } catch (const Error& error) {
    // Data or devices may be missing, but defaults must fit.
    if (error.kind() == Error::Kind::config && subject.variants().size() == 1)
      fail(std::string("not constructed with its defaults: ") + error.what());
    if (error.kind() == Error::Kind::contract) throw;
    skip(std::string("not constructed: ") + error.what());
  }
}

std::vector<Json> extremes(const OptionSpec& spec) {
  std::vector<Json> values;
  if (spec.type == protocol::OptionType::flag) return {true, false};
  if (spec.type == protocol::OptionType::text)
    for (const auto& choice : spec.choices)
      values.push_back(choice);
  for (const auto& bound : {spec.min, spec.max}) {
    if (!bound) continue;
    if (spec.type == protocol::OptionType::integer)
      values.push_back(static_cast<std::int64_t>(*bound));
    if (spec.type == protocol::OptionType::number) values.push_back(*bound);
  }
  return values;
}

void bounds(const Subject& subject) {
  subject.make(subject.variants().front());  // skips what cannot be constructed at all
  for (const auto& spec : describe(subject.component()).options) {
    for (const auto& value : extremes(spec)) {
      auto values = subject.variants().front();
      values[spec.name] = value;
      const auto what = "constructing with " + spec.name + " = " + protocol::json_text(value);
      std::fprintf(stderr, "%s\n", what.c_str());  // to be read if it crashes
      try {
        subject.make_unguarded(values);
      } catch (const Error&) {
        continue;  // options that do not fit each other may be refused
      } catch (const std::exception& error) {
        fail(what + " throws something other than the four errors: " + error.what());
      }
    }
  }
}

void two_instances(const Subject& subject) {
  const auto alone = exercise(subject);
  const auto values = workable(subject).front();
  const auto first = subject.make(values), second = subject.make(values);
  const auto a = exercise(first), b = exercise(second);
  expect(same_bits(a, alone) && same_bits(b, alone),
         "two objects at the same time give different results from one alone");
}

void repeatable(const Subject& subject) {
  const auto values = workable(subject).front();
  const auto made = subject.make(values);
  const auto first = exercise(made);
  // Mappers and readers are connected once, an evaluator is fitted once: another object repeats.
  const auto once = made.as<Mapper>() != nullptr || made.as<Reader>() != nullptr ||
                    made.as<Evaluator>() != nullptr;
  expect(same_bits(first, exercise(once ? subject.make(values) : made)),
         "the same call gives a different result the second time; expected equal bits");
}

void input_untouched(const Subject& subject) {
  exercise(subject);  // fails by itself
}

/// Nothing that other components share may be left changed; `what` says after what.
void expect_unchanged(const std::string& what, const std::vector<std::string>& changes) {
  expect(changes.empty(),
         what + " leaves changed " + protocol::join(changes) + "; expected it to be unchanged");
}

void load(const Subject& subject) {
  const auto& library = subject.library();
  if (!library.changes.empty())
    fail("loading it changed " + protocol::join(library.changes) +
         "; expected it to be unchanged. Build it without -ffast-math, which changes it when a "
         "library is loaded");
  for (const auto& warning : take_account().warnings)
    warn(warning);
  if (const auto left = leftovers(); !left.empty()) warn("loading it leaves " + left + " running");
}

void global_state(const Subject& subject) {
  const auto values = workable(subject).front();
  const auto made = subject.make(values);
  // Evaluators seed their steps, mappers and readers may draw weights when they are connected;
  // others may not draw.
  const auto draws = made.as<Evaluator>() != nullptr || made.as<Mapper>() != nullptr ||
                     made.as<Reader>() != nullptr || made.as<LanguageModel>() != nullptr;
  const auto state = [] { return at::detail::getDefaultCPUGenerator().get_state(); };
  at::manual_seed(2);
  const auto generator = state();
  const NumericState numeric;
  const ProcessState process;
  exercise(made);
  const auto numbers = numeric.changes(), others = process.changes();
  numeric.restore();
  process.restore();
  expect_unchanged("using it", numbers);
  expect_unchanged("using it", others);
  if (!draws)
    expect(same_bits(generator, state()),
           "it draws from or seeds LibTorch's default generator; expected neither here");
}

void no_leftovers(const Subject& subject) {
  {
    const auto values = workable(subject).front();
    use_threads(at::get_num_threads());
    exercise(subject.make(values));
  }
  if (const auto left = leftovers(); !left.empty())
    warn("it leaves " + left + " running; each cell with it gets a separate process");
}

void thread_hop(const Subject& subject) {
  const auto here = exercise(subject);
  const auto made = subject.make(workable(subject).front());
  Results there;
  std::exception_ptr thrown;
  std::thread([&] {
    const c10::NoGradGuard no_grad;
    try {
      there = exercise(made);
    } catch (...) {
      thrown = std::current_exception();
    }
  }).join();
  if (thrown) std::rethrow_exception(thrown);
  expect(same_bits(here, there), "on another thread it gives a different result");
}

}  // namespace

std::vector<Check> plugin_checks() {
  return {
      {"handshake", "plugin",
       "a plugin that does not match this runner is refused before its code can do harm",
       handshake},
      {"names", "plugin", "experiments, tables and reports name plugins and components", names},
      {.name = "load",
       .face = "plugin",
       .why = "a change made by loading a library affects the results of all others",
       .run = load,
       .needs_fresh_worker = true},
      {.name = "silent",
       .face = "plugin",
       .why = "printed text disturbs programs that read the runner's output",
       .run = silent,
       .needs_fresh_worker = true},
  };
}

std::vector<Check> component_checks() {
  return {
      {"schema", "", "options are checked, shown and hashed according to their declaration",
       schema},
      {"construct", "", "a component must work without configuration", construct},
      {"bounds", "", "a value that the declaration allows must be accepted or refused, not crash",
       bounds},
      {"two_instances", "", "one worker keeps several objects of a component", two_instances},
      {"repeatable", "",
       "results are cached and resumed, so they must depend only on the arguments", repeatable},
      {"input_untouched", "", "arguments are in a cache that others read", input_untouched},
      {"global_state", "", "components of other plugins share LibTorch's settings and the process",
       global_state},
      {"no_leftovers", "",
       "leftover threads or processes may crash while another component is working", no_leftovers},
      {"thread_hop", "", "an object is constructed on one thread and used on another", thread_hop},
  };
}

}  // namespace earshot::worker
