#include <algorithm>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using Json = nlohmann::json;

TEST(Plugins, are_listed_with_what_they_add) {
  const Sandbox sandbox;
  const auto rows =
      Json::parse(sandbox.command({"plugins", "--format", "json", "--results", "r/r.db"}).out);
  const bool found = std::any_of(rows.begin(), rows.end(), [](const Json& row) {
    return row.at("plugin") == "spectral" && row.at("component") == "log_mel";
  });
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace earshot::testing
