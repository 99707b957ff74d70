#include <gmock/gmock.h>

#include "protocol/hash.hpp"
#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// An encoder that is trained to tell tones apart, and one that is not trained.
constexpr const char* study = R"([experiment]
name = "tones"
question = "Can it be told apart?"
[dataset.tones]
use = "folder"
options = { root = "data" }
[encoder.untrained]
use = "linear_layer"
options = { dim = 3 }
[encoder.trained]
use = "linear_layer"
options = { dim = 3, scale = 0.5 }
[encoder.trained.pretrain]
use = "descent"
dataset = "tones"
options = { target = "class" }
[task.near]
use = "knn"
dataset = "tones"
options = { target = "class" }
[[matrix]]
encoder = ["untrained", "trained"]
task = ["near"]
)";

class ExportEncoder : public ::testing::Test {
 protected:
  ExportEncoder() { sandbox_.write_experiment(study); }

  Ended run(std::vector<std::string> words = {}) const {
    words.insert(words.end(), {"--plugin-path", STAGE_FIXTURE_FOLDER});
    return sandbox_.run("r", std::move(words));
  }
  Ended export_encoder(std::vector<std::string> words) const {
    words.insert(words.begin(), {"export-encoder", "tones.toml"});
    words.insert(words.end(), {"--results", "r/results.db", "--plugin-path", STAGE_FIXTURE_FOLDER});
    return sandbox_.command(std::move(words));
  }
  double accuracy(const std::string& encoder) const {
    return std::stod(sandbox_.query("r",
                                    "SELECT value FROM result WHERE metric = 'accuracy' AND "
                                    "slice = 'all' AND encoder = '" +
                                        encoder + "'"));
  }

  const Sandbox sandbox_;
};

TEST_F(ExportEncoder, saves_weights_with_which_the_plugin_gives_the_same_results) {
  ASSERT_EQ(run().code, 0);
  const auto saved = export_encoder({"trained", "--to", "saved"});
  ASSERT_EQ(saved.code, 0) << saved.out << saved.err;
  EXPECT_THAT(saved.out, HasSubstr("wrote 2 tensors of 51 numbers to saved"));
  EXPECT_THAT(text_of(sandbox_ / "saved/config.json"), HasSubstr("\"scale\": 0.5"));
  EXPECT_THAT(text_of(sandbox_ / "saved/model.safetensors").substr(0, 300),
              AllOf(HasSubstr("weight"), HasSubstr("\"format\":\"pt\"")));

  // `scale` belongs to random weights, so that the card leaves it out.
  std::string text = study;
  text.replace(text.find("options = { dim = 3 }"), 21,
               "options = { weights = \"saved\", dim = 3 }");
  sandbox_.write_experiment(text);
  ASSERT_EQ(run().code, 0);
  EXPECT_GT(accuracy("trained"), 0.8);
  EXPECT_EQ(accuracy("untrained"), accuracy("trained"));
}

TEST_F(ExportEncoder, saves_units_that_k_means_learnt_from_another_encoder) {
  const std::string units = R"(
[encoder.log_mel]
use = "log_mel"
[encoder.units]
use = "kmeans"
from = "log_mel"
options = { k = 8 }
)";
  const std::string pretrain = R"([encoder.units.pretrain]
use = "representation"
dataset = "tones"
options = { objective = "reconstruction", max_steps = 20, batch_size = 8 }
)";
  std::string text = study;
  text.replace(text.find("encoder = [\"untrained\", \"trained\"]"), 34, "encoder = [\"units\"]");
  const auto place = text.find("[task.near]");
  sandbox_.write_experiment(std::string(text).insert(place, units + pretrain));
  ASSERT_EQ(run().code, 0);
  const auto learnt = accuracy("units");
  const auto saved = export_encoder({"units", "--to", "saved"});
  ASSERT_EQ(saved.code, 0) << saved.out << saved.err;
  EXPECT_THAT(text_of(sandbox_ / "saved/README.md"),
              AllOf(HasSubstr("options = { weights = \"FOLDER\", k = 8 }\nfrom = [\"log_mel\"]"),
                    HasSubstr("| reads | features of `log_mel`")));
  auto loaded = units;
  loaded.replace(loaded.find("k = 8"), 5, "k = 8, weights = \"saved\"");
  sandbox_.write_experiment(text.insert(place, loaded));
  ASSERT_EQ(run().code, 0);
  EXPECT_EQ(accuracy("units"), learnt);
}

