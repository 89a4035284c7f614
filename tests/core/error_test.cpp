#include "shoal/core/error.hpp"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(Error, NearestWordIsTheOneMeant) {
  const std::vector<std::string> known = {"learning_rate", "beta1", "beta2", "epsilon"};
  EXPECT_EQ(nearest_word("lerning_rate", known), "learning_rate");
  EXPECT_EQ(nearest_word("beta3", known), "beta1");
  EXPECT_EQ(nearest_word("zzzzzzzz", known), "");
  EXPECT_EQ(nearest_word("Y", {"a", "y"}), "y");
  EXPECT_EQ(nearest_word("LABEL", {"table", "label"}), "label");
  EXPECT_EQ(nearest_word("y", {"5", "10"}), "");
}

}  // namespace
}  // namespace shoal
