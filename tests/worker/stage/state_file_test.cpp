#include "worker/stage/state_file.hpp"

#include <fstream>

#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <earshot/kit/checkpoint.hpp>

#include "stage_test.hpp"

namespace earshot::worker {
namespace {

State example() {
  return {.tensors = {{"weight", at::arange(6, at::kFloat).reshape({2, 3}).t()},
                      {"half", at::full({2}, 0.5, at::kHalf)},
                      {"index", at::tensor({1, -2}, at::kLong)},
                      {"mask", at::tensor({1, 0}).to(at::kBool)},
                      {"scalar", at::scalar_tensor(2.5, at::kDouble)},
                      {"empty", at::empty({0, 3})}},
          .text = {{"step", "17"}, {"note", "ä \"quoted\"\n"}}};
}

TEST(StateFile, gives_back_every_bit) {
  const TemporaryFolder folder;
  write_state(folder / "sub/state", example());
  const auto read = read_state(folder / "sub/state");
  EXPECT_EQ(read.text, example().text);
  ASSERT_EQ(read.tensors.size(), example().tensors.size());
  for (const auto& [name, tensor] : example().tensors) {
    EXPECT_EQ(read.tensors.at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(at::equal(read.tensors.at(name), tensor)) << name;
  }
  EXPECT_EQ(shards_in(folder.path()).size(), 1u) << "a temporary file is left";
}

TEST(StateFile, refuses_every_truncation_and_every_flipped_bit) {
  const TemporaryFolder folder;
  write_state(folder / "state", example());
  const auto whole = content(folder / "state");
  const auto accepts = [&](const std::string& bytes) {
    std::ofstream(folder / "damaged", std::ios::binary) << bytes;
    try {
      const auto read = read_state(folder / "damaged");
      return read.text == example().text && read.tensors.size() == example().tensors.size();
    } catch (const DataError&) {
      return false;
    }
  };
  ASSERT_TRUE(accepts(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    ASSERT_FALSE(accepts(whole.substr(0, size))) << size;
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      auto flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      std::ofstream(folder / "damaged", std::ios::binary) << flipped;
      ASSERT_THROW(read_state(folder / "damaged"), DataError) << at << ", bit " << bit;
    }
}

TEST(StateFile, refuses_headers_that_lie) {
  const TemporaryFolder folder;
  for (const std::string header :
       {R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})",
        R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}})",
        R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})",
        R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}})",
        R"({"a":{"dtype":"X9","shape":[1],"data_offsets":[0,4]}})", R"({"a":3})", R"([1])", "{"}) {
    const std::uint64_t size = header.size();
    std::ofstream(folder / "x", std::ios::binary)
        << std::string(reinterpret_cast<const char*>(&size), 8) << header << "12345678";
    EXPECT_THROW(read_state(folder / "x"), DataError) << header;
  }
  EXPECT_THROW(read_state(folder / "none"), DataError);
}

TEST(StateFile, is_a_safetensors_file) {
  const TemporaryFolder folder;
  write_state(folder / "state", example());
  const kit::Checkpoint checkpoint(folder / "state");
  EXPECT_EQ(checkpoint.names().size(), example().tensors.size());
  EXPECT_TRUE(at::equal(checkpoint.get("weight"), example().tensors.at("weight")));
  EXPECT_EQ(checkpoint.metadata().at("note"), example().text.at("note"));
}

TEST(StateFile, may_have_more_text_than_other_safetensors_files) {
  const TemporaryFolder folder;
  const State long_one{.text = {{"records", std::string(100'000'001, 'x')}}};
  write_state(folder / "state", long_one);
  EXPECT_EQ(read_state(folder / "state").text, long_one.text);
}

TEST(StateFile, refuses_what_it_could_not_give_back) {
  const TemporaryFolder folder;
  EXPECT_THROW(write_state(folder / "state", {.text = {{"note", "\xff"}}}), DataError);
  EXPECT_THROW(
      write_state(folder / "state", {.tensors = {{"z", at::ones({1}, at::kComplexDouble)}}}),
      ContractError);
  kit::save_safetensors(folder / "other", example().tensors, example().text);
  EXPECT_THROW(read_state(folder / "other"), DataError) << "without a checksum";
}

TEST(StateFile, takes_parts_apart_by_prefix) {
  State all;
  add_part(all, "a/", {.tensors = {{"x", at::ones({1})}}, .text = {{"t", "1"}}});
  add_part(all, "b/", {.tensors = {{"x", at::zeros({1})}}});
  EXPECT_EQ(take_part(all, "a/").tensors.at("x").item<float>(), 1);
  EXPECT_EQ(take_part(all, "a/").text.at("t"), "1");
  EXPECT_EQ(take_part(all, "b/").tensors.at("x").item<float>(), 0);
  EXPECT_TRUE(take_part(all, "c/").tensors.empty());
}

}  // namespace
}  // namespace earshot::worker
