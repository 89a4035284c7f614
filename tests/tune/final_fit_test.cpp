#include "tune/folds/final_fit.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "data/data_files.hpp"
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

class FinalFitConfig : public DataFiles {
 protected:
  /// What trials of `trial` are trained on; of a file with the splits train and validation.
  TrainingData data_of(const Config& trial) const {
    H5Writer writer(path("d.h5"));
    for (const std::string split : {"train", "validation", "more"}) {
      put<float>(writer, split + "/x", {20, 1}, std::vector<float>(20, 1.0F));
      put<std::uint8_t>(writer, split + "/y", {20}, std::vector<std::uint8_t>(20, 0));
    }
    writer.finish();
    return select_data(Dataset::open(path("d.h5")), trial);
  }
  Config fit(const Config& trial, const Outcome& outcome) const {
    return final_config(trial, data_of(trial), outcome, Metric::validation_loss);
  }
};

TEST_F(FinalFitConfig, TrainsOnASplitOfItsOwnToValidateOn) {
  using Names = std::vector<std::string>;
  const auto splits = [&](const std::function<void(Config&)>& change) {
    Config trial;
    change(trial);
    const Config made = fit(trial, course({0.5, 0.2}));
    EXPECT_EQ(made.data.validation, Validation(0.0));
    EXPECT_NO_THROW(check_config(made));
    return made.data.train;
  };
  EXPECT_EQ(splits([](Config&) {}), (Names{"train", "validation"}));
  EXPECT_EQ(splits([](Config& c) { c.data.validation = std::string("more"); }), (Names{"train", "more"}));
  EXPECT_EQ(splits([](Config& c) { c.data.train = {"more", "train"}; }), (Names{"more", "train", "validation"}));
  EXPECT_EQ(splits([](Config& c) { c.data.validation = 0.2; }), Names{"train"});
  EXPECT_EQ(splits([](Config& c) { c.data.validation = std::string("train"); }), Names{"train"});
  EXPECT_EQ(splits([](Config& c) {
              c.data.train = {"train", "validation"};
              c.data.validation = 0.2;
            }),
            (Names{"train", "validation"}));
  EXPECT_EQ(splits([](Config& c) { c.data.fold = {2, 5}; }), Names{"train"});
}

TEST_F(FinalFitConfig, ValidatesOnNothing) {
  Config config;
  config.data.fold = {2, 5};
  config.train.epochs = 6;
  config.train.early_stopping.patience = 2;
  config.train.metric = Metric::validation_accuracy;
  const Config made = fit(config, course({0.5, 0.2, 0.3}));
  EXPECT_FALSE(made.data.fold.any());
  EXPECT_EQ(made.data.validation, Validation(0.0));
  EXPECT_EQ(made.train.epochs, 4);
  EXPECT_EQ(made.train.early_stopping.patience, 0);
  EXPECT_EQ(made.train.metric, Metric::validation_loss);
}

TEST_F(FinalFitConfig, StepsStayWhereTheEndWasTheBest) {
  Config config;
  config.train.steps = 100;
  EXPECT_EQ(fit(config, course({0.5, 0.4, 0.3})).train.steps, 100);
  const Config shorter = fit(config, course({0.5, 0.2, 0.3}));
  EXPECT_EQ(shorter.train.steps, 0);
  EXPECT_EQ(shorter.train.epochs, 4);
}

TEST_F(FinalFitConfig, StepsThatEarlyStoppingMayHaveCutAreNotMade) {
  Config config;
  config.train.steps = 600;
  config.train.early_stopping = {2, 10.0};
  const Config made = fit(config, course({0.5, 0.4, 0.3}));
  EXPECT_EQ(made.train.steps, 0);
  EXPECT_EQ(made.train.epochs, 6) << "where its last evaluation was";
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
