#include <ATen/ATen.h>

#include <gmock/gmock.h>

#include <earshot/kit/checkpoint.hpp>

#include "files.hpp"
#include "made_files.hpp"
#include "temporary_folder.hpp"

namespace {

using namespace earshot;
using namespace earshot::testing;
using earshot::kit::Checkpoint;
using earshot::kit::save_safetensors;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CheckpointFolder : public ::testing::Test {
 protected:
  std::string refusal_of_index(const std::string& index) {
    write(folder / "model.safetensors.index.json", index);
    return refusal([&] { Checkpoint{folder.path()}; });
  }
  TemporaryFolder folder;
};

TEST_F(CheckpointFolder, with_an_index_has_what_the_index_names_and_nothing_else) {
  save_safetensors(folder / "one.safetensors", {{"a", at::ones({2})}, {"old", at::ones({2})}});
  save_safetensors(folder / "two.safetensors", {{"b", at::zeros({3})}});
  save_safetensors(folder / "model.safetensors", {{"not this", at::zeros({3})}});
  write(folder / "model.safetensors.index.json",
        R"({"metadata":{},"weight_map":{"b":"two.safetensors","a":"one.safetensors"}})");
  for (const auto& path : {folder.path(), folder / "model.safetensors.index.json"}) {
    const Checkpoint checkpoint(path);
    EXPECT_THAT(checkpoint.names(), ElementsAre("a", "b"));
    EXPECT_TRUE(at::equal(checkpoint.get("a"), at::ones({2})));
    EXPECT_TRUE(at::equal(checkpoint.get("b"), at::zeros({3})));
  }
}

TEST_F(CheckpointFolder, with_an_inconsistent_index_is_refused) {
  save_safetensors(folder / "one.safetensors", {{"a", at::ones({2})}});
  EXPECT_THAT(refusal_of_index(R"({"weight_map":{"b":"one.safetensors"}})"),
              HasSubstr("one.safetensors: lacks tensor 'b', which the index lists"));
  EXPECT_THAT(refusal_of_index(R"({"weight_map":{"b":"none.safetensors"}})"),
              HasSubstr("none.safetensors: cannot be read: No such file"));
  EXPECT_THAT(refusal_of_index(R"({"weight_map":{"a":"../one.safetensors"}})"),
              HasSubstr("tensor 'a' is not in a plain file name"));
  EXPECT_THAT(refusal_of_index(R"({"weight_map":{"a":"/etc/passwd"}})"),
              HasSubstr("not in a plain"));
  EXPECT_THAT(refusal_of_index(R"({"weight_map":{"a":".."}})"), HasSubstr("not in a plain"));
  EXPECT_THAT(refusal_of_index(R"({"weight_map":{"a":"one.safetensors\u0000"}})"),
              HasSubstr("not in a plain"));
  EXPECT_THAT(refusal_of_index(R"({"weight_map":{"a":3}})"),
              HasSubstr("not in a plain file name: '3'"));
  EXPECT_THAT(refusal_of_index(R"({"weight_map":[]})"), HasSubstr("lacks 'weight_map'"));
  EXPECT_THAT(refusal_of_index("[]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(refusal_of_index("{"), HasSubstr("invalid JSON"));
}

TEST_F(CheckpointFolder, without_the_usual_names_opens_its_only_checkpoint) {
  EXPECT_THAT(refusal([&] { Checkpoint{folder.path()}; }), HasSubstr("has no checkpoint; looked"));
  save_safetensors(folder / "weights.safetensors", {{"a", at::ones({2})}});
  write(folder / "readme.md", "x");
  EXPECT_TRUE(Checkpoint(folder.path()).contains("a"));
  write(folder / "other.pth", "x");
  EXPECT_THAT(refusal([&] { Checkpoint{folder.path()}; }),
              HasSubstr("several checkpoints: other.pth, weights.safetensors; choose one"));
}

TEST_F(CheckpointFolder, recognises_formats_by_their_content) {
  const auto value = pickle::dict({{"a", pickle::tensor({})}});
  const std::string six(24, '\0');
  write(folder / "a.bin", torch_zip(value, {{"0", six}}));
  write(folder / "b.bin", torch_legacy(value, {{"0", 6, six}}));
  save_safetensors(folder / "c.bin", {{"a", at::zeros({2, 3})}});
  for (const auto* name : {"a.bin", "b.bin", "c.bin"})
    EXPECT_TRUE(at::equal(Checkpoint(folder / name).get("a"), at::zeros({2, 3}))) << name;
  // A header whose length, 0x0280, begins like a pickle of protocol 2.
  const std::string header = R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
  write(folder / "d.bin", safetensors_bytes(header + std::string(0x280 - header.size(), ' '), "x"));
  EXPECT_TRUE(Checkpoint(folder / "d.bin").contains("a"));
  write(folder / "e.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n");
  EXPECT_THAT(refusal([&] { Checkpoint{folder / "e.bin"}; }), HasSubstr("git lfs pull"));
}

TEST_F(CheckpointFolder, says_what_a_file_of_another_program_is_and_what_to_do) {
  const std::vector<std::pair<std::string, std::string>> kinds{
      {std::string("GGUF\3\0\0\0", 8) + std::string(64, '\1'), "is a GGUF file of llama.cpp"},
      {std::string("\x08\x08\x12\x07pytorch\x1a\x05", 13) + std::string(64, '\2'),
       "is an ONNX file"},
      {std::string("\x08\x0a\x3a\x90\x4e", 5) + std::string(64, '\2'), "is an ONNX file"},
      {std::string("\x1c\0\0\0TFL3", 8) + std::string(64, '\0'), "is a TensorFlow Lite file"},
      {"\x89HDF\r\n\x1a\n" + std::string(64, '\0'), "is an HDF5 file"},
      {"\x93NUMPY\x01" + std::string(64, '\0'), "is a NumPy array"}};
  for (const auto& [bytes, what] : kinds)
    for (const auto* name : {"model.bin", "model.gguf", "model.onnx"}) {
      write(folder / name, bytes);
      EXPECT_THAT(refusal([&] { Checkpoint{folder / name}; }),
                  HasSubstr(std::string(name) + ": " + what));
      std::filesystem::remove(folder / name);
    }
  write(folder / "model.gguf", kinds[0].first);
  EXPECT_THAT(refusal([&] { Checkpoint{folder.path()}; }), HasSubstr("is a GGUF file"))
      << "the only file of a folder";
}

TEST_F(CheckpointFolder, does_not_take_safetensors_for_onnx) {
  // A header of 8 + 8 * 256 = 2056 bytes: the first two bytes of the file are those of ONNX.
  std::string header = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  header.resize(0x0808, ' ');
  write(folder / "x.safetensors",
        std::string("\x08\x08\0\0\0\0\0\0", 8) + header + std::string(4, '\0'));
  EXPECT_THAT(Checkpoint(folder / "x.safetensors").names(), ElementsAre("a"));
}

TEST_F(CheckpointFolder, reads_into_tensors_of_other_types_and_strides) {
  const auto values = at::arange(6.F).view({2, 3});
  save_safetensors(folder / "x.safetensors", {{"a", values}, {"half", values.to(at::kHalf)}});
  const Checkpoint checkpoint(folder.path());
  auto same = at::zeros({2, 3}), transposed = at::zeros({3, 2}).t(),
       wide = at::zeros({2, 3}, at::kDouble);
  checkpoint.read("a", same);
  checkpoint.read("a", transposed);
  checkpoint.read("half", wide);
  EXPECT_TRUE(at::equal(same, values));
  EXPECT_TRUE(at::equal(transposed, values));
  EXPECT_TRUE(at::equal(wide, values.to(at::kDouble)));
  auto parameter = at::zeros({2, 3}).set_requires_grad(true);
  checkpoint.read("a", parameter);
  EXPECT_TRUE(at::equal(parameter, values));
  EXPECT_THAT(refusal([&] { checkpoint.read("a", at::zeros({6})); }), HasSubstr("another shape"));
}

TEST_F(CheckpointFolder, offers_the_configuration_next_to_it) {
  save_safetensors(folder / "model.safetensors", {{"a", at::ones({2})}});
  const auto config_of = [&](const auto& path) { return Checkpoint(path).config(); };
  EXPECT_THAT(refusal([&] { config_of(folder.path()); }), HasSubstr("config.json: cannot be read"));
  write(folder / "config.json",
        R"({"width":512,"rate":12.5,"causal":true,"pad":"constant","ratios":[8,6],"none":null,
            "betas":[1,0.5],"names":["a"],"inner":{"depth":8,"big":18446744073709551615}})");
  for (const auto& path : {folder.path(), folder / "model.safetensors"}) {
    const auto config = config_of(path);
    EXPECT_EQ(config.template get<std::int64_t>("width"), 512);
  }
  const auto config = config_of(folder.path());
  EXPECT_EQ(config.get<double>("width"), 512);
  EXPECT_EQ(config.get<double>("rate"), 12.5);
  EXPECT_TRUE(config.get<bool>("causal"));
  EXPECT_EQ(config.get<std::string>("pad"), "constant");
  EXPECT_THAT(config.get<std::vector<std::int64_t>>("ratios"), ElementsAre(8, 6));
  EXPECT_THAT(config.get<std::vector<double>>("betas"), ElementsAre(1, 0.5));
  EXPECT_THAT(config.get<std::vector<std::string>>("names"), ElementsAre("a"));
  EXPECT_EQ(config.get<std::int64_t>("none", 7), 7);
  EXPECT_THAT(config.list<std::int64_t>("ratios"), ElementsAre(8, 6));
  EXPECT_THAT(config.list<std::int64_t>("width"), ElementsAre(512));
  EXPECT_TRUE(config.list<std::int64_t>("none").empty());
  EXPECT_EQ(config.object("inner").get<std::int64_t>("depth"), 8);
  EXPECT_THAT(refusal([&] { config.get<std::int64_t>("height"); }),
              HasSubstr("config.json: 'height' is missing"));
  EXPECT_THAT(refusal([&] { config.get<std::int64_t>("rate"); }),
              HasSubstr("'rate' is 12.5; allowed is an integer"));
  EXPECT_THAT(refusal([&] { config.get<std::int64_t>("pad", 3); }), HasSubstr("\"constant\""));
  EXPECT_THAT(refusal([&] { config.get<std::vector<std::int64_t>>("betas"); }),
              HasSubstr("allowed is a list, each an integer"));
  EXPECT_THAT(refusal([&] { config.object("inner").get<std::int64_t>("big"); }),
              HasSubstr("config.json: inner: 'big' is 18446744073709551615"));
  EXPECT_THAT(refusal([&] { config.object("width"); }), HasSubstr("allowed is an object"));
}

}  // namespace
