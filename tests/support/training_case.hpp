#pragma once
#include <filesystem>
#include <string>

#include <ATen/ATen.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <earshot/kit/checkpoint.hpp>

#include "files.hpp"
#include "fixture_folder.hpp"

namespace earshot::testing {

/// A test against one of the fixtures of published training code; skipped where it is absent.
class TrainingCase : public ::testing::Test {
 protected:
  explicit TrainingCase(const std::string& name) : folder(fixture_folder() / "training" / name) {}

  void SetUp() override {
    if (!std::filesystem::exists(folder / "case.json"))
      GTEST_SKIP() << "no fixture " << folder << "; set EARSHOT_FIXTURES";
    description = json("case.json");
    goldens.emplace(folder / "golden.safetensors");
  }

  nlohmann::json json(const std::string& file) const {
    return nlohmann::json::parse(text_of(folder / file));
  }
  at::Tensor golden(const std::string& name) const { return goldens->get(name); }
  double tolerance(const std::string& name) const {
    return description.at("atol_any").at(name).get<double>();
  }

  /// Expects agreement within the tolerance of case.json.
  void expect_near(const std::string& name, const at::Tensor& ours) const {
    const auto theirs = golden(name);
    ASSERT_EQ(ours.sizes(), theirs.sizes()) << name;
    EXPECT_LE((ours - theirs).abs().max().item<double>(), tolerance(name)) << name;
  }

  std::filesystem::path folder{};
  nlohmann::json description{};
  std::optional<kit::Checkpoint> goldens{};
};

}  // namespace earshot::testing
