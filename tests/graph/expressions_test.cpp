#include "shoal/graph/expressions.hpp"

#include <gtest/gtest.h>

#include "gradient_check.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

/// A loss over samples from an expression of x (samples, 40) and a parameter row w (40).
void check(const std::function<Value(Value x, Value w)>& expression, std::int64_t columns = 40) {
  Graph g;
  const Value x = g.input("x", columns);
  const Value w = g.variable("w", {columns}, zeros());
  const Value loss = sum(expression(x, w));
  GradientCheck check(g, loss, 23, 5);
  check.fill_normal(x);
  check.expect_derivatives();
}

TEST(Expressions, EveryDerivativeEqualsCentralDifferences) {
  check([](Value x, Value w) { return x + w; });
  check([](Value x, Value w) { return square(x - w); });
  check([](Value x, Value w) { return square(w - x); });
  check([](Value x, Value w) { return x * w; });
  check([](Value x, Value w) { return x / (square(w) + 1.0); });
  check([](Value x, Value w) { return w / (square(x) + 1.0); });
  check([](Value x, Value w) { return relu(x * w + 0.01); });
  check([](Value x, Value w) { return leaky_relu(x * w + 0.01, 0.2); });
  check([](Value x, Value w) { return tanh(x * w); });
  check([](Value x, Value w) { return sigmoid(x * w); });
  check([](Value x, Value w) { return gelu(x * w); });
  check([](Value x, Value w) { return silu(x * w); });
  check([](Value x, Value w) { return exp(0.3 * x * w); });
  check([](Value x, Value w) { return log(square(x * w) + 1.0); });
  check([](Value x, Value w) { return sqrt(square(x * w) + 1.0); });
  check([](Value x, Value w) { return 1.0 / (square(x * w) + 2.0); });
  check([](Value x, Value w) { return 3.0 - x * w / 2.0; });
  check([](Value x, Value w) { return -(x * w); });
  check([](Value x, Value w) { return (x * w)[37] * x; });
  check([](Value x, Value w) { return broadcast(square(w[3]), 40) * x; });
}

TEST(Expressions, AValueUsedTwiceAddsItsGradients) {
  check([](Value x, Value w) {
    const Value y = x * w;
    return y * y + tanh(y) * w;
  });
  check([](Value x, Value w) { return w * w * x; });
}

TEST(Expressions, WhatIsComputedFromParametersAloneIsSummedOverTheBatch) {
  check([](Value x, Value w) { return x * exp(0.3 * w) + tanh(w) * x * w; });
  check([](Value x, Value w) { return x * sum(square(w)); });
}

TEST(Expressions, DenseDerivatives) {
  for (const bool bias : {false, true}) {
    Graph g;
    const Value x = g.input("x", 37);
    const Value w = g.variable("w", {37, 35}, zeros());
    const Value v = g.variable("v", {35, 3}, zeros());
    const Value b = g.variable("b", {35}, zeros());
    const Value hidden = tanh(0.1 * (bias ? dense(x, w, b) : dense(x, w)));
    GradientCheck check(g, sum(square(dense(hidden, v))), 13, 4);
    check.fill_normal(x);
    check.expect_derivatives(2e-6);
  }
}

TEST(Expressions, ADerivativeOfYourOwn) {
  const auto softplus = [](auto v) {
    using std::exp, std::log;
    return log(1 + exp(v));
  };
  const auto slope = [](auto v, auto) {
    using std::exp;
    return 1 / (1 + exp(-v));
  };
  check([&](Value x, Value w) { return map(x * w, "softplus", softplus, slope); }, 10);
}

TEST(Expressions, ShapesThatDoNotFitAreNamed) {
  Graph g;
  const Value x = g.input("x", 3);
  const Value w = g.variable("w", {4}, zeros());
  try {
    static_cast<void>(x + w);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), ExitStatus::usage);
    EXPECT_STREQ(e.what(), "shapes (samples, 3) and (1, 4) do not fit in add");
  }
  EXPECT_THROW(static_cast<void>(w[4]), Error);
  EXPECT_THROW(static_cast<void>(dense(x, w)), Error);
  EXPECT_THROW(static_cast<void>(activation("rellu", x)), Error);
  EXPECT_THROW(g.variable("w", {1}, zeros()), Error);
  EXPECT_THROW(g.variable("u", {0}, zeros()), Error);
  Graph other;
  EXPECT_THROW(static_cast<void>(x + other.input("x", 3)), Error);
}

}  // namespace
}  // namespace shoal
