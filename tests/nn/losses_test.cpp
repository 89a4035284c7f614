#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "shoal/core/error.hpp"
#include "shoal/core/json.hpp"
#include "shoal/core/random.hpp"
#include "shoal/graph/executor.hpp"
#include "shoal/io/file.hpp"
#include "shoal/nn/losses.hpp"
#include "shoal/nn/operations.hpp"

namespace shoal {
namespace {

struct Result {
  double loss;
  double right;
};

Result evaluate(Value (*loss)(Value, Value), const std::vector<std::vector<float>>& logits,
                const std::vector<std::vector<float>>& targets) {
  Graph g;
  const Value z = g.input("z", static_cast<std::int64_t>(logits[0].size()));
  const Value t = g.input("t", static_cast<std::int64_t>(targets[0].size()));
  const Value value = loss(z, t);
  LocalTreeSum sums;
  const auto n = static_cast<std::int64_t>(logits.size());
  Executor<float> executor(g, n, sums);
  executor.bind(nullptr, {});
  for (std::size_t r = 0; r < logits.size(); ++r) {
    for (std::size_t c = 0; c < logits[r].size(); ++c)
      executor.input(z).at(static_cast<std::int64_t>(r), static_cast<std::int64_t>(c)) = logits[r][c];
    for (std::size_t c = 0; c < targets[r].size(); ++c)
      executor.input(t).at(static_cast<std::int64_t>(r), static_cast<std::int64_t>(c)) = targets[r][c];
  }
  const LeafShare share(LeafCut{n, n});
  executor.forward({&share, share.range(), true, 1, 1, {}}, value);
  return {executor.leaf_statistics()[0], executor.leaf_statistics()[1]};
}

TEST(Losses, SoftmaxIsLogSumExpAndHoldsAtTheExtremes) {
  const Result uniform = evaluate(softmax_cross_entropy, {{0, 0, 0}, {1, 2, 3}}, {{2}, {2}});
  EXPECT_NEAR(uniform.loss, std::log(3.0) + std::log(std::exp(-2.0) + std::exp(-1.0) + 1), 1e-12);
  EXPECT_EQ(uniform.right, 1);
  const Result extreme = evaluate(softmax_cross_entropy, {{1e4f, -1e4f}, {1e4f, -1e4f}}, {{0}, {1}});
  EXPECT_EQ(extreme.loss, 2e4);
  const Result small = evaluate(softmax_cross_entropy, {{30, 0}}, {{0}});
  EXPECT_NEAR(small.loss / std::log1p(std::exp(-30.0)), 1, 1e-12) << "a small loss keeps its digits";
}

TEST(Losses, SoftmaxOfTwoClassesIsLogisticRegression) {
  const float z = 0.7f;
  EXPECT_NEAR(evaluate(softmax_cross_entropy, {{0, z}}, {{1}}).loss, evaluate(sigmoid_cross_entropy, {{z}}, {{1}}).loss,
              1e-12);
}

TEST(Losses, SigmoidAndSquaredErrorAverageOverOutputs) {
  const Result sigmoid = evaluate(sigmoid_cross_entropy, {{0.5f, -1}, {800, -800}}, {{1, 0}, {1, 0}});
  EXPECT_NEAR(sigmoid.loss, (std::log1p(std::exp(-0.5)) + std::log1p(std::exp(-1.0))) / 2, 1e-12);
  EXPECT_EQ(sigmoid.right, 2);
  EXPECT_NEAR(evaluate(mean_squared_error, {{1, 2}}, {{0, 4}}).loss, (1.0 + 4.0) / 2, 1e-12);
  EXPECT_EQ(evaluate(sigmoid_cross_entropy, {{0.5f}, {-0.5f}, {-0.5f}}, {{1}, {0}, {1}}).right, 2);
}

TEST(Losses, AShareOfOneHalfIsNotOfTheClass) {
  EXPECT_EQ(evaluate(sigmoid_cross_entropy, {{0.5f}, {0.25f}}, {{0.5f}, {0.5f}}).right, 0);
  EXPECT_EQ(evaluate(sigmoid_cross_entropy, {{-0.5f}}, {{0.5f}}).right, 1);
}

/// By hand, with the usual levels 0.1, 0.5 and 0.9.
TEST(Losses, EachTargetHasAnOutputOfEachLevel) {
  const std::vector<double> z(6);
  const std::vector<double> t{1.0, -2.0};  // above and below all of its outputs
  std::vector<double> d(6);
  const SampleLoss made = Loss::quantile.sample(z, t, d);
  EXPECT_NEAR(made.loss, (0.1 + 0.5 + 0.9 + 2.0 * (0.9 + 0.5 + 0.1)) / 6.0, 1e-15);
  const double derivatives[] = {-0.1, -0.5, -0.9, 0.9, 0.5, 0.1};
  for (std::size_t k = 0; k < 6; ++k) EXPECT_NEAR(d[k], derivatives[k] / 6.0, 1e-15) << k;
}

TEST(Losses, HaveTheDerivativeZeroWhereTheTargetIsMet) {
  for (const Loss& loss : {Loss::mse, Loss::mae, Loss::huber, Loss::quantile}) {
    const std::vector<double> z(static_cast<std::size_t>(loss.levels()), 0.25);
    const double t = 0.25;
    std::vector<double> d(z.size(), 1.0);
    EXPECT_EQ(loss.sample(z, std::span(&t, 1), d).loss, 0.0);
    EXPECT_EQ(d[0], 0.0) << loss.name;
  }
}

TEST(Losses, AreFoundByNameAndSayWhatTheyNeed) {
  for (const Loss& loss : Loss::all()) EXPECT_EQ(Loss::named(loss.name), loss);
  EXPECT_EQ(Loss::names(), (std::vector<std::string>{"softmax", "sigmoid", "mse", "mae", "huber", "quantile"}));
  try {
    Loss::named("hinge");
    ADD_FAILURE() << "found";
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "unknown loss \"hinge\"; use one of softmax, sigmoid, mse, mae, huber, quantile");
  }
  EXPECT_EQ(Loss::softmax.outputs(1), 1);
  EXPECT_EQ(Loss::softmax.outputs(7), 7);
  EXPECT_EQ(Loss::sigmoid.outputs(1), 0) << "one class is none to tell apart";
  EXPECT_EQ(Loss::sigmoid.outputs(2), 1);
  EXPECT_EQ(Loss::sigmoid.outputs(7), 7);
  EXPECT_EQ(Loss::mse.outputs(7), 1);
}

TEST(Losses, ReportProbabilitiesOrOutputs) {
  std::vector<double> z{1000.0, 1000.0, -1000.0};
  Loss::softmax.report(z);
  EXPECT_EQ(z, (std::vector<double>{0.5, 0.5, 0.0}));
  z = {0.0, 1000.0};
  Loss::sigmoid.report(z);
  EXPECT_EQ(z, (std::vector<double>{0.5, 1.0}));
  z = {-3.0};
  Loss::mse.report(z);
  EXPECT_EQ(z[0], -3.0);
}

LossSettings settings_of(const Json& json) {
  LossSettings s;
  const auto list = [&](const char* name) {
    std::vector<double> values;
    if (const Json* found = json.find(name)) {
      for (const Json& value : found->items()) values.push_back(value.number());
    }
    return values;
  };
  s.name = json.at("name").string();
  if (const Json* delta = json.find("delta")) s.delta = delta->number();
  if (const Json* smoothing = json.find("label_smoothing")) s.label_smoothing = smoothing->number();
  s.levels = list("levels");
  s.pos_weight = list("pos_weight");
  return s;
}

/// tests/golden/make_losses.py made them.
TEST(Losses, HaveTheValuesAndDerivativesOfPyTorch) {
  const Json cases = Json::parse(read_text(SHOAL_SOURCE_DIR "/tests/golden/losses.json"));
  for (const Json& c : cases.items()) {
    const Loss loss = Loss::of(settings_of(c.at("settings")));
    for (std::size_t r = 0; r < c.at("outputs").items().size(); ++r) {
      const auto row = [&](const char* name) {
        std::vector<double> values;
        for (const Json& value : c.at(name).at(r).items()) values.push_back(value.number());
        return values;
      };
      const std::vector<double> z = row("outputs");
      const std::vector<double> t = row("targets");
      const std::vector<double> derivatives = row("derivatives");
      std::vector<double> d(z.size());
      const SampleLoss made = loss.sample(z, t, d);
      const std::string at = c.at("settings").text() + " row " + std::to_string(r);
      EXPECT_NEAR(made.loss, c.at("losses").at(r).number(), 1e-14 * std::fabs(made.loss)) << at;
      for (std::size_t k = 0; k < z.size(); ++k) EXPECT_NEAR(d[k], derivatives[k], 1e-14) << at;
    }
  }
}

/// Samples of a block do not see each other, nor what is left in lanes that none has.
TEST(Losses, SamplesBesideEachOtherHaveTheBitsOfEachAlone) {
  const RandomSource random(5, Purpose::synth);
  constexpr std::size_t lanes = LossBlock::samples;
  const auto alike = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };
  for (const Loss& loss :
       {Loss::softmax, Loss::of({.name = "softmax", .label_smoothing = 0.1}), Loss::sigmoid,
        Loss::of({.name = "sigmoid", .pos_weight = {2.0}}), Loss::mse, Loss::mae, Loss::huber, Loss::quantile}) {
    for (const std::size_t outputs : {3, 12, 33}) {
      const std::size_t targets =
          loss.targets == Loss::Targets::class_number ? 1 : outputs / static_cast<std::size_t>(loss.levels());
      std::vector<double> z(outputs * lanes), t(targets * lanes), d(z.size());
      for (std::size_t n = 0; n < z.size(); ++n) z[n] = 20.0 * random.normal(1, n);
      for (std::size_t n = 0; n < t.size(); ++n)
        t[n] = targets == 1 ? static_cast<double>(random.below(outputs, 2, n)) : random.uniform(2, n);
      z[5] = std::nan("");
      z[6] = std::numeric_limits<double>::infinity();
      t[4] = -1.0;
      LossBlock block{outputs, z.data(), t.data(), d.data()};
      loss.block(block, loss.numbers);
      for (std::size_t i = 0; i < lanes; ++i) {
        std::vector<double> own_z(outputs), own_t(targets), own_d(outputs);
        for (std::size_t k = 0; k < outputs; ++k) own_z[k] = z[k * lanes + i];
        for (std::size_t k = 0; k < targets; ++k) own_t[k] = t[k * lanes + i];
        const SampleLoss own = loss.sample(own_z, own_t, own_d);
        const std::string at = std::string(loss.name) + ", sample " + std::to_string(i);
        EXPECT_TRUE(alike(own.loss, block.loss[i])) << at;
        EXPECT_EQ(own.right, block.right[i]) << at;
        for (std::size_t k = 0; k < outputs; ++k) EXPECT_TRUE(alike(own_d[k], d[k * lanes + i])) << at;
      }
    }
  }
}

