#include <fstream>

#include <ATen/ATen.h>

#include <gmock/gmock.h>

#include <earshot/kit/checkpoint.hpp>
#include <earshot/kit/name_map.hpp>

#include "made_files.hpp"
#include "temporary_folder.hpp"

namespace {

using namespace earshot;
using namespace earshot::testing;
using earshot::kit::Checkpoint;
using earshot::kit::NameMap;
using earshot::kit::save_safetensors;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class Names : public ::testing::Test {
 protected:
  Checkpoint with(const std::map<std::string, at::Tensor>& tensors) {
    save_safetensors(folder / "x.safetensors", tensors);
    return Checkpoint(folder / "x.safetensors");
  }
  TemporaryFolder folder;
};

TEST_F(Names, are_rewritten_by_rules_in_their_order) {
  const auto names = NameMap()
                         .under("model.")
                         .strip("module.")
                         .replace(R"(\.parametrizations\.weight\.original0$)", ".weight_g")
                         .replace(R"(^layers\.(\d+)\.)", "block$1.")
                         .ignore("num_batches_tracked$");
  EXPECT_EQ(names("model.module.layers.3.parametrizations.weight.original0"), "block3.weight_g");
  EXPECT_EQ(names("model.a"), "a");
  EXPECT_EQ(names("module.a"), std::nullopt);
  EXPECT_EQ(names("model.bn.num_batches_tracked"), std::nullopt);
}

TEST_F(Names, of_two_tensors_may_not_become_one) {
  const auto checkpoint = with({{"a", at::ones({1})}, {"module.a", at::ones({1})}});
  EXPECT_THAT(refusal([&] { match(checkpoint, NameMap().strip("module."), {}); }),
              HasSubstr("'a' and 'module.a' are both 'a' in the model"));
}

TEST_F(Names, that_do_not_fit_are_reported_together) {
  const auto checkpoint =
      with({{"w", at::ones({3, 4})}, {"x", at::ones({1})}, {"y", at::ones({1})}});
  const std::map<std::string, std::vector<std::int64_t>> model{
      {"a", {1}}, {"b", {1}}, {"c", {1}}, {"w", {4, 4}}};
  const auto matching = match(checkpoint, NameMap(), model);
  EXPECT_FALSE(matching.fits());
  EXPECT_EQ(
      matching.report(),
      "3 tensors are missing: 'a', 'b', 'c'; 2 are unexpected: 'x', 'y'; 1 has another shape: "
      "'w' is [3, 4] and should be [4, 4]");
  const auto loose = match(checkpoint, NameMap().ignore("^[xw]$").optional("^[abcw]$"), model);
  EXPECT_EQ(loose.report(), "1 tensor is unexpected: 'y'");
  EXPECT_EQ(match(checkpoint, NameMap().ignore(""), {}).report(), "");
}

TEST_F(Names, are_limited_in_a_report_if_there_are_many) {
  std::map<std::string, std::vector<std::int64_t>> model;
  for (char name = 'a'; name <= 'h'; ++name)
    model[std::string(1, name)] = {1};
  EXPECT_THAT(match(with({}), NameMap(), model).report(),
              EndsWith("'a', 'b', 'c', 'd', 'e' and 3 more"));
}

TEST_F(Names, that_fit_are_loaded_and_those_that_do_not_change_nothing) {
  const auto checkpoint =
      with({{"model.a", at::arange(3.F)}, {"model.b", at::ones({2}, at::kHalf)}});
  const auto names = NameMap().under("model.");
  auto a = at::zeros({3}), b = at::zeros({2}), c = at::full({1}, 5.F);
  EXPECT_THAT(refusal([&] {
                load(checkpoint, names, {{"a", a}, {"b", b}, {"c", c}});
              }),
              HasSubstr("does not fit the model: 1 tensor is missing: 'c'"));
  EXPECT_THAT(refusal([&] {
                load(checkpoint, names, {{"a", a}});
              }),
              HasSubstr("1 tensor is unexpected: 'model.b'"));
  EXPECT_EQ(a.sum().item<float>(), 0);
  load(checkpoint, NameMap(names).optional("^c$"), {{"a", a}, {"b", b}, {"c", c}});
  EXPECT_TRUE(at::equal(a, at::arange(3.F)));
  EXPECT_TRUE(at::equal(b, at::ones({2})));
  EXPECT_EQ(c.item<float>(), 5);
}

TEST_F(Names, can_be_taken_without_a_copy) {
  const auto checkpoint = with({{"model.a", at::arange(3.F)}});
  const auto taken = take(checkpoint, NameMap().strip("model."), {{"a", {3}}});
  EXPECT_EQ(taken.at("a").const_data_ptr(), checkpoint.get("model.a").const_data_ptr());
  EXPECT_THROW(take(checkpoint, NameMap(), {{"a", {3}}}), DataError);
}

/// Bytes of mapped files that are resident in this process.
std::int64_t resident_file_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (std::int64_t kilobytes = 0; word == "RssFile:" && status >> kilobytes)
      return kilobytes * 1024;
  return 0;
}

TEST_F(Names, are_loaded_without_keeping_the_file_in_memory) {
  constexpr std::int64_t numbers = 16'000'000;
  const auto checkpoint = with({{"a", at::ones({numbers})}, {"h", at::ones({numbers}, at::kHalf)}});
  const std::map<std::string, at::Tensor> model{{"a", at::zeros({numbers})},
                                                {"h", at::zeros({numbers})}};
  const auto before = resident_file_bytes();
  ASSERT_GT(before, 0);
  load(checkpoint, NameMap(), model);
  EXPECT_EQ(model.at("h").sum().item<float>(), numbers);
  EXPECT_LT(resident_file_bytes() - before, 8'000'000);
}

}  // namespace
