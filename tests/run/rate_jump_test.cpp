#include "run/rate_jump.hpp"

#include <gtest/gtest.h>

namespace shoal {
namespace {

Config config_of(const std::string& schedule, std::int64_t epochs) {
  Config config;
  config.schedule.name = schedule;
  config.train.epochs = epochs;
  config.optimizer.learning_rate = 0.01;
  return config;
}

std::string jump(const Config& before, const Config& after, std::int64_t step) {
  return rate_jump(before, after, step, 10, before.train.epochs * 10, after.train.epochs * 10);
}

TEST(RateJump, OfACosineThatIsStretched) {
  EXPECT_EQ(jump(config_of("cosine", 10), config_of("cosine", 20), 101),
            "the learning rate jumps from 2.47e-06 to 0.005 with step 101, for train.epochs = 20 (was 10)");
  EXPECT_NE(jump(config_of("cosine", 10), config_of("cosine", 20), 51), "");
  EXPECT_EQ(jump(config_of("cosine", 10), config_of("cosine", 20), 2), "") << "hardly begun";
}

TEST(RateJump, OfTheRateOrTheScheduleItself) {
  Config other = config_of("constant", 10);
  other.optimizer.learning_rate = 0.1;
  other.train.epochs = 12;
  EXPECT_EQ(jump(config_of("constant", 10), other, 7),
            "the learning rate jumps from 0.01 to 0.1 with step 7, for optimizer.learning_rate = 0.1 (was 0.01), "
            "train.epochs = 12 (was 10)");
  EXPECT_EQ(jump(config_of("inverse_time", 10), config_of("constant", 10), 51),
            "the learning rate jumps from 0.00714 to 0.01 with step 51, for schedule.name = \"constant\" (was "
            "\"inverse_time\")");
}

TEST(RateJump, IsNoneWhereTheRateStaysOrTheScheduleWouldHaveMovedIt) {
  EXPECT_EQ(jump(config_of("constant", 10), config_of("constant", 20), 101), "");
  EXPECT_EQ(jump(config_of("cosine", 10), config_of("cosine", 20), 1), "") << "nothing was trained yet";
  Config by_ten = config_of("step", 10);
  by_ten.schedule.step_epochs = 5;
  Config longer = by_ten;
  longer.train.epochs = 20;
  EXPECT_EQ(jump(by_ten, longer, 51), "") << "the schedule's own";
}

}  // namespace
}  // namespace shoal
