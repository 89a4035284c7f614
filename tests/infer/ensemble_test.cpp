#include "shoal/infer/ensemble.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "infer/trained.hpp"
#include "shoal/core/error.hpp"
#include "shoal/io/file.hpp"
#include "temporary_folder.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using tests::TemporaryFolder;

/// What is tried here, each a file: no hidden layer, two inputs.
class Ensembles : public ::testing::Test {
 protected:
  std::string saved(const std::string& name, const Loss& loss, std::int64_t outputs,
                    const std::vector<std::string>& classes, const std::vector<float>& weight) const {
    Archive archive =
        tests::archive_of(Model(2, {}, outputs, loss), {{2}, std::ssize(classes), classes, "x", {"left", "right"}});
    archive.put(make_array<float>("parameters/01_dense/weight", {2, outputs}, weight));
    archive.put(make_array<float>("parameters/01_dense/bias", {outputs},
                                  std::vector<float>(static_cast<std::size_t>(outputs))));
    FileBytes bytes;
    encode_checkpoint(archive, bytes);
    const std::string path = folder_ / name;
    write_atomically(path, bytes);
    return path;
  }
  static std::string refusal(const std::vector<std::string>& paths) try {
    const Ensemble ensemble(paths);
    return "none";
  } catch (const Error& error) {
    return error.what();
  }

  TemporaryFolder folder_;
};

const std::vector<double> rows{3.0, 5.0, 1.0, 1.0};  // 1 and 2 when normalised; 0 and 0

TEST_F(Ensembles, ReportTheMeanOfTheirMembersAndTheSpread) {
  const std::vector<std::string> classes{"no", "so", "yes"};
  const std::vector<std::string> paths{saved("a.h5", Loss::softmax, 3, classes, {1, 0, 2, 0, 1, 1}),
                                       saved("b.h5", Loss::softmax, 3, classes, {0, 3, 0, 0, 1, 0})};
  const Ensemble ensemble(paths);
  const EnsemblePredictions made = ensemble.predict(rows, true);
  const Predictions a = Predictor(paths[0]).predict(rows), b = Predictor(paths[1]).predict(rows);
  ASSERT_EQ(made.mean.values.size(), 6U);
  ASSERT_EQ(made.spread.size(), 3U);
  double entropy = 0.0, own = 0.0;
  for (std::size_t k = 0; k < 6; ++k) {
    const double mean = (static_cast<double>(a.values[k]) + static_cast<double>(b.values[k])) / 2.0;
    EXPECT_EQ(made.mean.values[k], static_cast<float>(mean));
    EXPECT_EQ(made.exact[k], mean);
    EXPECT_NEAR(made.spread[0][k], std::fabs(static_cast<double>(a.values[k]) - static_cast<double>(b.values[k])) / 2.0,
                1e-15);
    if (k >= 3) continue;
    entropy -= mean * std::log(mean);
    for (const Predictions* one : {&a, &b}) {
      const auto p = static_cast<double>(one->values[k]);
      own -= p * std::log(p) / 2.0;
    }
  }
  EXPECT_NEAR(made.spread[1][0], entropy, 1e-7);
  EXPECT_NEAR(made.spread[2][0], entropy - own, 1e-7);
  EXPECT_NEAR(made.spread[1][1], std::log(3.0), 1e-7);
  EXPECT_NEAR(made.spread[2][1], 0.0, 1e-15) << "both say the same of zeros";
  EXPECT_EQ(made.mean.labels[1], 0) << "the first of equal ones";
  EXPECT_TRUE(ensemble.predict(rows).spread.empty());

  const std::vector<double> left{3.0, 1.0}, right{5.0, 1.0};
  const EnsemblePredictions named =
      ensemble.predict(2, {NamedColumn("right", right.data()), NamedColumn("left", left.data())});
  EXPECT_EQ(named.exact, made.exact);
}

