#include "shoal/core/meant_word.hpp"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(MeantWord, IsTheOneWithAnotherNameElseTheNearest) {
  EXPECT_EQ(did_you_mean("lr", {"l2", "learning_rate"}), "did you mean \"learning_rate\"?");
  EXPECT_EQ(did_you_mean("sgd", {"adam", "gd", "momentum"}), "did you mean \"gd\" or \"momentum\"?");
  EXPECT_EQ(did_you_mean("Learning-Rate", {"learning_rate"}), "did you mean \"learning_rate\"?");
  EXPECT_EQ(did_you_mean("lr", {"l2", "units"}), "did you mean \"l2\"?");
  EXPECT_EQ(did_you_mean("zzzzzzzz", {"l2", "units"}), "");
  EXPECT_EQ(meant_or_all("ga", {"gd", "adam"}), "did you mean \"gd\"? use one of \"gd\", \"adam\"");
  EXPECT_EQ(meant_or_all("zzzzzzzz", {"gd", "adam"}), "use one of \"gd\", \"adam\"");
}

}  // namespace
}  // namespace shoal
