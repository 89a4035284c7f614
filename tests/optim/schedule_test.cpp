#include "shoal/optim/schedule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

constexpr std::int64_t per_epoch = 7;
constexpr std::int64_t total = 140;
constexpr double pi = 3.14159265358979323846;

/// Compares with expected(epoch, steps done) at every step after the warm-up, and the warm-up itself.
template <class F>
void expect_schedule(const ScheduleSettings& schedule, F expected) {
  const OptimizerSettings optimizer{.learning_rate = 0.04};
  for (std::int64_t s = 1; s <= total; ++s) {
    const double rate = learning_rate(optimizer, schedule, s, per_epoch, total);
    const double wanted = s <= schedule.warmup_steps
                              ? 0.04 * static_cast<double>(s) / static_cast<double>(schedule.warmup_steps)
                              : expected(static_cast<double>((s - 1) / per_epoch), static_cast<double>(s - 1));
    EXPECT_NEAR(rate, wanted, std::max(1e-13 * wanted, 1e-15)) << schedule.name << " at step " << s;
  }
}

TEST(Schedule, KnowsWhetherItSpansTheRun) {
  for (const std::string& name : schedule_names()) {
    const ScheduleSettings schedule{.name = name, .step_epochs = 1};
    const auto rate = [&](std::int64_t steps) { return learning_rate({}, schedule, 3 * per_epoch, per_epoch, steps); };
    EXPECT_EQ(schedule_spans_run(name), rate(total) != rate(2 * total)) << name;
  }
}

TEST(Schedule, AgreesWithItsFormulaAtEveryStep) {
  for (const std::int64_t warmup : {0, 1, 5, 20}) {
    expect_schedule({.name = "constant", .warmup_steps = warmup}, [](double, double) { return 0.04; });
    expect_schedule({.name = "step", .warmup_steps = warmup, .step_epochs = 3, .factor = 0.5},
                    [](double epoch, double) { return 0.04 * std::pow(0.5, std::floor(epoch / 3)); });
    expect_schedule({.name = "exponential", .warmup_steps = warmup, .factor = 0.9},
                    [](double epoch, double) { return 0.04 * std::pow(0.9, epoch); });
    expect_schedule({.name = "inverse_time", .warmup_steps = warmup, .decay = 0.3},
                    [](double epoch, double) { return 0.04 / (1 + 0.3 * epoch); });
    expect_schedule({.name = "cosine", .warmup_steps = warmup, .min_rate = 0.001}, [warmup](double, double done) {
      const auto w = static_cast<double>(warmup);
      return 0.001 + 0.5 * (0.04 - 0.001) * (1 + std::cos(pi * (done - w) / (static_cast<double>(total) - w)));
    });
    for (const double power : {1.0, 2.0, 0.5, 3.7, 100.0}) {
      expect_schedule({.name = "polynomial", .warmup_steps = warmup, .min_rate = 0.001, .power = power},
                      [&](double, double done) {
                        const auto w = static_cast<double>(warmup);
                        const double left = 1 - (done - w) / (static_cast<double>(total) - w);
                        return 0.001 + (0.04 - 0.001) * std::pow(left, power);
                      });
    }
  }
}

TEST(Schedule, OneCycleAgreesWithPyTorch) {
  const OptimizerSettings optimizer{.learning_rate = 0.04};
  for (const double rise : {0.0, 0.1, 0.3, 0.5, 1.0}) {
    // A warm-up of its own: that of the others is no part of it.
    const ScheduleSettings schedule{
        .name = "one_cycle", .warmup_steps = 20, .rise_fraction = rise, .start_divisor = 10, .end_divisor = 100};
    const double top = rise * total - 1;  // torch/optim/lr_scheduler.py of 2.13, class OneCycleLR
    for (std::int64_t s = 1; s <= total; ++s) {
      const auto number = static_cast<double>(s - 1);
      const bool rises = number <= top;
      const double at = rises ? number / top : (number - top) / (total - 1 - top);
      const double from = rises ? 0.004 : 0.04;
      const double to = rises ? 0.04 : 0.00004;
      const double wanted = to + (from - to) / 2 * (1 + std::cos(pi * at));
      EXPECT_NEAR(learning_rate(optimizer, schedule, s, per_epoch, total), wanted, 1e-13 * 0.04) << rise << ' ' << s;
    }
  }
}

