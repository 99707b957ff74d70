#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "codec_cases.hpp"
#include "safetensors.hpp"
#include "sandbox.hpp"

namespace earshot::testing {
namespace {

using Json = nlohmann::json;

/// The names of a codec family's results over all levels of a case.
struct Names {
  std::string option{}, codes{}, audio{};
  std::vector<std::string> margins{};  ///< of consecutive levels, for each quantiser
};

Names names_of(const Json& config) {
  if (config.at("model_type") == "mimi")
    return {"levels=" + config.at("num_quantizers").dump(),
            ".out.codes",
            ".out.waveform_all_trimmed",
            {".aux.margin_semantic", ".aux.margin_acoustic"}};
  const auto& bandwidths = config.at("target_bandwidths");
  const auto end = "_bw" + std::to_string(bandwidths.size() - 1);
  return {"bandwidth=" + bandwidths.back().dump(),
          ".out.codes" + end,
          ".out.waveform_trimmed" + end,
          {".aux.margin"}};
}

/// Values of clip b in a tensor whose last dimensions belong to a clip.
template <class T>
std::vector<T> clip_of(const StoredTensor<T>& tensor, std::size_t b, std::size_t clips) {
  const auto size = tensor.values.size() / clips;
  const auto first = tensor.values.begin() + static_cast<std::ptrdiff_t>(b * size);
  return {first, first + static_cast<std::ptrdiff_t>(size)};
}

/// `runner encode` on the recordings of a case of the reference implementation.
class EncodeFixture : public ::testing::TestWithParam<std::string> {
 protected:
  const std::filesystem::path folder{GetParam()};
  const Json config = Json::parse(text_of(folder / "config.json"));
  const Json description = Json::parse(text_of(folder / "case.json"));
  const Names names = names_of(config);
  const std::map<std::string, StoredTensor<float>> goldens =
      read_safetensors(folder / "golden.safetensors");
  const std::map<std::string, StoredTensor<std::int64_t>> codes =
      read_safetensors<std::int64_t>(folder / "golden.safetensors");

  /// Recordings of equal length: in the reference, those of a padded batch depend on their batch.
  std::vector<std::string> subcases() const {
    std::vector<std::string> all;
    for (const auto& subcase : description.at("subcases"))
      if (!codes.contains(subcase.get<std::string>() + ".in.padding_mask")) all.push_back(subcase);
    return all;
  }
  std::size_t clips(const std::string& subcase) const {
    return static_cast<std::size_t>(goldens.at(subcase + ".in.waveform").shape[0]);
  }

  /// Whether the codes are equal; a frame with a margin below 1e-4 at some level of a quantiser may
  /// differ from that level on.
  bool same_codes(const StoredTensor<std::int64_t>& ours, const std::string& subcase,
                  std::size_t b) const {
    const auto theirs = clip_of(codes.at(subcase + names.codes), b, clips(subcase));
    if (ours.values.size() != theirs.size()) {
      ADD_FAILURE() << ours.values.size() << " codes, the case has " << theirs.size();
      return false;
    }
    const auto frames = static_cast<std::size_t>(ours.shape[1]);
    std::size_t first = 0;
    for (const auto& name : names.margins) {
      const auto margin = clip_of(goldens.at(subcase + name), b, clips(subcase));
      for (std::size_t t = 0; t < frames; ++t)
        for (auto at = t; at < margin.size() && margin[at] >= 1e-4; at += frames)
          EXPECT_EQ(ours.values.at(first + at), theirs[first + at]);
      first += margin.size();
    }
    return ours.values == theirs;
  }
};

TEST_P(EncodeFixture, writes_the_codes_and_the_audio_of_the_reference) {
  if (config.at("audio_channels") != 1)
    GTEST_SKIP() << "recordings are mixed down to one channel, those of this case have two";
  const TemporaryFolder made;
  const auto rate = config.at("sampling_rate").get<int>();
  std::vector<std::string> words{"encode",
                                 config.at("model_type"),
                                 "--option",
                                 "weights=" + folder.string(),
                                 "--option",
                                 names.option,
                                 "--codes",
                                 "--to",
                                 "codes.safetensors",
                                 "--decode",
                                 "heard"};
  for (const auto& subcase : subcases())
    for (std::size_t b = 0; b < clips(subcase); ++b) {
      words.push_back(subcase + "_" + std::to_string(b) + ".wav");
      write_sound(made / words.back(),
                  clip_of(goldens.at(subcase + ".in.waveform"), b, clips(subcase)), rate, 1,
                  SF_FORMAT_WAV | SF_FORMAT_FLOAT);
    }
  const auto ended = Runner(made.path(), words, {}).wait();
  ASSERT_EQ(ended.code, 0) << ended.out << ended.err;

  const auto ours = read_safetensors<std::int64_t>(made / "codes.safetensors");
  for (const auto& subcase : subcases())
    for (std::size_t b = 0; b < clips(subcase); ++b) {
      const auto name = subcase + "_" + std::to_string(b);
      SCOPED_TRACE(name);
      if (!same_codes(ours.at(name), subcase, b)) continue;
      const auto heard = read_sound(made / ("heard/" + name + ".wav"));
      const auto theirs = clip_of(goldens.at(subcase + names.audio), b, clips(subcase));
      EXPECT_EQ(heard.rate, rate);
      ASSERT_EQ(heard.interleaved.size(), theirs.size());
      double difference = 0;
      for (std::size_t n = 0; n < theirs.size(); ++n)
        difference = std::max<double>(difference, std::abs(heard.interleaved[n] - theirs[n]));
      EXPECT_LE(difference, description.at("tensors").at(subcase + names.audio).at("atol"));
    }
}

std::vector<std::string> cases() {
  auto all = codec_cases("mimi");
  const auto more = codec_cases("encodec");
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

INSTANTIATE_TEST_SUITE_P(Cases, EncodeFixture, ::testing::ValuesIn(cases()), [](const auto& one) {
  return std::filesystem::path(one.param).filename().string();
});

}  // namespace
}  // namespace earshot::testing
