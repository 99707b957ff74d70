#include <map>

#include <gmock/gmock.h>
#include <lib/learn/rendezvous.hpp>

#include <earshot/error.hpp>

namespace {

using earshot::ConfigError;
using earshot::kit::Rendezvous;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

using Environment = std::map<std::string, std::string>;

Environment environment(const Environment& changed = {}) {
  auto all = changed;
  all.merge(Environment{
      {"MASTER_ADDR", "node7"}, {"MASTER_PORT", "29500"}, {"RANK", "3"}, {"WORLD_SIZE", "4"}});
  return all;
}

Rendezvous read(const Environment& given, std::int64_t processes = 4) {
  return earshot::kit::rendezvous_for(processes, [&](const char* name) {
    const auto found = given.find(name);
    return found == given.end() ? nullptr : found->second.c_str();
  });
}

TEST(Rendezvous, is_what_launchers_of_pytorch_put_into_the_environment) {
  const auto found = read(environment());
  EXPECT_EQ(found.address, "node7");
  EXPECT_EQ(found.port, 29500);
  EXPECT_EQ(found.rank, 3);
  EXPECT_EQ(found.size, 4);
  EXPECT_FALSE(found.is_kept);
  EXPECT_FALSE(found.is_loopback());
  const auto kept =
      read(environment({{"TORCHELASTIC_USE_AGENT_STORE", "True"}, {"MASTER_ADDR", "127.0.0.1"}}));
  EXPECT_TRUE(kept.is_kept);
  EXPECT_TRUE(kept.is_loopback());
}

TEST(Rendezvous, names_the_variable_that_is_missing) {
  for (const auto* name : {"MASTER_ADDR", "MASTER_PORT", "RANK", "WORLD_SIZE"}) {
    auto all = environment();
    all.erase(name);
    EXPECT_THAT([&] { read(all); }, ThrowsMessage<ConfigError>(
                                        HasSubstr("processes is 4, and the environment variable " +
                                                  std::string(name) + " is not set")));
  }
}

TEST(Rendezvous, refuses_what_is_no_such_number) {
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"RANK", "4"},
                                                        {"RANK", "-1"},
                                                        {"RANK", "1x"},
                                                        {"RANK", ""},
                                                        {"WORLD_SIZE", "0"},
                                                        {"WORLD_SIZE", "four"},
                                                        {"MASTER_PORT", "0"},
                                                        {"MASTER_PORT", "65536"},
                                                        {"MASTER_PORT", "99999999999999999999"}})
    EXPECT_THAT(
        [&] {
          read(environment({{name, value}}));
        },
        ThrowsMessage<ConfigError>(
            HasSubstr("environment variable " + name + " is '" + value + "'; expected")))
        << name << " " << value;
}

TEST(Rendezvous, refuses_another_number_of_processes_than_there_are) {
  EXPECT_THAT([&] { read(environment(), 2); },
              ThrowsMessage<ConfigError>(
                  HasSubstr("processes is 2, and WORLD_SIZE of the environment is 4")));
}

}  // namespace
