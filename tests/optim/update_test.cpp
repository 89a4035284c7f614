#include "optim/update.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "shoal/core/hash.hpp"
#include "shoal/core/random.hpp"
#include "shoal/tensor/isa.hpp"

namespace shoal {
namespace {

/// Lets ctest run this file under another instruction set: SHOAL_ISA.
class InstructionSet : public testing::Environment {
  void SetUp() override { select_instruction_set(); }
};
const auto* const instruction_set_environment = testing::AddGlobalTestEnvironment(new InstructionSet);

std::vector<float> numbers(std::size_t n, std::uint64_t seed, double scale) {
  const RandomSource random(seed, Purpose::synth);
  std::vector<float> out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<float>(scale * (random.uniform(i) - 0.5));
  return out;
}

/// Weights and moments of one parameter, and one optimizer step on a part of it.
struct State {
  explicit State(const std::string& optimizer_name, std::size_t n)
      : optimizer(optimizer_name), w(numbers(n, 1, 2.0)), moments(optimizer.moments().size(), std::vector<float>(n)) {}

  void update(const UpdateScalars& scalars, const std::vector<float>& g, std::size_t begin, std::size_t end) {
    update(scalars, GradientSum(std::span(g).subspan(begin, end - begin)), begin);
  }
  void update(const UpdateScalars& scalars, const GradientSum& g, std::size_t begin) {
    std::vector<float*> at;
    for (std::vector<float>& moment : moments) at.push_back(moment.data() + begin);
    optimizer.update(scalars, std::span(w).subspan(begin, g.size()), g, at);
  }

  bool operator==(const State& other) const { return w == other.w && moments == other.moments; }