TEST(Losses, WeightsAreFactorsOfSamples) {
  Graph g;
  const Value z = g.input("z", 1);
  const Value t = g.input("t", 1);
  const Value loss = apply_loss(Loss::mse, z, t);
  const Value told = apply_loss(Loss::sigmoid, z, t);
  LocalTreeSum sums;
  Executor<float> executor(g, 3, sums);
  executor.bind(nullptr, {});
  for (std::int64_t r = 0; r < 3; ++r) executor.input(z).at(r, 0) = static_cast<float>(r + 1);
  const LeafShare share(LeafCut{3, 2});
  const std::vector<double> weights{0.5, 0.0, 0.1};
  executor.forward({&share, share.range(), true, 1, 1, {}, weights}, loss);
  EXPECT_EQ(executor.leaf_statistics()[0], 0.5);
  EXPECT_EQ(executor.leaf_statistics()[2], 0.1 * 9.0);
  executor.input(t).at(0, 0) = executor.input(t).at(1, 0) = 1.0F;
  executor.forward({&share, share.range(), true, 1, 1, {}, weights}, told);
  EXPECT_EQ(executor.leaf_statistics()[1], 0.5) << "a right row counts by its weight";
}

TEST(Losses, SettingsOfAnotherLossAreRefused) {
  EXPECT_EQ(fault_of({.name = "mae", .delta = 2.0}),
            "delta belongs to the loss \"huber\", not to \"mae\"; leave it out");
  EXPECT_EQ(fault_of({.name = "huber", .delta = 0.0}), "delta is 0; use a number above 0");
  EXPECT_NE(fault_of({.name = "quantile", .levels = {0.5, 0.1}}), "");
  EXPECT_NE(fault_of({.name = "quantile", .levels = {0.5, 1.0}}), "");
  EXPECT_NE(fault_of({.name = "softmax", .label_smoothing = 1.0}), "");
  EXPECT_NE(fault_of({.name = "sigmoid", .pos_weight = {-1.0}}), "");
  for (const Loss& loss : Loss::all()) {
    EXPECT_EQ(fault_of(loss.settings()), "");
    EXPECT_EQ(Loss::of(loss.settings()), loss);
  }
  const LossSettings smoothed{.name = "softmax", .label_smoothing = 0.1};
  EXPECT_EQ(Loss::of(smoothed).settings(), smoothed);
  Graph g;
  EXPECT_THROW(apply_loss(Loss::of({.name = "sigmoid", .pos_weight = {1.0, 2.0}}), g.input("z", 3), g.input("t", 3)),
               Error);
  EXPECT_THROW(apply_loss(Loss::quantile, g.input("z", 4), g.input("t", 1)), Error) << "three levels";
}

TEST(Losses, ANumberOfNoClassHasNoLoss) {
  const std::vector<double> z(3, 0.5);
  for (const double smoothing : {0.0, 0.1}) {
    const Loss softmax = Loss::of({.name = "softmax", .label_smoothing = smoothing});
    for (const double number : {3.0, 1.5, -1.0, 1e9, 1e300, std::nan("")}) {
      std::vector<double> d(3);
      const SampleLoss sample = softmax.sample(z, std::span(&number, 1), d);
      EXPECT_TRUE(std::isnan(sample.loss)) << number;
      EXPECT_FALSE(sample.right) << number;
    }
  }
}

}  // namespace
}  // namespace shoal
