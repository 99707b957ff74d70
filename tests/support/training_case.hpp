#pragma once
#include "fixture_folder.hpp"
#include "golden_case.hpp"

namespace earshot::testing {

/// A test against one of the fixtures of published training code; skipped where it is absent.
class TrainingCase : public GoldenCase {
 protected:
  explicit TrainingCase(const std::string& name) : where_(fixture_folder() / "training" / name) {}

  void SetUp() override {
    if (!std::filesystem::exists(where_ / "case.json"))
      GTEST_SKIP() << "no fixture " << where_ << "; set EARSHOT_FIXTURES";
    open(where_);
  }

 private:
  std::filesystem::path where_;
};

}  // namespace earshot::testing
