#include "design.hpp"
#include <gtest/gtest.h>
TEST(Design, x) {}
