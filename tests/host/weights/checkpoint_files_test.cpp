#include "host/weights/checkpoint_files.hpp"

#include <gmock/gmock.h>

#include "host/base/failure.hpp"

namespace earshot::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Names = std::vector<std::string>;

std::string no_text(const std::string& name) {
  throw std::runtime_error(name + " is not to be read");
}

std::string refusal(const Names& names, const std::string& path, const std::string& index = "{}") {
  try {
    checkpoint_files(names, path, [&](const std::string&) { return index; });
  } catch (const Failure& failure) {
    return failure.what();
  }
  return "";
}

TEST(CheckpointFiles, are_one_set_of_weights_and_what_describes_it) {
  const Names names{
      "README.md",         "config.json",    "flax_model.msgpack",       "merges.txt",
      "model.safetensors", "optimizer.pt",   "preprocessor_config.json", "pytorch_model.bin",
      "tokenizer.json",    "onnx/model.onnx"};
  EXPECT_THAT(checkpoint_files(names, "", no_text),
              ElementsAre("config.json", "preprocessor_config.json", "tokenizer.json", "merges.txt",
                          "model.safetensors"));
}

TEST(CheckpointFiles, are_those_of_pytorch_if_there_is_no_safetensors) {
  EXPECT_THAT(checkpoint_files({"config.json", "pytorch_model.bin", "tf_model.h5"}, "", no_text),
              ElementsAre("config.json", "pytorch_model.bin"));
}

TEST(CheckpointFiles, are_the_shards_that_the_index_names) {
  const Names names{"a-1-of-2.safetensors", "a-2-of-2.safetensors", "model.safetensors",
                    "model.safetensors.index.json", "old-1-of-1.safetensors"};
  const auto* index = R"({"weight_map": {"x": "a-2-of-2.safetensors", "y": "a-1-of-2.safetensors",
                                         "z": "a-2-of-2.safetensors"}})";
  EXPECT_THAT(
      checkpoint_files(names, "", [&](const std::string&) { return index; }),
      ElementsAre("model.safetensors.index.json", "a-1-of-2.safetensors", "a-2-of-2.safetensors"));
}

TEST(CheckpointFiles, refuse_an_index_that_is_invalid_or_leads_out_of_the_folder) {
  const Names names{"model.safetensors.index.json"};
  EXPECT_THAT(refusal(names, "", "no json"), HasSubstr("is not an index of shards"));
  EXPECT_THAT(refusal(names, "", R"({"weight_map": {"x": 1}})"), HasSubstr("is not an index"));
  EXPECT_THAT(refusal(names, "", R"({"weight_map": "x"})"), HasSubstr("names 'x', which"));
  EXPECT_THAT(refusal(names, "", R"({"weight_map": {"x": "../../secret"}})"),
              HasSubstr("names '../../secret', which is missing"));
}

TEST(CheckpointFiles, are_the_only_checkpoint_whatever_its_name) {
  EXPECT_THAT(checkpoint_files({"config.json", "best.ckpt"}, "", no_text),
              ElementsAre("config.json", "best.ckpt"));
  EXPECT_THAT(refusal({"2022.pth", "2023.pth"}, ""),
              HasSubstr("several checkpoints: 2022.pth, 2023.pth; choose one of them"));
  EXPECT_THAT(refusal({"README.md"}, ""), HasSubstr("no weights that can be read"));
  EXPECT_THAT(refusal({}, ""), HasSubstr("It has nothing"));
}

TEST(CheckpointFiles, of_a_file_include_the_configuration_next_to_it) {
  const Names names{"config.json", "model.safetensors", "sub/config.json", "sub/w.pth",
                    "tokenizer.json"};
  EXPECT_THAT(checkpoint_files(names, "sub/w.pth", no_text),
              ElementsAre("sub/config.json", "sub/w.pth"));
  EXPECT_THAT(checkpoint_files(names, "model.safetensors", no_text),
              ElementsAre("config.json", "model.safetensors"));
  EXPECT_THAT(refusal(names, "model.safetensor"), HasSubstr("did you mean 'model.safetensors'?"));
}

TEST(CheckpointFiles, of_a_folder_in_the_repository_are_its_own) {
  EXPECT_THAT(checkpoint_files({"config.json", "model.safetensors", "sub/config.json",
                                "sub/model.safetensors", "sub/deep/model.safetensors"},
                               "sub", no_text),
              ElementsAre("sub/config.json", "sub/model.safetensors"));
}

}  // namespace
}  // namespace earshot::host
