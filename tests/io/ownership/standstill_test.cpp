#include "shoal/io/ownership/standstill.hpp"

#include <gtest/gtest.h>

namespace shoal {
namespace {

using std::chrono::seconds;

TEST(Standstill, CountsLooksAndNotTheTimeBetweenThem) {
  Standstill still(seconds(2));
  Standstill::Clock::time_point now;
  EXPECT_EQ(still.look("a", now), seconds(0));
  EXPECT_EQ(still.look("a", now += seconds(1)), seconds(1));
  EXPECT_EQ(still.look("a", now += seconds(2)), seconds(3));
  EXPECT_EQ(still.look("a", now += seconds(3600)), seconds(5)) << "nobody has looked for an hour";
  EXPECT_EQ(still.look("b", now += seconds(1)), seconds(0));
  EXPECT_EQ(still.look("b", now += seconds(1)), seconds(1));
}

}  // namespace
}  // namespace shoal
