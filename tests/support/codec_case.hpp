#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <earshot/audio.hpp>
#include <earshot/features.hpp>
#include <earshot/kit/checkpoint.hpp>

#include "codec_cases.hpp"

namespace earshot::testing {

/// A case of the reference implementation, run with a given number of threads.
class CodecCase : public ::testing::TestWithParam<std::tuple<std::string, int>> {
 protected:
  void SetUp() override {
    const auto& [path, threads] = GetParam();
    at::set_num_threads(threads);
    folder = path;
    description = nlohmann::json::parse(text_of(folder / "case.json"));
    if (std::filesystem::exists(folder / "config.json")) checkpoint.emplace(folder);
    goldens.emplace(folder / "golden.safetensors");
  }
  void TearDown() override { at::set_num_threads(threads_before_); }

  std::vector<std::string> subcases() const {
    return description.at("subcases").get<std::vector<std::string>>();
  }
  at::Tensor golden(const std::string& name) const { return goldens->get(name); }

  /// Compares with the golden values within the tolerance given in case.json.
  void expect_near(const std::string& name, const at::Tensor& ours) const {
    expect_near(name, ours, golden(name));
  }
  void expect_near(const std::string& name, const at::Tensor& ours,
                   const at::Tensor& theirs) const {
    ASSERT_EQ(ours.sizes(), theirs.sizes()) << name;
    const auto atol = description.at("tensors").at(name).at("atol").get<double>();
    EXPECT_LE((ours - theirs).abs().max().item<double>(), atol) << name;
  }

  /// Expects equal codes (B, levels, T); in a frame whose margin at some level is below 1e-4,
  /// differences at that level and later ones are ignored.
  static void expect_codes(const std::string& name, const at::Tensor& ours,
                           const at::Tensor& theirs, const at::Tensor& margin) {
    ASSERT_EQ(ours.sizes(), theirs.sizes()) << name;
    const auto near_tie = margin.narrow(1, 0, ours.size(1)).lt(1e-4).to(at::kLong).cumsum(1).gt(0);
    const auto wrong = ours.ne(theirs).logical_and(near_tie.logical_not());
    EXPECT_EQ(wrong.sum().item<std::int64_t>(), 0) << name << " of " << ours.numel() << " codes";
  }

  /// The clips of "batch", and the valid samples of each.
  AudioBatch batch(std::int64_t sample_rate) const {
    const auto mask = golden("batch.in.padding_mask").select(1, 0);
    return {.samples = golden("batch.in.waveform") * mask.unsqueeze(1),
            .lengths = mask.sum(1),
            .sample_rate = sample_rate};
  }

  std::filesystem::path folder{};
  nlohmann::json description{};
  std::optional<kit::Checkpoint> checkpoint{}, goldens{};

 private:
  int threads_before_ = at::get_num_threads();
};

/// "encodec_24k_2_threads"; "golden_encodec_tiny_1_thread" for the project's own.
inline std::string case_name(const ::testing::TestParamInfo<CodecCase::ParamType>& info) {
  const auto& [path, threads] = info.param;
  const auto own = path.starts_with(EARSHOT_SOURCE_DIR "/tests/golden") ? "golden_" : "";
  return own + std::filesystem::path(path).filename().string() + "_" + std::to_string(threads) +
         (threads == 1 ? "_thread" : "_threads");
}

/// Clip b of a batch by itself.
inline AudioBatch alone(const AudioBatch& batch, std::int64_t b) {
  const auto length = batch.lengths[b].item<std::int64_t>();
  return {.samples = batch.samples.narrow(0, b, 1).narrow(2, 0, length).contiguous(),
          .lengths = batch.lengths.narrow(0, b, 1).clone(),
          .sample_rate = batch.sample_rate};
}

/// Every valid frame of an encoder's and a codec's results equals that of the clip by itself.
template <class Codec>
void expect_clips_as_alone(Codec& codec, const AudioBatch& batch) {
  const auto features = codec.encode(batch);
  const auto codes = codec.quantize(batch);
  features.check();
  codes.check();
  for (std::int64_t b = 0; b < batch.samples.size(0); ++b) {
    const auto one = alone(batch, b);
    const auto own = codec.encode(one);
    const auto own_codes = codec.quantize(one);
    ASSERT_EQ(features.lengths[b].template item<std::int64_t>(), own.values.size(1)) << b;
    ASSERT_EQ(codes.lengths[b].template item<std::int64_t>(), own_codes.codes.size(2)) << b;
    const auto valid = features.values[b].narrow(0, 0, own.values.size(1));
    EXPECT_LE((valid - own.values[0]).abs().max().template item<double>(), 1e-5) << b;
    EXPECT_TRUE(at::equal(codes.codes[b].narrow(1, 0, own_codes.codes.size(2)), own_codes.codes[0]))
        << b;
  }
}

}  // namespace earshot::testing
