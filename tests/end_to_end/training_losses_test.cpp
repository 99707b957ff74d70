#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using Json = nlohmann::json;

/// Expected values from PyTorch and transformers, by tests/golden/scripts/training_losses.py.
TEST(TrainingLosses, of_a_mapper_in_front_of_a_frozen_llama_equal_those_of_pytorch) {
  const std::filesystem::path golden = EARSHOT_SOURCE_DIR "/tests/golden/training_losses";
  const auto theirs =
      Json::parse(text_of(golden / "losses.json")).at("losses").get<std::vector<double>>();
  ASSERT_EQ(theirs.size(), 50U);
  EXPECT_LT(theirs.back(), 0.8 * theirs.front());

  const TemporaryFolder folder;
  const auto runner = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--results", folder / "results.db"});
    return Runner(folder.path(), std::move(words), {}).wait();
  };
  const auto ended = runner({golden / "training.toml"});
  ASSERT_EQ(ended.code, 0) << ended.out << ended.err;
  const auto rows = Json::parse(
      runner({"query", "SELECT value FROM curve WHERE name = 'train_loss' ORDER BY step",
              "--format", "json"})
          .out);
  ASSERT_EQ(rows.size(), theirs.size());
  for (std::size_t step = 0; step < theirs.size(); ++step)
    EXPECT_NEAR(rows[step].at("value").get<double>() / theirs[step], 1, 1e-4)
        << "step " << step
        << (step == 0 ? ": does the mapper begin with other weights than it did?" : "");
}

}  // namespace
}  // namespace earshot::testing
