#include "tune/folds/folds.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace shoal {
namespace {

Outcome fold_of_trial(std::int64_t fold, std::vector<CurvePoint> curve) {
  Outcome outcome;
  outcome.trial = 4;
  outcome.rung = 1;
  outcome.fold = fold;
  outcome.curve = std::move(curve);
  outcome.seconds = 2.0;
  return outcome;
}

TEST(TrialFolds, MeansAndDeviationsGoByFold) {
  // In another order than theirs: the sum is (0.1 + 0.2) + 0.3, which is not 0.1 + (0.2 + 0.3).
  const Outcome whole =
      combine_folds({fold_of_trial(3, {{1, 0.3, 0.5, 3.0, 0.25}}), fold_of_trial(1, {{1, 0.1, 0.7, 1.0, 0.25}}),
                     fold_of_trial(2, {{1, 0.2, 0.6, 2.0, {}}})});
  EXPECT_EQ(whole.trial, 4);
  EXPECT_EQ(whole.rung, 1);
  EXPECT_EQ(whole.fold, 0);
  ASSERT_EQ(whole.curve.size(), 1U);
  EXPECT_EQ(whole.curve[0].train_loss, (0.1 + 0.2 + 0.3) / 3.0);
  EXPECT_EQ(whole.curve[0].train_accuracy, (0.7 + 0.6 + 0.5) / 3.0);
  EXPECT_EQ(whole.curve[0].validation_loss, 2.0);
  EXPECT_FALSE(whole.curve[0].validation_accuracy.has_value()) << "one of them has none";
  EXPECT_EQ(whole.folds[2].fold, 3);
  EXPECT_EQ(whole.seconds, 6.0);
  const CurvePoint off = deviation_of(whole.folds);
  EXPECT_EQ(off.validation_loss, 1.0) << "by n - 1";
  EXPECT_FALSE(off.validation_accuracy.has_value());
}

TEST(TrialFolds, AFoldThatStoppedEarlyCountsWithItsLastPoint) {
  const auto point = [](std::int64_t epoch, double loss) { return CurvePoint{epoch, loss, {}, loss, {}}; };
  const Outcome whole = combine_folds({fold_of_trial(1, {point(1, 4.0), point(2, 2.0)}),
                                       fold_of_trial(2, {point(1, 8.0), point(2, 6.0), point(3, 4.0)})});
  ASSERT_EQ(whole.curve.size(), 3U);
  EXPECT_EQ(whole.curve[0].validation_loss, 6.0);
  EXPECT_EQ(whole.curve[2].epoch, 3);
  EXPECT_EQ(whole.curve[2].validation_loss, 3.0);
}

TEST(TrialFolds, TheCurveBeginsWhereAllFoldsHaveAPoint) {
  const auto point = [](std::int64_t epoch, double loss) { return CurvePoint{epoch, loss, {}, loss, {}}; };
  const Outcome whole =
      combine_folds({fold_of_trial(1, {point(1, 4.0), point(2, 2.0)}), fold_of_trial(2, {point(2, 6.0)})});
  ASSERT_EQ(whole.curve.size(), 1U);
  EXPECT_EQ(whole.curve[0].epoch, 2);
  EXPECT_EQ(whole.curve[0].validation_loss, 4.0);
}

TEST(TrialFolds, OneThatFailsFailsTheTrial) {
  Outcome second = fold_of_trial(2, {});
  second.failed = true;
  second.reason = "the loss is nan";
  const Outcome whole = combine_folds({second, fold_of_trial(1, {{1, 0.1, {}, {}, {}}})});
  EXPECT_TRUE(whole.failed);
  EXPECT_EQ(whole.reason, "fold 2/2: the loss is nan");
  EXPECT_TRUE(whole.curve.empty());
}

TEST(TrialFolds, AreGatheredUntilTheLastHasCome) {
  SweepSettings settings;
  FoldGatherer single(settings);
  EXPECT_TRUE(single.take(fold_of_trial(0, {{1, 0.1, {}, {}, {}}})).has_value());
  settings.folds = 2;
  FoldGatherer gatherer(settings);
  EXPECT_FALSE(gatherer.take(fold_of_trial(2, {{1, 0.1, {}, {}, {}}})).has_value());
  EXPECT_EQ(gatherer.waiting().size(), 1U);
  EXPECT_TRUE(gatherer.take(fold_of_trial(1, {{1, 0.1, {}, {}, {}}})).has_value());
  EXPECT_TRUE(gatherer.waiting().empty());
}

TEST(TrialFolds, ThePartsOfTrialsGoByTrial) {
  SweepSettings settings;
  EXPECT_EQ(parts_of({7, 9}, settings).size(), 2U);
  settings.folds = 3;
  const auto parts = parts_of({7, 9}, settings);
  ASSERT_EQ(parts.size(), 6U);
  EXPECT_EQ(parts[2].trial, 7);
  EXPECT_EQ(parts[2].fold, 3);
  EXPECT_EQ(parts[3].trial, 9);
  EXPECT_EQ(parts[3].fold, 1);
}

TEST(TrialFolds, JournalsTellThemApartAndOldOnesStillRead) {
  const Outcome before = fold_of_trial(2, {{1, 0.1, {}, 0.5, {}}});
  EXPECT_EQ(parse_outcome(to_json_line(before))->fold, 2);
  const auto old = parse_outcome(R"({"trial":3,"rung":0,"failed":false,"reason":"","curve":[[1,0.5,null,0.25,null]],)"
                                 R"("seconds":1.5,"rank":0})");
  ASSERT_TRUE(old.has_value());
  EXPECT_EQ(old->fold, 0);
  EXPECT_EQ(to_json_line(*old).find("fold"), std::string::npos);
}

}  // namespace
}  // namespace shoal