TEST_F(Ensembles, OfOutputsHaveQuantiles) {
  std::vector<std::string> paths;
  for (int m = 0; m < 5; ++m)
    paths.push_back(saved("m" + std::to_string(m), Loss::mse, 1, {}, {static_cast<float>((m * 3) % 5), 0}));
  const Ensemble ensemble(paths);
  const EnsemblePredictions made = ensemble.predict(rows, true);  // 0, 3, 1, 4, 2 of the first row
  EXPECT_EQ(made.mean.values[0], 2.0F);
  EXPECT_NEAR(made.spread[0][0], std::sqrt(2.0), 1e-15);
  ASSERT_EQ(made.spread.size(), 2U);
  EXPECT_NEAR(made.spread[1][0], 0.2, 1e-12);
  EXPECT_NEAR(made.spread[1][1], 2.0, 1e-12);
  EXPECT_NEAR(made.spread[1][2], 3.8, 1e-12);
  const auto parts = spread_parts(ensemble.layout());
  EXPECT_THAT(parts[1].names, ElementsAre("members_q0.05_output_0", "members_q0.5_output_0", "members_q0.95_output_0"));
}

TEST_F(Ensembles, TheSpreadIsOfWhatMembersReportWithAllItsDigits) {
  const Predictor one(saved("a.h5", Loss::softmax, 3, {"no", "so", "yes"}, {1, 0, 2, 0, 1, 1}));
  // Probabilities that do not sum to 1, as rounded ones: divided by their sum before the logarithm.
  const std::vector<Predictions> halves(2, Predictions{{0.5F, 0.5F, 0.5F}, {}, {}});
  EXPECT_NEAR(mean_of(one.layout(), halves, true).spread[1][0], std::log(3.0), 1e-12);

  // Equal members know all that there is to know, however their mean is rounded.
  std::vector<Predictions> equal(3);
  for (int row = 1; row <= 200; ++row) {
    const float p = 1.0F / static_cast<float>(row + 2);
    for (Predictions& member : equal) member.values.insert(member.values.end(), {p, 0.5F - p, 0.5F});
  }
  const EnsemblePredictions alike = mean_of(one.layout(), equal, true);
  for (const double information : alike.spread[2]) EXPECT_GE(information, 0.0);

  // Outputs far from 0 are reported in float64, if by one member alone.
  const Predictor number(saved("n.h5", Loss::mse, 1, {}, {1, 0}));
  PredictionLayout precise = number.layout();
  precise.precise = true;
  EXPECT_TRUE(layout_of(std::vector<MemberView>{{"a", number.layout(), number.trained_on()},
                                                {"b", precise, number.trained_on()}})
                  .precise);
  const std::vector<Predictions> far{{{1e9F}, {1e9 + 1.0}, {}}, {{1e9F}, {1e9 + 3.0}, {}}};
  const EnsemblePredictions made = mean_of(precise, far, true);
  EXPECT_EQ(made.exact[0], 1e9 + 2.0);
  EXPECT_EQ(made.mean.precise, made.exact);
  EXPECT_EQ(made.spread[0][0], 1.0);
  EXPECT_EQ(made.spread[1][1], 1e9 + 2.0) << "the median";
}

TEST_F(Ensembles, AreOfModelsThatPredictTheSame) {
  const std::string classes = saved("classes.h5", Loss::softmax, 2, {"no", "yes"}, {1, 0, 0, 1});
  const std::string others = saved("others.h5", Loss::softmax, 2, {"no", "maybe"}, {1, 0, 0, 1});
  const std::string more = saved("more.h5", Loss::softmax, 3, {"no", "yes", "so"}, {1, 0, 0, 1, 0, 0});
  const std::string outputs = saved("outputs.h5", Loss::mse, 1, {}, {1, 0});
  EXPECT_EQ(refusal({classes, classes}), "none");
  EXPECT_THAT(refusal({classes, others}),
              HasSubstr("class 1 is \"yes\" in " + classes + " and \"maybe\" in " + others));
  EXPECT_THAT(refusal({classes, more}), HasSubstr("has 2 classes, and " + more + " has 3"));
  EXPECT_THAT(refusal({classes, outputs}), HasSubstr(outputs + " outputs"));
  EXPECT_THAT(refusal({}), HasSubstr("no models"));
}

}  // namespace
}  // namespace shoal
