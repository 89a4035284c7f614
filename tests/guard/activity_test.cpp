#include "shoal/guard/activity.hpp"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(Activity, ScopesNest) {
  EXPECT_EQ(activity(), Activity::computing);
  {
    const Doing saving(Activity::saving);
    EXPECT_EQ(activity(), Activity::saving);
    {
      const Doing reading(Activity::reading);
      EXPECT_EQ(activity(), Activity::reading);
    }
    EXPECT_EQ(activity(), Activity::saving);
  }
  EXPECT_EQ(activity(), Activity::computing);
  EXPECT_STREQ(to_string(Activity::reading), "reading data");
}

TEST(Activity, WhatIsDoneApartIsForThoseWhoTrainTogether) {
  const Doing apart(Activity::apart);
  EXPECT_EQ(activity(Onlookers::all), Activity::apart);
  EXPECT_EQ(activity(Onlookers::together), Activity::computing);
  {
    const Doing evaluating(Activity::evaluating);
    EXPECT_EQ(activity(Onlookers::all), Activity::apart);
    EXPECT_EQ(activity(Onlookers::together), Activity::evaluating);
  }
  EXPECT_EQ(activity(Onlookers::all), Activity::apart);
}

TEST(Activity, TheStepIsNoted) {
  note_step(17);
  EXPECT_EQ(noted_step(), 17);
  note_step(0);
}

}  // namespace
}  // namespace shoal
