#pragma once
#include <string>
#include <tuple>
#include <vector>

#include <ATen/Parallel.h>

#include <gmock/gmock.h>

#include "fixture_folder.hpp"
#include "golden_case.hpp"

namespace earshot::testing {

/// The folders of the cases for this reference implementation, from the project's goldens and the
/// fixtures of a kind ("audio", "training"); "none" if there are none.
inline std::vector<std::string> audio_cases(const std::string& reference,
                                            const std::string& kind = "audio") {
  auto found = case_folders(kind, [&](const std::filesystem::path& path) {
    const auto description = path / "case.json";
    return std::filesystem::exists(description) &&
           nlohmann::json::parse(text_of(description)).value("reference", "") == reference;
  });
  return found.empty() ? std::vector<std::string>{"none"} : found;
}

/// A case of a reference implementation, run with a given number of threads.
class AudioCase : public GoldenCase,
                  public ::testing::WithParamInterface<std::tuple<std::string, int>> {
 protected:
  void SetUp() override {
    const auto& [name, threads] = GetParam();
    if (name == "none")
      GTEST_SKIP() << "no such fixture in " << fixture_folder() << "; set EARSHOT_FIXTURES";
    at::set_num_threads(threads);
    open(name);
  }
  void TearDown() override { at::set_num_threads(threads_before_); }

  nlohmann::json config() const { return json("config.json"); }

 private:
  int threads_before_ = at::get_num_threads();
};

/// "htsat_msclap_2_threads"
inline std::string audio_case_name(const ::testing::TestParamInfo<AudioCase::ParamType>& info) {
  const auto& [folder, threads] = info.param;
  return std::filesystem::path(folder).filename().string() + "_" + std::to_string(threads) +
         (threads == 1 ? "_thread" : "_threads");
}

inline auto audio_cases_with_threads(const std::string& reference,
                                     const std::string& kind = "audio") {
  return ::testing::Combine(::testing::ValuesIn(audio_cases(reference, kind)),
                            ::testing::Values(1, 2));
}

}  // namespace earshot::testing
