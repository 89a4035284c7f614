#include "tune/keeper.hpp"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(Keeper, KeepsTheBestFew) {
  Keeper keeper(2);
  EXPECT_TRUE(keeper.wants({5.0}, 0));
  EXPECT_EQ(keeper.take({5.0}, 0), std::nullopt);
  EXPECT_EQ(keeper.take({3.0}, 1), std::nullopt);
  EXPECT_FALSE(keeper.wants({6.0}, 2));
  EXPECT_TRUE(keeper.wants({4.0}, 3));
  EXPECT_EQ(keeper.take({4.0}, 3), 0);
  EXPECT_FALSE(keeper.wants({4.0}, 4)) << "ties go to the lower number";
  EXPECT_TRUE(keeper.wants({4.0}, 2));
}

}  // namespace
}  // namespace shoal
