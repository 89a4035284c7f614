#include "shoal/core/digits.hpp"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(Digits, AreNothingElseAndOneAtLeast) {
  EXPECT_TRUE(are_digits("0"));
  EXPECT_TRUE(are_digits("0123456789"));
  for (const char* other : {"", "-1", "1.0", "1 ", "a", "1a"}) EXPECT_FALSE(are_digits(other)) << other;
}

}  // namespace
}  // namespace shoal
