#include <gtest/gtest.h>

#include "shoal/graph/executor.hpp"
#include "shoal/graph/expressions.hpp"
#include "shoal/nn/layers.hpp"
#include "shoal/nn/operations.hpp"

namespace shoal {
namespace {

std::vector<float> run(bool training, std::uint64_t step, std::vector<std::int64_t> ids,
                       std::int64_t leaf_samples = 16) {
  Graph g;
  const Value x = g.input("x", 50);
  const Value y = dropout(x, 0.25, 1);
  LocalTreeSum sums;
  const auto n = static_cast<std::int64_t>(ids.size());
  Executor<float> executor(g, n, sums);
  executor.bind(nullptr, {});
  for (std::int64_t r = 0; r < n; ++r)
    for (std::int64_t c = 0; c < 50; ++c) executor.input(x).at(r, c) = 1.0f;
  const LeafShare share(LeafCut{n, leaf_samples});
  executor.forward({&share, share.range(), training, 1, step, ids}, y);
  std::vector<float> out(static_cast<std::size_t>(n * 50));
  unpack(executor.value(y), n, std::span(out));
  return out;
}

TEST(Dropout, IsInvertedAndOffAtTestTime) {
  std::vector<std::int64_t> ids(400);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int64_t>(i);
  double kept = 0;
  for (float v : run(true, 1, ids)) {
    EXPECT_TRUE(v == 0.0f || v == 1.0f / 0.75f);
    kept += v > 0;
  }
  EXPECT_NEAR(kept / (400 * 50), 0.75, 0.01);
  for (float v : run(false, 1, ids)) EXPECT_EQ(v, 1.0f);
}

TEST(Dropout, DependsOnTheSampleAndTheStepNotOnItsPlace) {
  const auto a = run(true, 1, {5, 9, 2});
  const auto b = run(true, 1, {2, 5, 9}, 1);
  for (std::size_t c = 0; c < 50; ++c) {
    EXPECT_EQ(a[c], b[50 + c]);
    EXPECT_EQ(a[50 + c], b[100 + c]);
    EXPECT_EQ(a[100 + c], b[c]);
  }
  EXPECT_NE(a, run(true, 2, {5, 9, 2}));
}

/// What becomes of ones in 500 samples.
template <class Build>
std::vector<float> made_of_ones(const ValueShape& shape, const Build& build) {
  Graph g;
  const Value x = g.input("x", shape);
  const Value y = build(g, x);
  LocalTreeSum sums;
  constexpr std::int64_t n = 500;
  std::vector<std::int64_t> ids(n);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int64_t>(i);
  Executor<float> executor(g, n, sums);
  executor.bind(nullptr, {});
  for (std::int64_t r = 0; r < n * shape.rows; ++r)
    for (std::int64_t c = 0; c < shape.columns; ++c) executor.input(x).at(r, c) = 1.0F;
  const LeafShare share(LeafCut{n, n});
  executor.forward({&share, share.range(), true, 1, 1, ids}, y);
  std::vector<float> out;
  for (std::int64_t r = 0; r < n * shape.rows; ++r)
    for (std::int64_t c = 0; c < shape.columns; ++c) out.push_back(executor.value(y).at(r, c));
  return out;
}

TEST(Dropout, TwoLayersOfTheUsualRateDrawEachForItself) {
  const std::vector<LayerSpec> layers(2, LayerSpec{"dropout", {}});
  double kept = 0.0;
  for (const float v :
       made_of_ones(ValueShape{true, 1, 40}, [&](Graph&g, Value x) { return build_layers(g, layers, x); })) {
    EXPECT_TRUE(v == 0.0F || v == 4.0F) << v;
    kept += v > 0.0F;
  }
  EXPECT_NEAR(kept / (500 * 40), 0.25, 0.015) << "half of half; of one draw it were half";
}

TEST(Dropout, PositionsOfAnImageDrawEachForItself) {
  const auto out = made_of_ones(image_shape(40, 1, 2), [](Graph&, Value x) { return dropout(x, 0.5, 1); });
  double both = 0.0;
  for (std::size_t sample = 0; sample < 500; ++sample)
    for (std::size_t c = 0; c < 40; ++c) both += out[sample * 80 + c] > 0.0F && out[sample * 80 + 40 + c] > 0.0F;
  EXPECT_NEAR(both / (500 * 40), 0.25, 0.015);
}

}  // namespace
}  // namespace shoal