TEST(Schedule, OneCycleOfFewStepsHasItsRate) {
  const OptimizerSettings optimizer{.learning_rate = 0.5};
  const ScheduleSettings cycle{.name = "one_cycle", .rise_fraction = 0.5, .start_divisor = 4, .end_divisor = 2};
  EXPECT_EQ(learning_rate(optimizer, cycle, 1, 1, 2), 0.5);  // where PyTorch divides by zero
  EXPECT_EQ(learning_rate(optimizer, cycle, 2, 1, 2), 0.0625);
  EXPECT_EQ(learning_rate(optimizer, cycle, 1, 1, 1), 0.0625);
  EXPECT_EQ(learning_rate(optimizer, cycle, 999, 1, 2), 0.0625);  // trained on beyond the plan
  const ScheduleSettings floor{.name = "one_cycle", .min_rate = 0.25, .start_divisor = 4, .end_divisor = 2};
  EXPECT_EQ(learning_rate(optimizer, floor, 1, 1, 100), 0.25);
}

TEST(Schedule, IsAFunctionOfTheStepAndTheSettingsOfToday) {
  // The same step under settings of two kinds: what was before has no say.
  const OptimizerSettings optimizer{.learning_rate = 0.5};
  const ScheduleSettings line{.name = "polynomial", .warmup_steps = 10};
  EXPECT_EQ(learning_rate(optimizer, line, 10, 5, 30), 0.5);
  EXPECT_EQ(learning_rate(optimizer, line, 21, 5, 30), 0.25);
  EXPECT_EQ(learning_rate(optimizer, line, 21, 5, 50), 0.375);  // trained for longer
  EXPECT_EQ(learning_rate(optimizer, line, 31, 5, 30), 0.0);
}

TEST(Schedule, CosineRunsFromTheRateToItsFloor) {
  const OptimizerSettings optimizer{.learning_rate = 0.5};
  const ScheduleSettings cosine{.name = "cosine", .warmup_steps = 10, .min_rate = 0.125};
  EXPECT_EQ(learning_rate(optimizer, cosine, 10, 5, 30), 0.5);
  EXPECT_EQ(learning_rate(optimizer, cosine, 11, 5, 30), 0.5);
  EXPECT_EQ(learning_rate(optimizer, cosine, 21, 5, 30), 0.3125);  // half way
  EXPECT_EQ(learning_rate(optimizer, cosine, 31, 5, 30), 0.125);
  EXPECT_EQ(learning_rate(optimizer, cosine, 999, 5, 30), 0.125);  // trained on beyond the plan
  EXPECT_EQ(learning_rate(optimizer, cosine, 11, 5, 10), 0.5);     // the warm-up took all that was planned
}

TEST(Schedule, AFloorAboveTheRateRaisesNothing) {
  for (const std::string& name : schedule_names()) {
    for (const std::int64_t step : {1, 2, 10, 20})
      EXPECT_EQ(learning_rate({.learning_rate = 1e-3}, {.name = name, .min_rate = 0.1}, step, 5, 20), 1e-3) << name;
  }
}

TEST(Schedule, MinRateIsAFloorAfterTheWarmUp) {
  const OptimizerSettings optimizer{.learning_rate = 0.1};
  for (const char* name : {"step", "exponential", "inverse_time"}) {
    const ScheduleSettings schedule{.name = name, .warmup_steps = 10, .step_epochs = 1, .min_rate = 0.05};
    EXPECT_EQ(learning_rate(optimizer, schedule, 1000, 10, 1000), 0.05) << name;
    EXPECT_EQ(learning_rate(optimizer, schedule, 1, 10, 1000), 0.1 / 10) << name;
  }
}

TEST(Schedule, UnknownNameIsAUsageError) {
  EXPECT_THAT(schedule_names(), testing::ElementsAre("constant", "cosine", "exponential", "inverse_time", "one_cycle",
                                                     "polynomial", "step"));
  try {
    learning_rate({}, {.name = "cosin"}, 1, 1, 1);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), ExitStatus::usage);
    EXPECT_STREQ(error.what(),
                 "unknown schedule.name \"cosin\"; did you mean \"cosine\"? use one of \"constant\", "
                 "\"cosine\", \"exponential\", \"inverse_time\", \"one_cycle\", \"polynomial\", \"step\"");
  }
}

}  // namespace
}  // namespace shoal
