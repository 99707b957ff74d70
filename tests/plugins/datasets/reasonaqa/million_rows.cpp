#include <chrono>
#include <ctime>
#include <fstream>
#include <iostream>

#include <gmock/gmock.h>

#include <earshot/kit/random.hpp>

#include "files.hpp"
#include "reasonaqa.hpp"
#include "temporary_folder.hpp"

namespace reasonaqa {
namespace {

namespace fs = std::filesystem;

/// Writes rows in the proportions of ReasonAQA's training data, with texts of similar length and as
/// many clips; returns the number of rows in each category.
class Rows {
 public:
  explicit Rows(const fs::path& file) : stream_(file) { stream_ << "["; }
  ~Rows() { stream_ << "]"; }

  void add(int count, const char* subtype, const char* category, const std::string& question,
           bool pair, bool choices) {
    counts[category] += count;
    for (int i = 0; i < count; ++i) {
      const auto clip = random_.below(52'499);
      const auto noun = std::to_string(random_.below(5000));
      stream_ << (first_ ? "" : ",") << R"({"taskname": "audiocaps", "filepath1": ")" << path(clip)
              << R"(", "filepath2": ")" << (pair ? path(random_.below(52'499)) : "")
              << R"(", "caption1": ")" << caption(clip) << R"(", "caption2": ")"
              << (pair ? caption(clip + 1) : "") << R"(", "input": ")" << question;
      if (!pair && std::string(subtype) != "Caption.json") stream_ << " of thing " << noun << "?";
      if (choices)
        stream_ << " a) the first of the " << noun << " b) another thing c) rain and wind d) none";
      stream_ << R"(", "answer": ")";
      if (choices)
        stream_ << "c) rain and wind";
      else if (std::string(category) == "yes_no")
        stream_ << (i % 2 == 0 ? "yes" : "no");
      else
        stream_
            << "Something of length " << random_()
            << " that is made of a sudden and intense event with high frequency crackling and a "
               "steady low hum, and goes on for a while";
      stream_ << R"(", "subtype": ")" << subtype << "\"}\n";
      first_ = false;
    }
  }
  std::map<std::string, std::int64_t> counts{};

 private:
  static std::string path(std::int64_t clip) {
    return "AudioCapsLarger/train/Y" + std::to_string(10'000'000'000 + clip) + ".wav";
  }
  static std::string caption(std::int64_t clip) {
    return "A rocket flies by followed by a loud explosion as engine " + std::to_string(clip) +
           " runs idle";
  }
  std::ofstream stream_;
  earshot::kit::Random random_{7};
  bool first_ = true;
};

/// Highest resident memory so far, MiB.
double peak_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmHWM:") {
      double kib = 0;
      status >> kib;
      return kib / 1024;
    }
  return 0;
}

TEST(MillionRows, load_and_fall_into_their_categories_in_little_memory) {
  const earshot::testing::TemporaryFolder folder;
  const auto file = folder / "train.json";
  std::map<std::string, std::int64_t> expected;
  {
    Rows rows(file);
    rows.add(348'593, "AudioCaps-MCQ.json", "multiple_choice", "which is the sound", false, true);
    rows.add(203'565, "ACD-2.json", "compare", "explain the difference in a sentence", true, false);
    rows.add(14'088, "ClothoAQA.json", "yes_no", "is there a sound", false, false);
    rows.add(67'855, "Caption.json", "sound_event", "caption first audio", false, false);
    rows.add(126'000, "Detail.json", "sound_event", "what is the source", false, false);
    rows.add(122'000, "Detail.json", "acoustic_properties", "what is the timbre", false, false);
    rows.add(43'000, "Detail.json", "mood", "what is the mood", false, false);
    rows.add(25'000, "Detail.json", "environment", "what is the setting", false, false);
    rows.add(17'970, "Detail.json", "other", "what is the purpose", false, false);
    expected = rows.counts;
  }
  const auto megabytes = static_cast<double>(fs::file_size(file)) / 1e6;
  const auto before = std::chrono::steady_clock::now();
  const auto cpu_before = std::clock();
  const ReasonAqa data(earshot::Options(ReasonAqa::options(), {{"train", earshot::Path{file}}}),
                       {.device = at::kCPU,
                        .plugin_dir = fs::path(EARSHOT_SOURCE_DIR) / "plugins/datasets/reasonaqa"});
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - before;
  const auto cpu = static_cast<double>(std::clock() - cpu_before) / CLOCKS_PER_SEC;
  const auto mib = peak_mib();
  EXPECT_EQ(data.size(), 968'071);
  std::map<std::string, std::int64_t> counts;
  for (std::int64_t i = 0; i < data.size(); ++i)
    ++counts[data.item(i).slices.at("category")];
  EXPECT_EQ(counts, expected);
  EXPECT_LT(mib, 2048);
  const std::chrono::duration<double> both = std::chrono::steady_clock::now() - before;
  std::cout << data.size() << " rows, " << megabytes << " MB: loaded in " << seconds.count()
            << " s (" << cpu << " s of processor), every item made in " << (both - seconds).count()
            << " s, " << mib << " MiB at most (" << peak_mib() << " in the end)\n";
}

}  // namespace
}  // namespace reasonaqa
