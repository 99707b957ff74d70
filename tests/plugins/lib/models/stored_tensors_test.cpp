#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <lib/models/stored_tensors.hpp>

#include <earshot/error.hpp>

namespace {

using namespace earshot;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(StoredTensors, come_back_from_a_state_whether_they_are_trained_or_not) {
  const auto weight = at::ones({2}).requires_grad_(true), mean = at::zeros({3});
  const NamedTensors tensors = {{"weight", weight}, {"mean", mean}};
  auto state = kit::state_of(tensors);
  EXPECT_FALSE(state.tensors.at("weight").requires_grad());
  state.tensors["weight"] = at::full({2}, 5);
  state.tensors["mean"] = at::full({3}, 7);
  kit::load_tensors(state, tensors);
  EXPECT_EQ(weight[1].item<float>(), 5);
  EXPECT_EQ(mean[2].item<float>(), 7);
  EXPECT_TRUE(weight.is_leaf() && weight.requires_grad());
}

TEST(StoredTensors, stay_as_they_are_if_a_state_does_not_fit) {
  const auto weight = at::ones({2}), mean = at::zeros({3});
  const NamedTensors tensors = {{"weight", weight}, {"mean", mean}};
  const State good{.tensors = {{"weight", at::zeros({2})}, {"mean", mean}}, .text = {}};
  const auto load = [&](const State& state) { return [&] { kit::load_tensors(state, tensors); }; };
  auto lacking = good, more = good, another = good;
  lacking.tensors.erase("mean");
  more.tensors["other"] = mean;
  another.tensors["mean"] = at::zeros({4});
  EXPECT_THAT(load(lacking), ThrowsMessage<DataError>(HasSubstr("lacks tensor 'mean'")));
  EXPECT_THAT(load(more), ThrowsMessage<DataError>(HasSubstr("'other'")));
  EXPECT_THAT(load(another), ThrowsMessage<DataError>(HasSubstr("is [4]; expected [3]")));
  EXPECT_EQ(weight[0].item<float>(), 1);
}

}  // namespace
