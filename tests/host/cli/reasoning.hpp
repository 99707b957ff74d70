#pragma once
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sandbox.hpp"

namespace earshot::testing {

/// Questions on synthetic scenes, and a language model of bytes that learns for a few steps only.
class Reasoning : public ::testing::Test {
 protected:
  Reasoning() {
    sandbox.write_experiment(R"([experiment]
name = "tones"
[dataset.questions]
use = "scene_questions"
options = { clips = 96, seconds = 1.0, sample_rate = 16000 }
[encoder.log_mel]
use = "log_mel"
[mapper.linear]
use = "linear"
[language_model.tiny]
use = "llama"
options = { weights = "random", preset = "tiny", train = "frozen" }
[language_model.tiny.pretrain]
use = "audio_qa"
dataset = "questions"
options = { input = "caption", prefix = 0, max_steps = 3, validate_every = 0, batch_size = 4 }
set = { train = "full" }
[task.reasoning]
use = "audio_qa"
dataset = "questions"
options = { max_steps = 3, validate_every = 0, batch_size = 4, max_tokens = 8 }
[[matrix]]
encoder = ["log_mel"]
mapper = ["linear"]
language_model = ["tiny"]
task = ["reasoning"]
"task.tokens" = [4]
)");
  }

  Ended command(const std::string& name, std::vector<std::string> words) const {
    words.insert(words.begin(), name);
    words.insert(words.end(), {"--results", "r/results.db"});
    return sandbox.command(std::move(words));
  }
  std::string number(const std::string& metric) const {
    return sandbox.query(
        "r", "SELECT value FROM result WHERE slice = 'all' AND metric = '" + metric + "'");
  }

  Sandbox sandbox;
};

}  // namespace earshot::testing
