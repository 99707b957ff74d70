#include <mutex>

#include <ATen/ATen.h>
#include <c10/util/Exception.h>

#include <gmock/gmock.h>
#include <lib/learn/communicator.hpp>

#include "together.hpp"

namespace {

using namespace earshot;
using kit::Communicator;
using kit::Rendezvous;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

using CommunicatorOfSeveral = test::Together;

TEST(Communicator, of_a_process_alone_changes_nothing) {
  const Communicator alone;
  const auto tensor = at::arange(3, at::kFloat);
  alone.sum({tensor});
  EXPECT_TRUE(at::equal(tensor, at::arange(3, at::kFloat)));
  EXPECT_THAT(alone.sums_of({1, 2}), ElementsAre(1, 2));
  EXPECT_EQ(alone.from_first({.text = {{"a", "b"}}}).text.at("a"), "b");
  EXPECT_TRUE(alone.leads());
  EXPECT_EQ(Communicator::join({}).size(), 1);
}

TEST_F(CommunicatorOfSeveral, adds_up_tensors_of_several_types_and_layouts_in_place) {
  run(3, [](const Communicator& all) {
    const auto factor = static_cast<double>(all.rank() + 1);
    const auto numbers = at::arange(6, at::kFloat).view({2, 3});
    const auto turned = (numbers * factor).t();
    const auto exact = at::full({1}, 0.1 * factor, at::kDouble), none = at::empty({0});
    const auto half = at::full({2}, factor, at::kBFloat16);
    all.sum({turned, none, exact, half});
    EXPECT_TRUE(at::equal(turned, (numbers * 6).t()));
    EXPECT_NEAR(exact.item<double>(), 0.6, 1e-15);
    EXPECT_TRUE(at::equal(half, at::full({2}, 6, at::kBFloat16)));
    EXPECT_THAT(all.sums_of({factor, 1}), ElementsAre(6, 3));
    EXPECT_THAT(all.sums_of({}), ElementsAre());
    EXPECT_EQ(all.leads(), all.rank() == 0);
  });
}

TEST_F(CommunicatorOfSeveral, gives_all_the_same_bits) {
  const auto values = at::randn({3, 100'003});
  std::mutex mutex;
  std::vector<at::Tensor> sums;
  run(3, [&](const Communicator& all) {
    const auto own = values[all.rank()].clone();
    all.sum({own});
    const std::lock_guard lock(mutex);
    sums.push_back(own);
  });
  ASSERT_EQ(sums.size(), 3u);
  for (const auto& sum : sums) {
    EXPECT_TRUE(at::equal(sum, sums[0]));
    EXPECT_LE((sum - values.sum(0)).abs().max().item<double>(), 1e-5);
  }
}

TEST_F(CommunicatorOfSeveral, hands_out_the_state_of_the_first) {
  const State given{.tensors = {{"a name", at::randn({2, 3}).t()},
                                {"counts", at::arange(4, at::kLong)},
                                {"flag", at::ones({}, at::kBool)},
                                {"none", at::empty({0, 2})}},
                    .text = {{"step", "7"}, {"odd", "two\nlines, 3 \"quotes\" "}, {"", ""}}};
  run(2, [&](const Communicator& all) {
    const auto got = all.from_first(all.leads() ? given : State{.text = {{"other", "x"}}});
    EXPECT_EQ(got.text, given.text);
    ASSERT_EQ(got.tensors.size(), given.tensors.size());
    for (const auto& [name, tensor] : given.tensors) {
      ASSERT_EQ(got.tensors.count(name), 1u) << name;
      EXPECT_EQ(got.tensors.at(name).scalar_type(), tensor.scalar_type());
      EXPECT_TRUE(at::equal(got.tensors.at(name), tensor)) << name;
    }
  });
}

TEST_F(CommunicatorOfSeveral, says_so_when_another_process_ends) {
  run(2, [](const Communicator& all) {
    if (!all.leads()) return;
    try {
      for (int i = 0; i < 1000; ++i)
        all.sums_of({1});
      ADD_FAILURE() << "it goes on alone";
    } catch (const c10::DistError& error) {
      EXPECT_THAT(error.what_without_backtrace(),
                  HasSubstr("rank 0 of the 2 processes of the training has lost another one"));
    }
  });
}

TEST_F(CommunicatorOfSeveral, refuses_a_port_that_is_taken) {
  const test::FreePort taken;
  EXPECT_THAT(
      ([&] {
        Communicator::join({.address = "127.0.0.1", .port = taken.number(), .rank = 0, .size = 2});
      }),
      ThrowsMessage<ConfigError>(
          HasSubstr("MASTER_PORT is " + std::to_string(taken.number()) + ", which cannot")));
}

}  // namespace
