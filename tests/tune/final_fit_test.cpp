#include "tune/folds/final_fit.hpp"

#include <gtest/gtest.h>

#include "tune/folds/folds.hpp"

namespace shoal {
namespace {

Outcome course(const std::vector<double>& losses, std::int64_t fold = 0) {
  Outcome outcome;
  outcome.fold = fold;
  for (std::size_t i = 0; i < losses.size(); ++i)
    outcome.curve.push_back({static_cast<std::int64_t>(2 * (i + 1)), 1.0, 0.5, losses[i], 1.0 - losses[i]});
  return outcome;
}

TEST(FinalFitLength, IsTheEpochOfTheBestMetric) {
  EXPECT_EQ(best_epoch(course({0.5, 0.2, 0.3}), Metric::validation_loss), 4);
  EXPECT_EQ(best_epoch(course({0.5, 0.2, 0.3}), Metric::validation_accuracy), 4) << "here higher is better";
  EXPECT_EQ(best_epoch(course({0.2, 0.2, 0.3}), Metric::validation_loss), 2) << "the first of several";
  Outcome even = course({0.5, 0.3, 0.2, 0.4});
  for (CurvePoint& point : even.curve) point.metric = 1.0;
  EXPECT_EQ(best_epoch(even, Metric::validation_macro_f1), 6) << "the loss tells them apart";
}

TEST(FinalFitLength, IsTheMeanOverFoldsRounded) {
  const auto both = [](const std::vector<double>& a, const std::vector<double>& b) {
    return combine_folds({course(a, 1), course(b, 2)});
  };
  EXPECT_EQ(best_epoch(both({0.1, 0.2}, {0.2, 0.1}), Metric::validation_loss), 3);
  Outcome odd = both({0.1, 0.2}, {0.2, 0.1});
  odd.folds[1].curve[1].epoch = 3;
  EXPECT_EQ(best_epoch(odd, Metric::validation_loss), 3) << "2.5, halves up";
}

TEST(FinalFitLength, TheConfigValidatesOnNothing) {
  Config config;
  config.data.fold = {2, 5};
  config.train.epochs = 6;
  config.train.early_stopping.patience = 2;
  config.train.metric = Metric::validation_accuracy;
  const Config fit = final_config(config, course({0.5, 0.2, 0.3}), Metric::validation_loss);
  EXPECT_FALSE(fit.data.fold.any());
  EXPECT_EQ(fit.data.validation, Validation(0.0));
  EXPECT_EQ(fit.train.epochs, 4);
  EXPECT_EQ(fit.train.early_stopping.patience, 0);
  EXPECT_EQ(fit.train.metric, Metric::validation_loss);
}

TEST(FinalFitLength, StepsStayWhereTheEndWasTheBest) {
  Config config;
  config.train.steps = 100;
  EXPECT_EQ(final_config(config, course({0.5, 0.4, 0.3}), Metric::validation_loss).train.steps, 100);
  const Config shorter = final_config(config, course({0.5, 0.2, 0.3}), Metric::validation_loss);
  EXPECT_EQ(shorter.train.steps, 0);
  EXPECT_EQ(shorter.train.epochs, 4);
}

TEST(FinalFitLength, StepsThatEarlyStoppingMayHaveCutAreNotMade) {
  Config config;
  config.train.steps = 600;
  config.train.early_stopping = {2, 10.0};
  const Config fit = final_config(config, course({0.5, 0.4, 0.3}), Metric::validation_loss);
  EXPECT_EQ(fit.train.steps, 0);
  EXPECT_EQ(fit.train.epochs, 6) << "where its last evaluation was";
}

TEST(FinalFitLength, AScheduleThatSpansATrainingIsAnotherThen) {
  const auto said = [](const std::string& schedule, std::int64_t steps, std::int64_t epochs) {
    Config trial;
    trial.schedule.name = schedule;
    trial.train.epochs = 6;
    Config fit = trial;
    fit.train.steps = steps;
    fit.train.epochs = epochs;
    return refitted_schedule_line(trial, fit);
  };
  EXPECT_EQ(
      said("cosine", 0, 4),
      "schedule.name = \"cosine\" is fitted to the 4 epochs of the final fit, and was to 6 epochs in the trial: its "
      "rates are others");
  EXPECT_NE(said("one_cycle", 100, 6), "");
  EXPECT_EQ(said("cosine", 0, 6), "");
  EXPECT_EQ(said("exponential", 0, 4), "");
}

}  // namespace
}  // namespace shoal
