#include "data/import/cells/decimal_quotient.hpp"

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <random>
#include <string>

#include "data/import/cells/cell_kind.hpp"

namespace shoal {
namespace {

double by_library(std::uint64_t m, int fraction) {
  const std::string text = std::to_string(m) + "e-" + std::to_string(fraction);
  double value = 0.0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

TEST(DecimalQuotient, IsTheNearestDouble) {
  std::mt19937_64 draw(1);
  std::int64_t told = 0;
  constexpr std::int64_t all = 200000;
  for (std::int64_t i = 0; i < all; ++i) {
    const std::uint64_t m = (draw() >> (i % 60)) | 1U;
    const int fraction = 1 + static_cast<int>(i % most_fraction);
    double value = 0.0;
    if (!decimal_quotient(m, fraction, value)) continue;
    ++told;
    ASSERT_EQ(value, by_library(m, fraction)) << m << "e-" << fraction;
  }
  EXPECT_GT(told, all - all / 100) << "hardly any are left to the library";
}

/// Numbers that lie in the middle of two doubles or beside it: 2^53 + odd steps, times a power of ten.
TEST(DecimalQuotient, LeavesTiesToTheLibrary) {
  double value = 0.0;
  for (std::uint64_t k = 1; k < 2000; k += 2) {
    const std::uint64_t tie = (std::uint64_t{1} << 53) + k;  // between two doubles, which are even there
    for (const std::uint64_t m : {tie * 10 - 1, tie * 10, tie * 10 + 1}) {
      if (decimal_quotient(m, 1, value)) {
        ASSERT_EQ(value, by_library(m, 1)) << m;
      }
    }
    EXPECT_FALSE(decimal_quotient(tie * 10, 1, value)) << tie;
  }
}

TEST(DecimalQuotient, ServesNumbersOfManyDigits) {
  for (const char* text : {"0.12345678901234567", "-1.2345678901234567", "9007199254740.9931", "0.1234567890123456789",
                           "123456789012345.6789", "0.00012345678901234567", "922337203685477.5807"}) {
    double value = 0.0;
    std::from_chars(text, text + std::char_traits<char>::length(text), value);
    const auto number = number_of_cell(text, '.');
    ASSERT_TRUE(number) << text;
    EXPECT_EQ(number->value, value) << text;
    EXPECT_FALSE(number->brief) << text;
    EXPECT_FALSE(number->merged) << text;
  }
}

}  // namespace
}  // namespace shoal