TEST_F(ExportEncoder, describes_data_training_builds_and_hashes_in_a_model_card) {
  ASSERT_EQ(run().code, 0);
  ASSERT_EQ(export_encoder({"trained", "--to", "saved"}).code, 0);
  const auto card = text_of(sandbox_ / "saved/README.md");
  EXPECT_THAT(card,
              AllOf(HasSubstr("# trained\n"), HasSubstr("use = \"stage_fixture/linear_layer\""),
                    HasSubstr("options = { weights = \"FOLDER\", dim = 3 }"),
                    HasSubstr("| experiment | `tones`, tones.toml |"),
                    HasSubstr("Can it be told apart?"), HasSubstr("\"steps\":40")));
  EXPECT_THAT(card, AllOf(HasSubstr("the training items of `tones`"), HasSubstr("| seed | 0 |"),
                          HasSubstr("at step 39"), HasSubstr("| hash of the dataset | `"),
                          HasSubstr("| hash of the plugin | `"), HasSubstr("| exported by | ")));
  EXPECT_THAT(card, HasSubstr("| hash of model.safetensors | `" +
                              protocol::sha256_file(sandbox_ / "saved/model.safetensors") + "` |"));
  EXPECT_THAT(card,
              AllOf(HasSubstr("\"root\":\"data\""), Not(HasSubstr((sandbox_ / "data").string()))))
      << "others are not told where files were";
}

TEST_F(ExportEncoder, refuses_an_encoder_that_was_not_trained) {
  const auto before =
      export_encoder({"trained", "--set", "encoder.trained.options.scale=2.0", "--to", "saved"});
  EXPECT_EQ(before.code, 2);
  EXPECT_THAT(
      before.err,
      AllOf(HasSubstr("encoder 'trained' has not been trained yet"),
            HasSubstr("'runner tones.toml --set encoder.trained.options.scale=2.0' trains it")));
  const auto never = export_encoder({"untrained", "--to", "saved"});
  EXPECT_EQ(never.code, 2);
  EXPECT_THAT(never.err,
              AllOf(HasSubstr("encoder 'untrained' is not trained in tones.toml"),
                    HasSubstr("[encoder.untrained.pretrain]"), HasSubstr("It trains trained")));
  const auto unknown = export_encoder({"traind", "--to", "saved"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err,
              AllOf(HasSubstr("no encoder 'traind' in tones.toml; it has trained, untrained"),
                    HasSubstr("did you mean 'trained'?")));
  EXPECT_FALSE(std::filesystem::exists(sandbox_ / "saved"));
}

// Regression: the message named a command that did nothing, since all cells were ok.
TEST_F(ExportEncoder, says_how_to_train_again_what_has_left_the_cache) {
  ASSERT_EQ(run().code, 0);
  std::filesystem::remove_all(sandbox_ / "r/cache/pretrained");
  const auto gone = export_encoder({"trained", "--to", "saved"});
  EXPECT_EQ(gone.code, 2);
  EXPECT_THAT(gone.err, AllOf(HasSubstr("is no longer in the cache"),
                              HasSubstr("'runner tones.toml --results r/again.db' does")));
  ASSERT_EQ(
      sandbox_
          .command({"tones.toml", "--results", "r/again.db", "--plugin-path", STAGE_FIXTURE_FOLDER})
          .code,
      0);
  EXPECT_EQ(export_encoder({"trained", "--to", "saved"}).code, 0);
}

TEST_F(ExportEncoder, needs_the_file_of_an_experiment_and_a_folder) {
  const auto command = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "export-encoder");
    return sandbox_.command(std::move(words));
  };
  EXPECT_THAT(command({"tones", "trained", "--to", "saved"}).err,
              HasSubstr("needs the file of an experiment (FILE.toml), not its name"));
  EXPECT_THAT(command({"other.toml", "trained", "--to", "saved"}).err, HasSubstr("other.toml"));
  EXPECT_THAT(command({"tones.toml"}).err, HasSubstr("ENCODER is missing"));
  EXPECT_THAT(command({"tones.toml", "trained"}).err, HasSubstr("--to is missing"));
  EXPECT_THAT(export_encoder({"trained", "--to", "tones.toml"}).err, HasSubstr("is no folder"));
  const auto help = command({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("runner export-encoder my_study.toml small --to encoders/small"));
}

