#include <gtest/gtest.h>

#include "gradient_check.hpp"
#include "shoal/core/error.hpp"
#include "shoal/graph/expressions.hpp"
#include "shoal/nn/layers.hpp"
#include "shoal/nn/model.hpp"
#include "shoal/nn/operations.hpp"

namespace shoal {
namespace {

TEST(Embedding, TakesARowForEachSample) {
  Graph g;
  const Value x = g.input("x", 40);
  const Value table = g.variable("t", {5, 37}, normal(1.0));
  const Value y = embedding(x, 35, table);
  LocalTreeSum sums;
  Executor<float> executor(g, 6, sums);
  std::vector<float> parameters(static_cast<std::size_t>(g.parameter_size()));
  g.initialize(1, parameters);
  executor.bind(parameters.data(), {});
  const std::vector<float> numbers{3, 0, 1.7f, 99, -1, 0};  // what is no row is the last one
  const std::vector<std::int64_t> rows{3, 0, 4, 4, 4, 0};
  for (std::int64_t r = 0; r < 6; ++r) executor.input(x).at(r, 35) = numbers[static_cast<std::size_t>(r)];
  const LeafShare share(LeafCut{6, 4});
  executor.forward({&share, share.range(), true, 1, 1, {}}, y);
  const Panels<float> t = g.parameters()[0].in(parameters.data());
  for (std::int64_t r = 0; r < 6; ++r)
    for (std::int64_t c = 0; c < 37; ++c)
      EXPECT_EQ(executor.value(y).at(r, c), t.at(rows[static_cast<std::size_t>(r)], c)) << r << ", " << c;
}

TEST(Embedding, JoinsAnyNumberOfValues) {
  Graph g;
  const Value x = g.input("x", 3);
  for (const std::size_t count : {1U, 4U, 5U, 16U, 23U}) {
    const Value y = join(std::vector<Value>(count, x), std::vector<std::int64_t>(count, 2));
    EXPECT_EQ(y.shape().columns, 2 * static_cast<std::int64_t>(count));
  }
  GradientCheck check(
      g, sum(square(join(std::vector<Value>(6, tanh(dense(x, g.variable("w", {3, 3}, zeros())))), {3, 1, 2, 3, 2, 1}))),
      9, 4);
  check.fill_normal(x);
  check.expect_derivatives();
  EXPECT_THROW(static_cast<void>(join({}, {})), Error);
  EXPECT_THROW(static_cast<void>(join({x, x}, {2})), Error);
}

/// Several tables of several panels, rows that occur often, once and never, leaves of which some miss a whole tile.
TEST(Embedding, HasTheDerivativesOfCentralDifferences) {
  const std::vector<LayerSpec> layers{embedding_layer({{70, 3}, {2, 40}, {9, 2}, {4, 1}, {3, 5}}),
                                      {"dense", {{"units", std::int64_t{6}}}},
                                      {"tanh", {}}};
  const Model model(3 + 5, layers, 2, Loss::mse);
  GradientCheck check(model.graph(), model.loss(), 23, 4);
  check.fill(model.input(), [](std::int64_t r, std::int64_t c) {
    if (c < 3) return 0.1 * static_cast<double>(r) - 0.3 * static_cast<double>(c);
    constexpr std::int64_t rows[] = {70, 2, 9, 4, 3};
    return static_cast<double>((r * r + 7 * c) % rows[c - 3]);
  });
  check.fill_normal(model.targets());
  check.expect_derivatives();
}

TEST(Embedding, WithoutNumbersBesideItAndByItself) {
  for (const std::int64_t tables : {1, 2, 4, 5, 17}) {
    std::vector<EmbeddingShape> shapes;
    for (std::int64_t k = 0; k < tables; ++k) shapes.push_back({3 + k, 1 + k % 3});
    const Model model(tables, {embedding_layer(shapes)}, 2, Loss::mse);
    GradientCheck check(model.graph(), model.loss(), 9, 4);
    check.fill(model.input(), [](std::int64_t r, std::int64_t c) { return static_cast<double>((r + c) % (3 + c)); });
    check.fill_normal(model.targets());
    check.expect_derivatives();
  }
}

/// One sample a leaf, or all in one, along the tree: the same as leaves that are summed one by one.
TEST(Embedding, SumsItsGradientAlongTheTreeOfLeaves) {
  Graph g;
  const Value x = g.input("x", 1);
  const Value table = g.variable("t", {40, 2}, normal(1.0));
  const Value w = g.input("w", 2);
  const Value loss = sum(embedding(x, 0, table) * w);
  constexpr std::int64_t samples = 11;
  LocalTreeSum sums;
  Executor<float> executor(g, samples, sums);
  std::vector<float> parameters(static_cast<std::size_t>(g.parameter_size()));
  executor.bind(parameters.data(), {});
  const auto weight = [](std::int64_t r) { return 1.0F + 1e-3F * static_cast<float>(r * r); };
  for (std::int64_t r = 0; r < samples; ++r) {
    executor.input(x).at(r, 0) = r % 3 == 0 ? 35.0F : 2.0F;
    executor.input(w).at(r, 0) = weight(r);
  }
  const LeafShare share(LeafCut{samples, 2});
  std::vector<float> gradient(parameters.size());
  float* partial = gradient.data();
  executor.forward({&share, share.range(), true, 1, 1, {}}, loss);
  executor.backward(std::span<float* const>(&partial, 1));
  const Panels<float> found = g.parameters()[0].in(gradient.data());
  for (const std::int64_t row : {std::int64_t{2}, std::int64_t{35}}) {
    const auto leaf = [&](std::int64_t l) {
      float part = 0;
      for (std::int64_t r = 2 * l; r < std::min(samples, 2 * l + 2); ++r)
        if ((r % 3 == 0) == (row == 35)) part += weight(r);
      return part;
    };
    const float expected = ((leaf(0) + leaf(1)) + (leaf(2) + leaf(3))) + (leaf(4) + leaf(5));
    EXPECT_EQ(found.at(row, 0), expected) << row;
  }
  EXPECT_EQ(found.at(3, 0), 0.0F);
}

TEST(Embedding, LayersThatCannotBeAreRefused) {
  const auto refused = [](const LayerSpec& layer, std::int64_t inputs) {
    try {
      Model(inputs, {layer}, 2, Loss::mse);
      return std::string();
    } catch (const Error& e) {
      EXPECT_EQ(e.status(), ExitStatus::usage);
      return std::string(e.what());
    }
  };
  for (const char* text : {"", "3", "3x", "x2", "3x2,", ",3x2", "0x2", "3x0", "3x2 4x1", "99999999999x2", "3x99999"}) {
    EXPECT_NE(refused({"embedding", {{"tables", std::string(text)}}}, 9).find("tables of embedding"), std::string::npos)
        << text;
  }
  EXPECT_NE(refused({"embedding", {}}, 9).find("tables of embedding"), std::string::npos);
  EXPECT_NE(refused(embedding_layer({{3, 2}, {3, 2}}), 1).find("2 tables for 1 columns"), std::string::npos);
  EXPECT_EQ(refused(embedding_layer({{3, 2}}), 1), "");
  const auto tables = embedding_tables(embedding_layer({{1001, 50}, {34, 12}}));
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_EQ(tables[0].rows, 1001);
  EXPECT_EQ(tables[1].width, 12);
}

}  // namespace
}  // namespace shoal
