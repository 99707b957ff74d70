#pragma once
#include <map>
#include <string>

#include "host/base/failure.hpp"
#include "host/experiment/matrix.hpp"
#include "host/experiment/read.hpp"

namespace earshot::host {

/// Files in memory; the experiment is "x.toml".
using Files = std::map<std::string, std::string>;

inline Experiment parse(const Files& files, const Overrides& overrides = {}) {
  return parse_experiment("x.toml", overrides, [&](const std::string& file) {
    const auto found = files.find(file);
    if (found == files.end()) throw Failure(ExitCode::usage, file + ": there is no such file");
    return found->second;
  });
}

inline Experiment parse(const std::string& text, const Overrides& overrides = {}) {
  return parse(Files{{"x.toml", text}}, overrides);
}

/// Message of the Failure that `action` ends with, which must be of bad usage.
template <class Action>
std::string refusal(Action action) {
  try {
    action();
  } catch (const Failure& failure) {
    return failure.code() == ExitCode::usage ? failure.what() : "another exit code";
  }
  return "no failure";
}

/// An experiment on which most tests build; its last section is [[matrix]].
inline std::string small(const std::string& end) {
  return R"([experiment]
name = "small"
[dataset.rooms]
use = "scenes"
[encoder.mel]
use = "log_mel"
[encoder.level]
use = "level_only"
[task.room]
use = "linear_probe"
dataset = "rooms"
options = { target = "room" }
[task.event]
use = "linear_probe"
dataset = "rooms"
[[matrix]]
)" + end;
}

}  // namespace earshot::host
