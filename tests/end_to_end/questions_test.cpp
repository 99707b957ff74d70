#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "data_folder.hpp"
#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::HasSubstr;

/// The sandbox's tones of three kinds, with a question about the kind.
class Questions : public ::testing::Test {
 protected:
  Questions() {
    std::ostringstream table;
    for (int clip = 0; clip < 70; ++clip) {
      const auto kind = "kind" + std::to_string(clip % 3);
      table << nlohmann::json{{"audio", kind + "/" + std::to_string(clip) + ".wav"},
                              {"kind", kind},
                              {"category", clip % 2 == 0 ? "even" : "odd"},
                              {"question", "Which kind is it?"},
                              {"choices", {"kind0", "kind1", "kind2"}},
                              {"answer", kind}}
            << '\n';
    }
    write(sandbox_.data() / "questions.jsonl", table.str());
    sandbox_.write_experiment(R"([experiment]
name = "tones"
[dataset.questions]
use = "table"
options = { file = "data/questions.jsonl", question = "question", choices = "choices", answer = "answer", labels = ["kind"], slices = ["category"], test = 0.4 }
[encoder.log_mel]
use = "log_mel"
[mapper.mlp]
use = "mlp"
options = { hidden = 16 }
[language_model.small]
use = "small_language_model"
[task.hearing]
use = "audio_qa"
dataset = "questions"
options = { tokens = 4, max_steps = 60, lr = 0.02, batch_size = 8, validate_every = 15, checkpoint_every = 7, max_tokens = 8 }
[task.blind]
use = "audio_qa"
dataset = "questions"
options = { input = "none", max_steps = 60, lr = 0.02, batch_size = 8, checkpoint_every = 7, max_tokens = 8 }
[task.oracle]
use = "audio_qa"
dataset = "questions"
options = { input = "labels", max_steps = 60, lr = 0.02, batch_size = 8, checkpoint_every = 7, max_tokens = 8 }
[task.silence]
use = "audio_qa"
dataset = "questions"
options = { input = "silence", tokens = 4, max_steps = 20, lr = 0.02, batch_size = 8, max_tokens = 8 }
[task.majority]
use = "constant_answer"
dataset = "questions"
[[matrix]]
encoder = ["log_mel"]
mapper = ["mlp"]
language_model = ["small"]
task = ["hearing", "blind", "oracle", "silence", "majority"]
)");
  }

  Ended run(const std::string& results, std::vector<std::string> words = {},
            std::vector<std::string> environment = {}) const {
    words.insert(words.end(), {"--plugin-path", STAGE_FIXTURE_FOLDER});
    return sandbox_.run(results, std::move(words), std::move(environment));
  }
  double value(const std::string& task, const std::string& metric,
               const std::string& slice = "all") const {
    return std::stod(sandbox_.query("r", "SELECT value FROM result WHERE metric = '" + metric +
                                             "' AND slice = '" + slice + "' AND task = '" + task +
                                             "'"));
  }

  const Sandbox sandbox_;
};

TEST_F(Questions, are_answered_with_audio_and_not_without) {
  const auto ended = run("r");
  ASSERT_EQ(ended.code, 0) << ended.out << ended.err;
  EXPECT_GT(value("hearing", "accuracy"), 0.9);
  EXPECT_GT(value("hearing", "accuracy", "odd"), 0.9);
  EXPECT_GT(value("oracle", "accuracy"), 0.9);
  EXPECT_LT(value("blind", "accuracy"), 0.6);
  EXPECT_LT(value("silence", "accuracy"), 0.6);
  EXPECT_LT(value("majority", "accuracy"), 0.6);
  EXPECT_EQ(sandbox_.query("r", "SELECT count(*) FROM artifact WHERE name = 'prompts.txt'"), "4");
  EXPECT_NE(sandbox_.query("r", "SELECT count(*) FROM curve"), "0");

  write_sound(sandbox_ / "a.wav", tone(16000, 440, 16000), 16000);
  const auto unasked = sandbox_.command(
      {"answer", "--checkpoint",
       sandbox_.query("r", "SELECT max(run_id) FROM result WHERE task = 'majority'"), "a.wav",
       "which?", "--results", "r/results.db", "--plugin-path", STAGE_FIXTURE_FOLDER});
  EXPECT_EQ(unasked.code, 2);
  EXPECT_THAT(unasked.err, HasSubstr("has no model that answers questions"));
}

