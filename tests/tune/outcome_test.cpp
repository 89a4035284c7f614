#include "tune/outcome.hpp"

#include <gtest/gtest.h>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

Outcome sample_outcome() {
  Outcome outcome;
  outcome.trial = 12;
  outcome.rung = 2;
  outcome.curve = {{1, 0.1 + 0.2, {}, 1e-300, {}}, {2, 1.0 / 3.0, 0.5, 123456789.123456789, 0.99}};
  outcome.seconds = 1.5;
  outcome.rank = 3;
  return outcome;
}

TEST(Outcome, ReadsBackToTheLastBit) {
  const Outcome before = sample_outcome();
  const std::string line = to_json_line(before);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto after = parse_outcome(line);
  ASSERT_TRUE(after.has_value());
  EXPECT_EQ(after->trial, 12);
  EXPECT_EQ(after->rung, 2);
  EXPECT_EQ(after->curve, before.curve);
  EXPECT_EQ(after->rank, 3);
  EXPECT_FALSE(after->failed);
}

TEST(Outcome, MayLackTheTrainingLoss) {
  Outcome before = sample_outcome();
  before.curve[0].train_loss = {};
  ASSERT_EQ(outcomes_of(to_json_line(before) + to_json_line(sample_outcome())).size(), 2U);
  EXPECT_EQ(outcomes_of(to_json_line(before))[0].curve, before.curve);
  EXPECT_THROW(outcomes_of("{\"trial\":1}\n"), Error) << "nothing that this job found may get lost";
}

TEST(Outcome, KeepsAnyReason) {
  Outcome outcome;
  outcome.failed = true;
  outcome.reason = "a \"quoted\" line\nand \xff bytes";
  const auto after = parse_outcome(to_json_line(outcome));
  ASSERT_TRUE(after.has_value());
  EXPECT_TRUE(after->failed);
  EXPECT_NE(after->reason.find("a \"quoted\" line\nand "), std::string::npos);
}

TEST(Outcome, TornLinesAreNone) {
  const std::string line = to_json_line(sample_outcome());
  for (std::size_t length = 0; length + 1 < line.size(); ++length)
    EXPECT_FALSE(parse_outcome(line.substr(0, length)).has_value()) << line.substr(0, length);
  EXPECT_FALSE(parse_outcome("{\"trial\":1}").has_value());
  EXPECT_FALSE(parse_outcome("[]").has_value());
}

TEST(Outcome, AccuracyIsMaximised) {
  const Outcome outcome = sample_outcome();
  EXPECT_EQ(score_of(outcome, Metric::validation_loss).value, 123456789.123456789);
  EXPECT_EQ(score_of(outcome, Metric::validation_accuracy), (Score{-0.99, 123456789.123456789}));
  EXPECT_EQ(score_of(outcome, Metric::train_loss).value, 1.0 / 3.0);
}

TEST(Outcome, AnyMetricOfValidationIsCompared) {
  Outcome outcome = sample_outcome();
  outcome.curve.back().metric = 0.875;
  EXPECT_EQ(parse_outcome(to_json_line(outcome))->curve, outcome.curve);
  EXPECT_EQ(score_of(outcome, Metric::validation_auc), (Score{-0.875, 123456789.123456789}));
  EXPECT_EQ(score_of(outcome, Metric::validation_rmse), (Score{0.875, 123456789.123456789})) << "lower is better";
}

TEST(Outcome, AMetricThatATrialLacksIsNoNumber) {
  Outcome outcome = sample_outcome();
  outcome.curve.back().validation_accuracy.reset();
  EXPECT_EQ(metric_at(outcome.curve.back(), Metric::validation_accuracy), std::nullopt);
  EXPECT_THROW(static_cast<void>(score_of(outcome, Metric::validation_accuracy)), Error);
  EXPECT_THROW(static_cast<void>(standings_of({{outcome}}, Metric::validation_accuracy)), Error);
}

}  // namespace
}  // namespace shoal
