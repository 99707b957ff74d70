#include "host/weights/settings.hpp"

#include <gmock/gmock.h>

#include "environment.hpp"
#include "files.hpp"
#include "host/base/failure.hpp"
#include "temporary_folder.hpp"

namespace earshot::host {
namespace {

using earshot::testing::Environment;
using Variables = std::map<std::string, std::string>;

std::string cache_with(const Variables& variables) {
  const Environment environment(variables);
  return hub_settings().cache.string();
}

TEST(HubSettings, find_the_cache_where_the_python_library_does) {
  EXPECT_EQ(cache_with({{"HOME", "/h"}}), "/h/.cache/huggingface/hub");
  EXPECT_EQ(cache_with({{"HOME", "/h"}, {"XDG_CACHE_HOME", "/x"}}), "/x/huggingface/hub");
  EXPECT_EQ(cache_with({{"XDG_CACHE_HOME", "/x"}, {"HF_HOME", "/hf"}}), "/hf/hub");
  EXPECT_EQ(cache_with({{"HF_HOME", "/hf"}, {"HUGGINGFACE_HUB_CACHE", "/old"}}), "/old");
  EXPECT_EQ(cache_with({{"HUGGINGFACE_HUB_CACHE", "/old"}, {"HF_HUB_CACHE", "/new"}}), "/new");
  EXPECT_EQ(cache_with({{"HF_HUB_CACHE", "~/hub"}, {"HOME", "/h"}}), "/h/hub");
  EXPECT_EQ(cache_with({{"HF_HOME", "${WHERE}/$WHERE/$NONE"}, {"WHERE", "/w"}}), "/w//w/$NONE/hub");
}

TEST(HubSettings, take_the_token_from_a_variable_or_a_file) {
  const earshot::testing::TemporaryFolder folder;
  const auto token = [&](Variables variables) {
    variables["HF_HOME"] = folder.path().string();
    const Environment environment(variables);
    return hub_settings().token;
  };
  EXPECT_EQ(token({}), "");
  earshot::testing::write(folder / "token", "hf_file\n");
  earshot::testing::write(folder / "other", " hf_other ");
  EXPECT_EQ(token({}), "hf_file");
  EXPECT_EQ(token({{"HF_TOKEN", "hf_variable"}}), "hf_variable");
  EXPECT_EQ(token({{"HF_TOKEN_PATH", (folder / "other").string()}}), "hf_other");
  EXPECT_EQ(token({{"HF_HUB_DISABLE_IMPLICIT_TOKEN", "1"}}), "");
}

TEST(HubSettings, refuse_a_token_that_would_add_headers_and_do_not_show_it) {
  const Environment environment(Variables{{"HF_TOKEN", "secret\r\nX-Header: 1"}});
  try {
    hub_settings();
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_THAT(failure.what(), ::testing::StartsWith("HF_TOKEN: "));
    EXPECT_THAT(failure.what(), ::testing::Not(::testing::HasSubstr("secret")));
  }
}

TEST(HubSettings, know_when_the_user_is_offline_and_which_hub_is_meant) {
  {
    const Environment environment(
        Variables{{"HF_HUB_OFFLINE", "yes"}, {"HF_ENDPOINT", "http://x:1//"}});
    EXPECT_TRUE(hub_settings().offline);
    EXPECT_EQ(hub_settings().endpoint, "http://x:1");
  }
  {
    const Environment environment(Variables{{"HF_HUB_OFFLINE", "0"}});
    EXPECT_FALSE(hub_settings().offline);
    EXPECT_EQ(hub_settings().endpoint, "https://huggingface.co");
  }
  const Environment environment(Variables{{"HF_ENDPOINT", "ftp://x"}});
  EXPECT_THROW(hub_settings(), Failure);
}

}  // namespace
}  // namespace earshot::host
