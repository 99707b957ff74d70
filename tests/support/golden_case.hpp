#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include <ATen/ATen.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <earshot/kit/checkpoint.hpp>

#include "files.hpp"

namespace earshot::testing {

/// A test against the folder of a reference implementation: tensors in golden.safetensors,
/// tolerances in case.json, and more JSON files.
class GoldenCase : public ::testing::Test {
 protected:
  void open(const std::filesystem::path& where) {
    folder = where;
    description = json("case.json");
    goldens.emplace(folder / "golden.safetensors");
  }

  nlohmann::json json(const std::string& file) const {
    return nlohmann::json::parse(text_of(folder / file));
  }
  at::Tensor golden(const std::string& name) const { return goldens->get(name); }

  /// For kernels other than the reference's, or with `same_kernels` for the same arithmetic in
  /// another order.
  double tolerance(const std::string& name, bool same_kernels = false) const {
    return description.at(same_kernels ? "atol_same_kernels" : "atol_any").at(name).get<double>();
  }

  /// Expects agreement within the tolerance.
  void expect_near(const std::string& name, const at::Tensor& ours,
                   bool same_kernels = false) const {
    const auto theirs = golden(name);
    ASSERT_EQ(ours.sizes(), theirs.sizes()) << name;
    EXPECT_LE((ours - theirs).abs().max().item<double>(), tolerance(name, same_kernels)) << name;
  }

  std::filesystem::path folder{};
  nlohmann::json description{};
  std::optional<kit::Checkpoint> goldens{};
};

}  // namespace earshot::testing
