// Metrics against scikit-learn; tests/golden/make_metrics.py made the numbers.
#include "shoal/infer/metrics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "shoal/core/json.hpp"
#include "shoal/io/file.hpp"

namespace shoal {
namespace {

constexpr double tolerance = 1e-12;  // relative

template <class T>
std::vector<T> numbers(const Json& list) {
  std::vector<T> values;
  for (const Json& item : list.items()) values.push_back(static_cast<T>(item.number()));
  return values;
}

void expect_like(const std::optional<double>& value, const Json& expected, const std::string& name) {
  ASSERT_EQ(value.has_value(), !expected.is_null()) << name;
  if (!value) return;
  EXPECT_NEAR(*value, expected.number(), tolerance * std::fabs(expected.number())) << name;
}

Json golden(const char* kind) { return Json::parse(read_text(SHOAL_SOURCE_DIR "/tests/golden/metrics.json")).at(kind); }

Evaluation judged_classes(const Json& rows) {
  const auto labels = numbers<std::int32_t>(rows.at("labels"));
  const auto predicted = numbers<std::int32_t>(rows.at("predicted"));
  const auto weights = numbers<double>(rows.at("weights"));
  std::vector<std::vector<double>> probabilities;
  std::vector<std::string> names;
  std::vector<double> confidence(labels.size());
  for (const Json& column : rows.at("probabilities").items()) {
    probabilities.push_back(numbers<double>(column));
    for (std::size_t i = 0; i < labels.size(); ++i) confidence[i] = std::max(confidence[i], probabilities.back()[i]);
    names.push_back("c" + std::to_string(names.size()));
  }
  ClassJudge judge(names, labels, predicted, confidence, weights);
  for (const auto& column : probabilities) judge.take(column);
  Evaluation evaluation;
  judge.finish(evaluation);
  return evaluation;
}

TEST(Metrics, OfClassesAreThoseOfScikitLearn) {
  std::size_t number = 0;
  const Json cases = golden("classes");
  for (const Json& rows : cases.items()) {
    const std::string at = "case " + std::to_string(number++) + ": ";
    const Evaluation e = judged_classes(rows);
    expect_like(e.balanced_accuracy, rows.at("balanced_accuracy"), at + "balanced_accuracy");
    expect_like(e.macro_f1, rows.at("macro_f1"), at + "macro_f1");
    expect_like(e.weighted_f1, rows.at("weighted_f1"), at + "weighted_f1");
    expect_like(e.auc, rows.at("auc"), at + "auc");
    expect_like(e.average_precision, rows.at("average_precision"), at + "average_precision");
    expect_like(e.brier, rows.at("brier"), at + "brier");
    expect_like(e.ece, rows.at("ece"), at + "ece");
    expect_like(e.nll, rows.at("nll"), at + "nll");
    EXPECT_EQ(e.confusion, numbers<double>(rows.at("confusion")));
    const auto& classes = rows.at("classes").items();
    ASSERT_EQ(e.classes.size(), classes.size());
    for (std::size_t c = 0; c < classes.size(); ++c) {
      const std::string name = at + e.classes[c].name + ' ';
      EXPECT_EQ(e.classes[c].support, classes[c].at("support").number()) << name;
      expect_like(e.classes[c].precision, classes[c].at("precision"), name + "precision");
      expect_like(e.classes[c].recall, classes[c].at("recall"), name + "recall");
      expect_like(e.classes[c].f1, classes[c].at("f1"), name + "f1");
      expect_like(e.classes[c].auc, classes[c].at("auc"), name + "auc");
      expect_like(e.classes[c].average_precision, classes[c].at("average_precision"), name + "average_precision");
    }
  }
  EXPECT_EQ(number, 6U);
}

TEST(Metrics, OfProbabilitiesAreThoseOfScikitLearn) {
  const Json cases = golden("probabilities");
  for (const Json& rows : cases.items()) {
    const auto weights = numbers<double>(rows.at("weights"));
    Evaluation e;
    double accuracy = 0.0;
    for (std::size_t k = 0; k < 4; ++k) {
      const auto targets = numbers<double>(rows.at("targets").at(k));
      const auto predicted = numbers<double>(rows.at("predicted").at(k));
      OutputJudgement& judged = e.outputs.emplace_back();
      judged.name = "y" + std::to_string(k);
      judge_as_probability(judged, targets, predicted, weights);
      const Json& expected = rows.at("outputs").at(k);
      expect_like(judged.accuracy, expected.at("accuracy"), "accuracy");
      expect_like(judged.auc, expected.at("auc"), "auc");
      expect_like(judged.average_precision, expected.at("average_precision"), "average_precision");
      accuracy += *judged.accuracy / 4.0;
    }
    average_probabilities(e);
    EXPECT_NEAR(accuracy, rows.at("accuracy").number(), 1e-12);
    expect_like(e.auc, rows.at("auc"), "auc");
    expect_like(e.average_precision, rows.at("average_precision"), "average_precision");
    EXPECT_EQ(e.notes, std::vector<std::string>{"all rows are of the class, or none is, of y3: no AUC of it"});
  }
}

TEST(Metrics, OfOutputsAreThoseOfScikitLearn) {
  const Json cases = golden("outputs");
  for (const Json& rows : cases.items()) {
    const auto weights = numbers<double>(rows.at("weights"));
    Evaluation e;
    for (std::size_t k = 0; k < 3; ++k) {
      const auto targets = numbers<double>(rows.at("targets").at(k));
      const auto predicted = numbers<double>(rows.at("predicted").at(k));
      e.outputs.push_back(judge_output("y" + std::to_string(k), targets, predicted, weights));
      const Json& expected = rows.at("outputs").at(k);
      std::vector<double> low, high;
      for (const double p : predicted) {
        low.push_back(p - 0.25);
        high.push_back(p + 0.35);
      }
      const IntervalJudgement interval = judge_interval("y", 0.9, targets, low, high, weights);
      EXPECT_NEAR(interval.coverage, rows.at("coverage").at(k).number(), 1e-12);
      EXPECT_NEAR(interval.width, 0.6, 1e-9);
      expect_like(e.outputs[k].rmse, expected.at("rmse"), "rmse");
      expect_like(e.outputs[k].mae, expected.at("mae"), "mae");
      expect_like(e.outputs[k].r2, expected.at("r2"), "r2");
    }
    average_outputs(e, std::vector<std::size_t>{0, 1, 2});
    expect_like(e.rmse, rows.at("rmse"), "rmse");
    expect_like(e.mae, rows.at("mae"), "mae");
    expect_like(e.r2, rows.at("r2"), "r2");
    EXPECT_EQ(e.notes, std::vector<std::string>{"the target of y2 is constant: no R2"});
  }
}

TEST(Metrics, ARowWithoutWeightMakesNoTargetVary) {
  const std::vector<double> targets{5.0, 5.0, 9.0};
  const std::vector<double> predicted{4.0, 6.0, 9.0};
  EXPECT_EQ(judge_output("y", targets, predicted, std::vector<double>{1.0, 2.0, 0.0}).r2, std::nullopt);
  EXPECT_NE(judge_output("y", targets, predicted, std::vector<double>{1.0, 2.0, 1e-9}).r2, std::nullopt);
  EXPECT_EQ(judge_output("y", std::vector{1e-200, 2e-200}, std::vector{1.0, 1.0}, {}).r2, std::nullopt) << "-inf";
}

TEST(Metrics, AnIntervalHoldsItsEndsAndItsWidthIsWeighted) {
  const std::vector<double> targets{1.0, 2.0, 3.0};
  const std::vector<double> low{1.0, 0.0, 0.0};
  const std::vector<double> high{4.0, 2.0, 2.0};
  const IntervalJudgement judged = judge_interval("y", 0.8, targets, low, high, std::vector<double>{1.0, 2.0, 1.0});
  EXPECT_EQ(judged.coverage, 0.75);  // on the lower end, on the upper one, above
  EXPECT_EQ(judged.width, (3.0 + 2.0 * 2.0 + 2.0) / 4.0);
}

TEST(Metrics, AShareOfOneHalfIsNotOfTheClass) {
  OutputJudgement judged;
  judge_as_probability(judged, std::vector<double>{0.5, 1.0, 0.0}, std::vector<double>{0.1, 0.9, 0.3}, {});
  EXPECT_EQ(judged.auc, 1.0) << "the second row is the only one of the class, and ranks first";
  EXPECT_EQ(judged.accuracy, 1.0);
}

TEST(Metrics, SayWhatCannotBeTold) {
  const std::vector<std::int32_t> labels{1, 1};
  const std::vector<std::int32_t> predicted{1, 1};
  const std::vector<double> confidence{0.75, 1.0};
  ClassJudge judge({"no", "yes"}, labels, predicted, confidence, {});
  judge.take(std::vector<double>{0.25, 0.0});
  judge.take(confidence);
  Evaluation e;
  judge.finish(e);
  EXPECT_EQ(e.auc, std::nullopt);
  EXPECT_EQ(e.average_precision, std::nullopt);
  EXPECT_EQ(e.classes[0].recall, std::nullopt);
  EXPECT_EQ(e.classes[0].f1, std::nullopt) << "neither there nor predicted";
  EXPECT_EQ(e.balanced_accuracy, 1.0);
  EXPECT_EQ(e.macro_f1, 1.0) << "of the class that is there";
  EXPECT_EQ(e.brier, 0.03125);
  EXPECT_EQ(e.ece, 0.125);
  EXPECT_EQ(e.notes,
            (std::vector<std::string>{"no rows of no: no recall and no AUC of it", "nothing taken for no: no precision",
                                      "all rows are of one class: nothing to rank, so no AUC"}));
}

/// Of two classes, "no" in three of four rows by weight; the model gives "yes" a probability.
std::vector<std::string> notes_of(const std::vector<double>& yes) {
  const std::vector<std::int32_t> labels{0, 0, 1};
  const std::vector<double> weights{1.0, 2.0, 1.0};
  std::vector<std::int32_t> predicted;
  std::vector<double> no, confidence;
  for (const double p : yes) {
    predicted.push_back(p > 0.5 ? 1 : 0);
    no.push_back(1.0 - p);
    confidence.push_back(std::max(p, 1.0 - p));
  }
  ClassJudge judge({"no", "yes"}, labels, predicted, confidence, weights);
  judge.take(no);
  judge.take(yes);
  Evaluation e;
  judge.finish(e);
  return e.notes;
}

TEST(Metrics, SayWhereAConstantIsAsGood) {
  const std::string accuracy = "accuracy is no better than that of a constant: no for every row has 0.7500";
  const std::string nll =
      "nll is no better than that of a constant: the shares of the classes for every row have 0.5623";
  EXPECT_EQ(notes_of({0.1, 0.2, 0.8}), std::vector<std::string>{});
  EXPECT_EQ(notes_of({0.1, 0.2, 0.4}),
            (std::vector<std::string>{accuracy, "nothing taken for yes: no precision"}));  // nll 0.367
  EXPECT_EQ(notes_of({0.99, 0.99, 0.1}), (std::vector<std::string>{accuracy, nll}));
  EXPECT_EQ(notes_of({0.499, 0.499, 0.501}), std::vector<std::string>{nll});

  const std::vector<double> targets{1.0, 2.0, 6.0};
  Evaluation e;
  e.outputs.push_back(judge_output("right", targets, std::vector<double>{1.0, 3.0, 5.0}, {}));
  e.outputs.push_back(judge_output("mean", targets, std::vector<double>{3.0, 3.0, 3.0}, {}));
  e.outputs.push_back(judge_output("wrong", targets, std::vector<double>{9.0, 8.0, 7.0}, {}));
  average_outputs(e, std::vector<std::size_t>{0, 1, 2});
  EXPECT_EQ(e.notes,
            std::vector<std::string>{"rmse of mean and wrong is no better than that of a constant, the mean of these "
                                     "rows: an r2 of 0 or less"});
  e.notes.clear();
  average_outputs(e, std::vector<std::size_t>{0});
  EXPECT_TRUE(e.notes.empty()) << "the others do not count";
}

TEST(Metrics, ABinHoldsItsEnd) {
  // 0.2 is the end of the third of 15 bins, and 1 of the last: each bin of one row is off by its own distance.
  const std::vector<std::int32_t> labels{0, 0, 0};
  const std::vector<double> confidence{0.2, 0.21, 1.0};
  ClassJudge judge({"a", "b"}, labels, labels, confidence, {});
  judge.take(confidence);
  judge.take(confidence);
  Evaluation e;
  judge.finish(e);
  EXPECT_NEAR(*e.ece, (0.8 + 0.79) / 3.0, 1e-15);
  ASSERT_EQ(e.calibration.size(), 15U);
  EXPECT_EQ(e.calibration[2].weight, 1.0);
  EXPECT_EQ(e.calibration[2].confidence, 0.2);
  EXPECT_EQ(e.calibration[3].accuracy, 1.0);
  EXPECT_EQ(e.calibration[4].weight, 0.0);
  EXPECT_EQ(e.calibration[14].confidence, 1.0);
}

TEST(Metrics, ABinCountsRowsByTheirWeights) {
  const std::vector<std::int32_t> labels{0, 0};
  const std::vector<std::int32_t> predicted{1, 0};
  const std::vector<double> confidence{0.21, 0.25};  // of one bin
  const std::vector<double> weights{1.0, 3.0};
  ClassJudge judge({"a", "b"}, labels, predicted, confidence, weights);
  judge.take(confidence);
  judge.take(confidence);
  Evaluation e;
  judge.finish(e);
  EXPECT_EQ(e.calibration[3].weight, 4.0);
  EXPECT_NEAR(e.calibration[3].confidence, 0.24, 1e-15);
  EXPECT_EQ(e.calibration[3].accuracy, 0.75);
}

TEST(Metrics, EveryRowLiesInASquareOfTrueAgainstPredicted) {
  const std::vector<double> targets{0.0, 48.0, 24.0, 24.0};
  const std::vector<double> predicted{0.0, 47.5, -0.0, 10.0};
  const std::vector<double> weights{1.0, 2.0, 3.0, 4.0};
  const TrueAgainstPredicted against = judge_output("y", targets, predicted, weights).against;
  EXPECT_EQ(against.low, 0.0);
  EXPECT_EQ(against.high, 48.0);
  EXPECT_EQ(against.weights[0], 1.0);
  EXPECT_EQ(against.weights[47 * 48 + 47], 2.0);
  EXPECT_EQ(against.weights[24 * 48 + 0], 3.0);
  EXPECT_EQ(against.weights[24 * 48 + 10], 4.0);
  // All alike: one square.
  EXPECT_EQ(judge_output("y", std::vector{5.0, 5.0}, std::vector{5.0, 5.0}, {}).against.weights[0], 2.0);
}

TEST(Metrics, SumsLoseNothing) {
  const std::size_t rows = 100'001;
  std::vector<double> targets(rows, 0.1);
  targets[0] = 1e9;
  const std::vector<double> predicted(rows, 0.0);
  EXPECT_EQ(judge_output("y", targets, predicted, {}).mae, (1e9 + 1e4) / static_cast<double>(rows));
}

}  // namespace
}  // namespace shoal
