// Values and gradients of images that pass from stage to stage of a chain in a tile give what kept ones would.
#include <gtest/gtest.h>

#include <cmath>

#include "../gradient_check.hpp"
#include "shoal/graph/expressions.hpp"
#include "shoal/nn/convolution.hpp"
#include "shoal/nn/operations.hpp"

namespace shoal {
namespace {

Value conv(Graph& graph, const std::string& name, Value x) {
  return convolution(x, graph.variable(name, {3, 3, x.shape().columns, 4}, he()), ConvolutionOptions{});
}

Value norm(Graph& graph, const std::string& name, Value x) {
  return batch_norm(x, graph.variable(name + "/gamma", {4}, constant(1.0)),
                    graph.variable(name + "/beta", {4}, zeros()), 1e-5, 0.1, name);
}

/// The same sum with its terms declared in another order: branches that meet in one chain in training are in two when
/// batch norm needs no sums.
double cost(bool late) {
  Graph graph;
  const Value x = graph.input("x", image_shape(2, 5, 6));
  const Value s = conv(graph, "s2", conv(graph, "s1", x));
  const Value u = norm(graph, "n2", conv(graph, "u2", norm(graph, "n1", conv(graph, "u1", x))));
  const Value early = late ? Value() : u * 3.0;
  const Value w = u * 2.0 + s;
  const Value r = w * 5.0;
  const Value total = sum(square(r + (late ? u * 3.0 : early)));
  GradientCheck check(graph, total, 4, 2);
  check.fill_normal(x);
  return check.value();
}

TEST(ChainValues, TilesOfChainsThatPartInTestingAreApart) { EXPECT_EQ(cost(true), cost(false)); }

TEST(ChainValues, GradientsOfAPassThatEndsBeforeTheLastNode) {
  Graph graph;
  const Value x = graph.input("x", image_shape(2, 5, 6));
  const Value p = conv(graph, "w", x);
  const Value a = p * 2.0;
  const Value total = sum(square(a)) + sum(square(p * 3.0));
  sum(a);  // declared, and not part of the pass
  GradientCheck check(graph, total, 4, 2);
  check.fill_normal(x);
  check.expect_derivatives(1e-5);
}

TEST(ChainValues, TheRootsOfPaddingAreNoGradient) {
  Graph graph;
  const Value x = graph.input("x", 3);
  const Value total = sum(sqrt(x + dense(x, graph.variable("w", {3, 1}, constant(0.3)))));
  GradientCheck check(graph, total, 4, 2);
  check.fill(x, [](std::int64_t r, std::int64_t c) { return 2.0 + 0.1 * static_cast<double>(r * 3 + c); });
  for (std::int64_t r = 0; r < 3; ++r) graph.parameters()[0].in(check.parameters.data()).at(r, 0) = 0.3;
  check.expect_derivatives();
}

}  // namespace
}  // namespace shoal