  Optimizer optimizer;
  std::vector<float> w;
  std::vector<std::vector<float>> moments;
};

UpdateScalars scalars_of(const std::string& name, std::int64_t step) {
  UpdateScalars s;
  s.settings.name = name;
  s.settings.l2 = 0.01;
  s.settings.weight_decay = 0.1;
  s.learning_rate = 0.01;
  s.step = step;
  s.batch = 100.0F;
  s.clip_factor = 0.75;
  s.trust = 0.5;
  return s;
}

/// The definitions, in double and without thought for rounding.
struct Reference {
  void update(const UpdateScalars& s, float gradient_sum) {
    const OptimizerSettings& o = s.settings;
    double g = double{gradient_sum} / double{s.batch} * s.clip_factor;
    if (s.decay) g += o.l2 * w;
    const double lr = s.learning_rate;
    const auto t = static_cast<double>(s.step);
    if (o.name == "gd") {
      w -= lr * g;
    } else if (o.name == "momentum") {
      m = o.momentum * m + g;
      w -= lr * (o.nesterov ? g + o.momentum * m : m);
    } else if (o.name == "lars") {
      const double change = s.trust * (s.decay ? g + o.weight_decay * w : g);
      m = o.momentum * m + change;
      w -= lr * (o.nesterov ? change + o.momentum * m : m);
    } else if (o.name == "rmsprop") {
      v = o.rho * v + (1 - o.rho) * g * g;
      w -= lr * g / (std::sqrt(v) + o.epsilon);
    } else {
      if (o.name == "adamw") w -= lr * o.weight_decay * w;
      m = o.beta1 * m + (1 - o.beta1) * g;
      v = o.beta2 * v + (1 - o.beta2) * g * g;
      const double m_hat = m / (1 - std::pow(o.beta1, t));
      const double v_hat = v / (1 - std::pow(o.beta2, t));
      if (o.name == "lamb") {
        w -= lr * s.trust * (m_hat / (std::sqrt(v_hat) + o.epsilon) + (s.decay ? o.weight_decay * w : 0));
      } else {
        w -= lr * m_hat / (std::sqrt(v_hat) + o.epsilon);
      }
    }
  }
  double w = 0;
  double m = 0;
  double v = 0;
};

/// "lars" and "lars_nesterov": a name, and what else is set.
class Update : public testing::TestWithParam<const char*> {
 protected:
  UpdateScalars scalars_of(const std::string& optimizer, std::int64_t step) const {
    UpdateScalars s = shoal::scalars_of(optimizer, step);
    s.settings.nesterov = name != std::string(GetParam());
    return s;
  }
  const std::string name = [] {
    const std::string all = GetParam();
    return all.substr(0, all.find("_nesterov"));
  }();
};

TEST_P(Update, AgreesWithItsDefinitionInDouble) {
  constexpr std::size_t n = 67;
  for (const bool decay : {true, false}) {
    State state(name, n);
    std::vector<Reference> reference(n);
    for (std::size_t i = 0; i < n; ++i) reference[i].w = state.w[i];
    for (std::int64_t step = 1; step <= 300; ++step) {
      UpdateScalars scalars = scalars_of(name, step);
      scalars.decay = decay;
      const std::vector<float> g = numbers(n, static_cast<std::uint64_t>(step + 1), 300.0);
      state.update(scalars, g, 0, n);
      for (std::size_t i = 0; i < n; ++i) reference[i].update(scalars, g[i]);
    }
    for (std::size_t i = 0; i < n; ++i) {
      EXPECT_NEAR(double{state.w[i]}, reference[i].w, 2e-5) << i << (decay ? " decayed" : " not decayed");
    }
  }
}

TEST_P(Update, HasTheSameBitsForEveryCutAndAlignment) {
  constexpr std::size_t n = 333;
  State whole(name, n);
  State cut(name, n);
  for (std::int64_t step = 1; step <= 20; ++step) {
    const std::vector<float> g = numbers(n, static_cast<std::uint64_t>(step + 1), 300.0);
    const UpdateScalars scalars = scalars_of(name, step);
    whole.update(scalars, g, 0, n);
    // Runs of every length from 1 up, so that vectors and tails start everywhere; in another order at every step.
    std::vector<std::size_t> ends;
    for (std::size_t end = 0, length = static_cast<std::size_t>(step % 5); end < n; ++length) {
      end = std::min(n, end + length);
      ends.push_back(end);
    }
    for (std::size_t i = ends.size(); i-- > 0;) cut.update(scalars, g, i == 0 ? 0 : ends[i - 1], ends[i]);
    ASSERT_TRUE(whole == cut) << "step " << step;
  }
}

TEST_P(Update, AddsTwoRowsAsItReadsThem) {
  constexpr std::size_t n = 333;
  for (const float batch : {64.0F, 100.0F}) {
    State one(name, n);
    State two(name, n);
    for (std::int64_t step = 1; step <= 20; ++step) {
      const std::vector<float> left = numbers(n, static_cast<std::uint64_t>(2 * step), 300.0);
      const std::vector<float> right = numbers(n, static_cast<std::uint64_t>(2 * step + 1), 30.0);
      std::vector<float> sum(n);
      for (std::size_t i = 0; i < n; ++i) sum[i] = left[i] + right[i];
      UpdateScalars scalars = scalars_of(name, step);
      scalars.batch = batch;
      one.update(scalars, sum, 0, n);
      two.update(scalars, GradientSum(left, right.data()), 0);
      ASSERT_TRUE(one == two) << "step " << step << " batch " << batch;
    }
  }
}

TEST_P(Update, DividesByTheBatchOnce) {
  // 1/7 is not a float: a product with it would miss these quotients.
  constexpr std::size_t n = 100;
  State sums(name, n);
  State means(name, n);
  std::vector<float> g(n);
  std::vector<float> sum(n);
  for (std::size_t i = 0; i < n; ++i) {
    g[i] = static_cast<float>(i) - 50.0F;
    sum[i] = 7.0F * g[i];
  }
  UpdateScalars scalars = scalars_of(name, 1);
  scalars.batch = 1.0F;
  means.update(scalars, g, 0, n);
  scalars.batch = 7.0F;
  sums.update(scalars, sum, 0, n);
  EXPECT_TRUE(sums == means);
}

TEST_P(Update, OfASumHasTheBitsOfTheQuotientForEveryBatch) {
  constexpr std::size_t n = 1000;
  std::vector<float> sum = numbers(n, 3, 300.0);
  sum[0] = std::numeric_limits<float>::denorm_min() * 33.0F;  // its quotients are rounded
  sum[1] = std::numeric_limits<float>::max();
  for (const float batch : {1.0F, 2.0F, 3.0F, 64.0F, 100.0F, 4096.0F, 65537.0F}) {
    State sums(name, n);
    State means(name, n);
    std::vector<float> mean(n);
    std::transform(sum.begin(), sum.end(), mean.begin(), [&](float value) { return value / batch; });
    UpdateScalars scalars = scalars_of(name, 1);
    scalars.batch = 1.0F;
    means.update(scalars, mean, 0, n);
    scalars.batch = batch;
    sums.update(scalars, sum, 0, n);
    EXPECT_TRUE(sums == means) << batch;
  }
}

TEST_P(Update, LeavesZerosAlone) {  // padding
  State state(name, 40);
  std::fill(state.w.begin(), state.w.end(), 0.0F);
  const State before = state;
  for (std::int64_t step = 1; step <= 3; ++step) state.update(scalars_of(name, step), std::vector<float>(40), 0, 40);
  EXPECT_TRUE(state == before);
}

TEST_P(Update, GivesThePinnedBits) {
  const std::vector<std::pair<std::string, std::string>> pinned = {
      {"gd", "939f8fc5acebf7102d2bdda241d04da6"},      {"momentum", "94dca751bb6f86d8b33e43fd9c624be5"},
      {"rmsprop", "2d64d04b5b72b4c5d96d9c0e8ea9b7f7"}, {"adam", "444c8630fdde73a3fbe3e7d4bc7b2dc7"},
      {"adamw", "ddb6906e63f4c1401a0f2776db2e8e30"},   {"momentum_nesterov", "e3cdea0fd1720591a57035ffae3cb937"},
      {"lars", "42d80451f38d6590aaa848d2d6cd402c"},    {"lars_nesterov", "3a6a0e4090110b26b9aa8ccba45d7c70"},
      {"lamb", "0ceaba6d60a1b734e76a29af0525898e"},
  };
  State state(name, 1000);
  for (std::int64_t step = 1; step <= 10; ++step) {
    state.update(scalars_of(name, step), numbers(1000, static_cast<std::uint64_t>(step + 1), 300.0), 0, 1000);
  }
  Hash hash;
  hash.add(std::as_bytes(std::span(state.w)));
  for (const std::vector<float>& moment : state.moments) hash.add(std::as_bytes(std::span(moment)));
  const auto expected =
      std::find_if(pinned.begin(), pinned.end(), [](const auto& entry) { return entry.first == GetParam(); });
  EXPECT_EQ(hash.hex(), expected->second) << "with " << instruction_set();
}

INSTANTIATE_TEST_SUITE_P(All, Update,
                         testing::Values("gd", "momentum", "momentum_nesterov", "rmsprop", "adam", "adamw", "lars",
                                         "lars_nesterov", "lamb"),
                         [](const auto& info) { return std::string(info.param); });

TEST(UpdateRules, LarsWithATrustOfOneAndNoDecayIsMomentum) {
  for (const bool nesterov : {false, true}) {
    State lars("lars", 100);
    State momentum("momentum", 100);
    for (std::int64_t step = 1; step <= 5; ++step) {
      UpdateScalars scalars = scalars_of("lars", step);
      scalars.settings.nesterov = nesterov;
      scalars.settings.weight_decay = 0.0;
      scalars.trust = 1.0;
      const std::vector<float> g = numbers(100, static_cast<std::uint64_t>(step + 1), 300.0);
      lars.update(scalars, g, 0, 100);
      momentum.update(scalars, g, 0, 100);
    }
    EXPECT_TRUE(lars == momentum);
  }
}

TEST(UpdateRules, AdamsFirstStepIsTheLearningRateWhateverTheGradientsScale) {
  for (const float scale : {1e-4F, 1.0F, 1e4F}) {
    State state("adam", 10);
    const std::vector<float> before = state.w;
    UpdateScalars scalars{.settings = Adam{}, .learning_rate = 0.01};
    state.update(scalars, std::vector<float>(10, scale), 0, 10);
    for (std::size_t i = 0; i < 10; ++i) EXPECT_NEAR(before[i] - state.w[i], 0.01, 2e-6) << scale;
  }
}

TEST(UpdateRules, WeightDecayActsOnEveryParameterAndL2OnWeights) {
  const std::vector<float> none(4);
  for (const bool decay : {true, false}) {
    State adamw("adamw", 4);
    const std::vector<float> before = adamw.w;
    adamw.update({.settings = AdamW{.weight_decay = 0.5}, .learning_rate = 0.125, .decay = decay}, none, 0, 4);
    State gd("gd", 4);
    gd.update({.settings = GradientDescent{.l2 = 0.5}, .learning_rate = 0.125, .decay = decay}, none, 0, 4);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_FLOAT_EQ(adamw.w[i], before[i] * (1 - 0.125F * 0.5F));
      EXPECT_FLOAT_EQ(gd.w[i], decay ? before[i] * (1 - 0.125F * 0.5F) : before[i]);
    }
  }
}

}  // namespace
}  // namespace shoal
