#pragma once
#include <ostream>
#include <string>

#include <gtest/gtest.h>

namespace earshot {

/// A plugin of tests/fixtures/plugins, and the check that finds its defect.
struct Defect {
  const char* name;
  const char* check;
  const char* reason;        ///< part of what the check says
  const char* options = "";  ///< for `runner check-plugin`
};

inline void PrintTo(const Defect& defect, std::ostream* out) {
  *out << defect.name;
}

inline std::string defect_name(const ::testing::TestParamInfo<Defect>& test) {
  return test.param.name;
}

}  // namespace earshot