TEST_F(ExportEncoder, replaces_nothing) {
  ASSERT_EQ(run().code, 0);
  write(sandbox_ / "saved/notes.txt", "mine");
  const auto full = export_encoder({"trained", "--to", "saved"});
  EXPECT_EQ(full.code, 2);
  EXPECT_THAT(full.err, HasSubstr("already exists and is not empty"));
  EXPECT_EQ(text_of(sandbox_ / "saved/notes.txt"), "mine");
  std::filesystem::create_directory(sandbox_ / "empty");
  EXPECT_EQ(export_encoder({"trained", "--to", "empty/"}).code, 0);
  EXPECT_EQ(export_encoder({"trained", "--to", "empty"}).code, 2);
}

TEST_F(ExportEncoder, asks_which_of_several_trainings_is_meant) {
  std::string text = study;
  text.replace(text.find("encoder = [\"untrained\", \"trained\"]"), 34,
               "encoder = [\"trained\"]\n\"encoder.scale\" = [0.5, 2.0]");
  sandbox_.write_experiment(text);
  ASSERT_EQ(run().code, 0);
  const auto which = export_encoder({"trained", "--to", "saved"});
  EXPECT_EQ(which.code, 2);
  EXPECT_THAT(which.err, AllOf(HasSubstr("several options; say with --key"),
                               HasSubstr("\"scale\":0.5"), HasSubstr("\"scale\":2.0")));
  const auto end = which.err.find(" ({");
  ASSERT_NE(end, std::string::npos) << which.err;
  const auto key = which.err.substr(end - 12, 12);
  EXPECT_EQ(export_encoder({"trained", "--key", key, "--to", "saved"}).code, 0);
  const auto none = export_encoder({"trained", "--key", "xyz", "--to", "other"});
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, AllOf(HasSubstr("has a key that begins with 'xyz'"), HasSubstr(key)));
}

/// Exports an encoder whose option `exports` is `what`, which does not work. @returns the message
class FailingExport : public ExportEncoder {
 protected:
  std::string refusal(const std::string& what) {
    std::string text = study;
    text.replace(text.find("scale = 0.5"), 11, "scale = 0.5, exports = \"" + what + "\"");
    sandbox_.write_experiment(text);
    EXPECT_EQ(run().code, 0);
    const auto ended = export_encoder({"trained", "--to", "saved"});
    EXPECT_EQ(ended.code, 2);
    EXPECT_FALSE(std::filesystem::exists(sandbox_ / "saved"));
    return ended.err;
  }
};

TEST_F(FailingExport, leaves_nothing_where_the_plugin_does_not_take_what_it_has_learnt) {
  EXPECT_THAT(refusal("tensors"),
              AllOf(HasSubstr("does not take what it has learnt as its option 'weights'"),
                    HasSubstr("'scale' is missing")));
}

TEST_F(FailingExport, leaves_nothing_where_the_weights_give_other_features) {
  EXPECT_THAT(refusal("another scale"),
              HasSubstr("gives other features or codes than the trained one"));
}

TEST_F(FailingExport, says_why_a_plugin_cannot_export) {
  EXPECT_THAT(refusal("nothing"), HasSubstr("encoder 'linear_layer' cannot be exported: it keeps "
                                            "to itself what it has learnt"));
}

TEST_F(ExportEncoder, leaves_nothing_when_the_disk_is_full) {
  ASSERT_EQ(run().code, 0);
  // Files of the worker end after 100 bytes.
  const auto ended = export_encoder({"trained", "--to", "saved", "--worker-prefix",
                                     "env --ignore-signal=XFSZ prlimit --fsize=100"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("saved/model.safetensors: cannot be written: File too large"));
  EXPECT_FALSE(std::filesystem::exists(sandbox_ / "saved"));
}

}  // namespace
}  // namespace earshot::testing
