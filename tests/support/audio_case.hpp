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

#include <earshot/kit/checkpoint.hpp>

#include "files.hpp"
#include "fixture_folder.hpp"

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
class AudioCase : public ::testing::TestWithParam<std::tuple<std::string, int>> {
 protected:
  void SetUp() override {
    const auto& [name, threads] = GetParam();
    if (name == "none")
      GTEST_SKIP() << "no such fixture in " << fixture_folder() << "; set EARSHOT_FIXTURES";
    at::set_num_threads(threads);
    folder = name;
    description = nlohmann::json::parse(text_of(folder / "case.json"));
    goldens.emplace(folder / "golden.safetensors");
  }
  void TearDown() override { at::set_num_threads(threads_before_); }

  nlohmann::json config() const { return nlohmann::json::parse(text_of(folder / "config.json")); }
  at::Tensor golden(const std::string& name) const { return goldens->get(name); }

  /// Expects agreement within the tolerance of case.json for kernels other than the reference's, or
  /// with `same_kernels` for the same arithmetic in another order.
  void expect_near(const std::string& name, const at::Tensor& ours,
                   bool same_kernels = false) const {
    const auto theirs = golden(name);
    ASSERT_EQ(ours.sizes(), theirs.sizes()) << name;
    const auto atol =
        description.at(same_kernels ? "atol_same_kernels" : "atol_any").at(name).get<double>();
    EXPECT_LE((ours - theirs).abs().max().item<double>(), atol) << name;
  }

  std::filesystem::path folder{};
  nlohmann::json description{};
  std::optional<kit::Checkpoint> goldens{};

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
