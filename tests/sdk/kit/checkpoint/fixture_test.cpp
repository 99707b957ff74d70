#include <algorithm>

#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <earshot/kit/checkpoint.hpp>

#include "files.hpp"
#include "fixture_folder.hpp"
#include "temporary_folder.hpp"

// Every case below EARSHOT_FIXTURES, whatever its size: its checkpoints are opened, read, and
// compared with case.json, the index and the goldens.
namespace {

namespace fs = std::filesystem;
using namespace earshot;
using namespace earshot::testing;
using earshot::kit::Checkpoint;
using nlohmann::json;

/// Names of the folders with a case.json, such as "audio/pth_formats"; "none" if there are none.
std::vector<std::string> cases() {
  std::vector<std::string> found;
  std::error_code absent;
  for (const auto& entry : fs::recursive_directory_iterator(fixture_folder(), absent))
    if (entry.path().filename() == "case.json")
      found.push_back(fs::relative(entry.path().parent_path(), fixture_folder()).string());
  std::sort(found.begin(), found.end());
  return found.empty() ? std::vector<std::string>{"none"} : found;
}

bool is_checkpoint(const fs::path& file) {
  for (const auto* ending : {".safetensors", ".pth", ".pt", ".ckpt", ".index.json"})
    if (file.filename().string().ends_with(ending)) return true;
  return false;
}

std::string bits_of(const at::Tensor& tensor) {
  const auto values = tensor.contiguous();
  return values.numel() == 0
             ? ""
             : std::string(static_cast<const char*>(values.const_data_ptr()), values.nbytes());
}

class CheckpointFixture : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "none")
      GTEST_SKIP() << "no fixtures at " << fixture_folder() << "; set EARSHOT_FIXTURES";
    folder = fixture_folder() / GetParam();
    description = json::parse(text_of(folder / "case.json"));
  }
  fs::path folder;
  json description;
};

TEST_P(CheckpointFixture, is_read_whole_and_survives_being_saved) {
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!is_checkpoint(entry.path())) continue;
    ++files;
    const Checkpoint checkpoint(entry.path());
    ASSERT_FALSE(checkpoint.names().empty()) << entry.path();
    std::map<std::string, at::Tensor> tensors;
    for (const auto& name : checkpoint.names()) {
      const auto tensor = checkpoint.get(name);
      ASSERT_EQ(tensor.sizes(), at::IntArrayRef(checkpoint.shape(name))) << name;
      ASSERT_EQ(tensor.scalar_type(), checkpoint.type(name)) << name;
      auto read = at::empty(tensor.sizes(), tensor.options());
      checkpoint.read(name, read);
      ASSERT_EQ(bits_of(read), bits_of(tensor)) << name;
      tensors[name] = tensor;
    }
    const TemporaryFolder saved;
    kit::save_safetensors(saved / "x.safetensors", tensors);
    const Checkpoint again(saved / "x.safetensors");
    for (const auto& [name, tensor] : tensors)
      ASSERT_EQ(bits_of(again.get(name)), bits_of(tensor)) << name;
  }
  if (files == 0) GTEST_SKIP() << GetParam() << " has no checkpoint";
}

TEST_P(CheckpointFixture, golden_has_the_shapes_that_case_json_lists) {
  if (!fs::exists(folder / "golden.safetensors") || !description.contains("tensors"))
    GTEST_SKIP() << GetParam() << " has no golden tensors";
  const Checkpoint golden(folder / "golden.safetensors");
  for (const auto& [name, tensor] : description.at("tensors").items()) {
    const auto& shape = tensor.is_array() ? tensor.at(1) : tensor.at("shape");
    EXPECT_EQ(golden.shape(name), shape.get<std::vector<std::int64_t>>()) << name;
    EXPECT_TRUE(at::isfinite(golden.get(name).to(at::kDouble)).all().item<bool>() ||
                !description.value("not_finite", json::array()).empty())
        << name;
  }
}

TEST_P(CheckpointFixture, folder_opens_as_a_hugging_face_checkpoint_with_its_configuration) {
  const auto index = folder / "model.safetensors.index.json";
  if (!fs::exists(index) && !fs::exists(folder / "model.safetensors"))
    GTEST_SKIP() << GetParam() << " is no such folder";
  const Checkpoint checkpoint(folder);
  EXPECT_NO_THROW(checkpoint.config());
  if (!fs::exists(index)) return;
  std::vector<std::string> names;
  const auto content = json::parse(text_of(index));
  for (const auto& [name, shard] : content.at("weight_map").items())
    names.push_back(name);
  EXPECT_EQ(checkpoint.names(), names);
}

/// Created by torch.save() from the tensors of the golden file, nested and prefixed in several
/// ways.
TEST_P(CheckpointFixture, files_of_torch_save_equal_the_golden) {
  if (description.value("reference", "") != "torch.save") GTEST_SKIP() << "not of torch.save";
  const Checkpoint golden(folder / "golden.safetensors");
  const auto config = json::parse(text_of(folder / "config.json"));
  ASSERT_FALSE(config.at("files").empty());
  for (const auto& file : config.at("files")) {
    const Checkpoint checkpoint(folder / file.get<std::string>());
    for (const auto& golden_name : golden.names()) {
      const auto name = golden_name.substr(std::string("out/").size());
      const auto found = std::find_if(
          checkpoint.names().begin(), checkpoint.names().end(),
          [&](const std::string& full) { return full == name || full.ends_with("." + name); });
      ASSERT_NE(found, checkpoint.names().end()) << file << " " << name;
      EXPECT_EQ(checkpoint.type(*found), golden.type(golden_name)) << file << " " << name;
      EXPECT_EQ(checkpoint.shape(*found), golden.shape(golden_name)) << file << " " << name;
      EXPECT_EQ(bits_of(checkpoint.get(*found)), bits_of(golden.get(golden_name)))
          << file << " " << name;
    }
  }
}

std::string test_name(const ::testing::TestParamInfo<std::string>& info) {
  auto name = info.param;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Cases, CheckpointFixture, ::testing::ValuesIn(cases()), test_name);

}  // namespace
