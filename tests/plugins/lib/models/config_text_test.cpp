#include <gmock/gmock.h>
#include <lib/models/config_text.hpp>

#include <earshot/kit/model_config.hpp>

#include "files.hpp"
#include "temporary_folder.hpp"

namespace {

using earshot::kit::ConfigText;
using earshot::kit::ModelConfig;

TEST(ConfigText, is_read_as_it_was_written) {
  const std::vector<std::int64_t> ratios{8, 5, 4, 2};
  const std::vector<double> rates{1.5, 0.1, 12};
  const auto text = ConfigText()
                        .add("name", "reflect")
                        .add("on", true)
                        .add("off", false)
                        .add("size", std::int64_t{-3})
                        .add("third", 1.0 / 3)
                        .add("ratios", ratios)
                        .add("rates", rates)
                        .text();
  const earshot::testing::TemporaryFolder folder;
  earshot::testing::write(folder / "config.json", text);
  const ModelConfig config(folder / "config.json");
  EXPECT_EQ(config.get<std::string>("name"), "reflect");
  EXPECT_TRUE(config.get<bool>("on"));
  EXPECT_FALSE(config.get<bool>("off"));
  EXPECT_EQ(config.get<std::int64_t>("size"), -3);
  EXPECT_EQ(config.get<double>("third"), 1.0 / 3);
  EXPECT_EQ(config.get<std::vector<std::int64_t>>("ratios"), ratios);
  EXPECT_EQ(config.get<std::vector<double>>("rates"), rates);
}

}  // namespace