TEST_F(Questions, whose_training_is_killed_in_the_middle_are_answered_with_the_same_bits) {
  const auto undisturbed = run("r");
  ASSERT_EQ(undisturbed.code, 0) << undisturbed.out << undisturbed.err;
  const auto dump = sandbox_.canonical("r");
  for (const char* point : {"partial-state-written:1", "partial-state-written:4",
                            "fit-state-written:1", "predicted:1"}) {
    SCOPED_TRACE(point);
    std::filesystem::remove_all(sandbox_ / "killed");
    const auto hurt = run("killed", {"-j", "1"}, {std::string("EARSHOT_FAULT=") + point});
    EXPECT_THAT(hurt.out, HasSubstr("killed by signal 9")) << hurt.err;
    const auto again = run("killed");
    EXPECT_EQ(again.code, 0) << again.out << again.err;
    EXPECT_EQ(sandbox_.canonical("killed"), dump);
  }
}

TEST_F(Questions, whose_training_is_interrupted_resume_where_it_was) {
  const auto undisturbed = run("r");
  ASSERT_EQ(undisturbed.code, 0) << undisturbed.out << undisturbed.err;
  auto runner = sandbox_.start("stopped", {"-j", "1", "--plugin-path", STAGE_FIXTURE_FOLDER});
  runner.wait_for("\nok  ");
  runner.kill(SIGTERM);
  EXPECT_EQ(runner.wait().code, 128 + SIGTERM);
  EXPECT_EQ(run("stopped").code, 0);
  EXPECT_EQ(sandbox_.canonical("stopped"), sandbox_.canonical("r"));
}

/// Results of constant answers on MMAU test-mini (August 2025), from its JSON alone.
TEST(ConstantAnswers, reach_their_known_results_on_mmau) {
  const auto file = data_folder() / "text/mmau/mmau-test-mini.json";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no " << file << "; set EARSHOT_DATA";
  const Sandbox sandbox;
  sandbox.write_experiment(R"([experiment]
name = "tones"
[dataset.mmau]
use = "mmau"
options = { file = ")" + file.string() +
                           R"(" }
[encoder.level_only]
use = "level_only"
[task.first]
use = "constant_answer"
dataset = "mmau"
options = { rule = "option", option = 1 }
[task.longest]
use = "constant_answer"
dataset = "mmau"
options = { rule = "longest" }
[[matrix]]
encoder = ["level_only"]
task = ["first", "longest"]
)");
  const auto ended = sandbox.run("r");
  ASSERT_EQ(ended.code, 0) << ended.out << ended.err;
  const auto percent = [&](const char* task, const char* metric, const char* slice) {
    return sandbox.query("r", std::string("SELECT printf('%.2f', 100 * value) FROM result WHERE "
                                          "task = '") +
                                  task + "' AND metric = '" + metric + "' AND slice = '" + slice +
                                  "'");
  };
  EXPECT_EQ(percent("first", "accuracy", "all"), "39.50");
  EXPECT_EQ(percent("first", "mmau_tokens", "all"), "39.80");
  EXPECT_EQ(percent("first", "accuracy", "sound"), "49.25");
  EXPECT_EQ(percent("first", "accuracy", "music"), "30.24");
  EXPECT_EQ(percent("first", "accuracy", "speech"), "39.04");
  EXPECT_EQ(percent("longest", "mmau_tokens", "all"), "39.60");
}

}  // namespace
}  // namespace earshot::testing
