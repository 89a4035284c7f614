#include "shoal/graph/graph.hpp"

#include <gtest/gtest.h>

#include "shoal/core/error.hpp"
#include "shoal/graph/expressions.hpp"
#include "shoal/graph/graph_cost.hpp"

namespace shoal {
namespace {

TEST(Graph, ParametersLieInOneFlatBufferWithoutGaps) {
  Graph g;
  g.variable("a", {3, 40}, normal(1.0));
  g.variable("b", {40}, constant(2.0));
  EXPECT_EQ(g.parameters()[1].offset, 3 * 64);
  EXPECT_EQ(g.parameter_size(), 3 * 64 + 64);
  std::vector<float> flat(static_cast<std::size_t>(g.parameter_size()), -1.0f);
  std::fill(flat.begin(), flat.end(), 0.0f);
  g.initialize(1, flat);
  const Panels<float> a = g.parameters()[0].in(flat.data());
  EXPECT_NE(a.at(2, 39), 0.0f);
  EXPECT_EQ(a.tile(1, 2)[8], 0.0f) << "padding";
  EXPECT_EQ(flat[3 * 64 + 39], 2.0f);
  EXPECT_EQ(flat[3 * 64 + 40], 0.0f) << "padding";
}

TEST(Graph, ChunksCountFromTheirParametersStart) {
  Graph g;
  g.variable("a", {33, 32}, zeros());
  g.variable("b", {32}, zeros());
  EXPECT_EQ(g.chunks(), (std::vector<std::int64_t>{0, 1024, 1056, 1088}));
}

TEST(Graph, AVariableBeyondWhatAnyoneHoldsIsRefused) {
  Graph g;
  EXPECT_THROW(g.variable("w", {3, 3, std::int64_t{1} << 40, std::int64_t{1} << 40}, zeros()), Error);
  EXPECT_THROW(g.variable("v", {std::int64_t{1} << 62, 64}, zeros()), Error);
  EXPECT_EQ(g.parameter_size(), 0);
}

TEST(Graph, NamesThatCannotBeStoredAreRefused) {
  Graph g;
  for (const std::string name : {"", "/w", "w/", "a//b", ".", "..", "a/../b", "./w", "\xff", "a\nb"})
    EXPECT_THROW(g.variable(name, {1}, zeros()), Error) << name;
  EXPECT_THROW(g.variable(std::string("a\0b", 3), {1}, zeros()), Error);
  g.variable("q", {1}, zeros());
  g.variable("r/s/w", {1}, zeros());
  for (const std::string name : {"q/w", "r", "r/s", "r/s/w"})
    EXPECT_THROW(g.variable(name, {1}, zeros()), Error) << name;
  for (const std::string name : {"qq", "r/s/wide", "r/t", "a.b", ".../\u00e4 b"})
    EXPECT_NO_THROW(g.variable(name, {1}, zeros())) << name;
}

TEST(Graph, ShapesBelowOneAreRefused) {
  Graph g;
  EXPECT_THROW(g.input("x", -3), Error);
  EXPECT_THROW(g.input("x", 0), Error);
  EXPECT_THROW(g.input("x", image_shape(3, 0, 4)), Error);
  EXPECT_THROW(static_cast<void>(broadcast(g.variable("w", {1}, zeros()), -1)), Error);
  EXPECT_EQ(g.nodes().size(), 1U) << "w alone";
}

TEST(Graph, AnOperationOfTooManyValuesIsRefused) {
  Graph g;
  const Value w = g.variable("w", {1}, zeros());
  const Value total = sum(w);
  const auto operation = g.nodes()[total.id()].operation;
  EXPECT_THROW(g.apply(operation, {w, w, w, w, w}), Error);
  EXPECT_THROW(g.apply(operation, {}), Error);
}

TEST(Graph, CostsAreThoseOfASample) {
  Graph g;
  const Value x = g.input("x", 40);
  const Value h = relu(dense(x, g.variable("w", {40, 8}, zeros()), g.variable("b", {8}, zeros())));
  static_cast<void>(dense(h, g.variable("v", {8, 3}, zeros())));
  EXPECT_EQ(multiply_adds(g), 40 * 8 + 8 * 3);
  EXPECT_GE(kept_elements(g, true), 64 + 32 + 32) << "x, h and the last";
  EXPECT_LE(kept_elements(g, true), 64 + 2 * 4 * 32) << "and gradients, of each operation";
}

TEST(Graph, ItemReadsAVariable) {
  Graph g;
  const Value w = g.variable("w", {1}, constant(3.0));
  EXPECT_EQ(w.item(), 3.0f);
  EXPECT_EQ(g.value(g.variable("v", {2, 2}, constant(1.0))), (std::vector<float>{1, 1, 1, 1}));
}

}  // namespace
}  // namespace shoal
