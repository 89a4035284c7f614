#include "shoal/nn/pooling.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "shoal/core/error.hpp"
#include "shoal/graph/executor.hpp"
#include "shoal/nn/layers.hpp"

namespace shoal {
namespace {

TEST(Pooling, AWindowThatDoesNotFitNamesTheLayerAndBothShapes) {
  const auto refusal = [](const LayerSpec& layer, const ValueShape& shape) -> std::string {
    Graph g;
    try {
      build_layers(g, {layer}, g.input("x", shape));
    } catch (const Error& e) {
      EXPECT_EQ(e.status(), ExitStatus::usage);
      return e.what();
    }
    return "";
  };
  const auto pool = [](const char* type, std::int64_t size, std::int64_t padding) {
    return LayerSpec{type, {{"size", size}, {"padding", padding}}};
  };
  for (const char* type : {"max_pool", "average_pool"}) {
    EXPECT_EQ(
        refusal(pool(type, 5, 0), image_shape(3, 9, 4)),
        std::string("model.layers[0]: ") + type +
            " of size 5, stride 5 and padding 0 does not fit (samples, 3, 9, 4); its padding is at most half of its "
            "size, which is at most a side with its padding");
    EXPECT_NE(refusal(pool(type, 3, 2), image_shape(3, 9, 4)), "");
    EXPECT_NE(refusal(pool(type, 2, 0), image_shape(3, 1, 1)), "");
    EXPECT_NE(refusal(pool(type, 0, 0), image_shape(3, 9, 4)), "");
    EXPECT_NE(refusal(pool(type, 2000, 1000), image_shape(3, 9, 4)), "");
    EXPECT_EQ(refusal(pool(type, 4, 2), image_shape(3, 9, 4)), "");
    EXPECT_EQ(refusal(pool(type, 1, 0), image_shape(3, 1, 1)), "");
  }
  EXPECT_EQ(refusal({"group_norm", {{"groups", std::int64_t{4}}}}, image_shape(6, 2, 2)),
            "model.layers[0]: group norm of 4 groups does not fit (samples, 6, 2, 2): each group has as many columns");
  EXPECT_NE(refusal({"group_norm"}, image_shape(6, 2, 2)).find("group_norm needs groups"), std::string::npos);
}

TEST(Pooling, TheMaximumPassesNaNAndInfinities) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Graph g;
  const Value x = g.input("x", image_shape(1, 2, 8));
  const Value y = max_pool(x, {});
  LocalTreeSum sums;
  Executor<float> executor(g, 1, sums);
  executor.bind(nullptr, {});
  const std::vector<float> values = {1, nan, -infinity, -infinity, nan, 2, 3, infinity,
                                     2, 3,   -infinity, -infinity, 4,   5, 6, 7};
  for (std::size_t i = 0; i < values.size(); ++i) executor.input(x).at(static_cast<std::int64_t>(i), 0) = values[i];
  const LeafShare share(LeafCut{1, 1});
  executor.forward({&share, share.range(), true, 1, 1, {}}, y);
  EXPECT_TRUE(std::isnan(executor.value(y).at(0, 0)));
  EXPECT_EQ(executor.value(y).at(1, 0), -infinity);
  EXPECT_TRUE(std::isnan(executor.value(y).at(2, 0)));
  EXPECT_EQ(executor.value(y).at(3, 0), infinity);
}

TEST(Pooling, ImagesAreTakenWhereALayerIsOfThem) {
  const LayerSpec pool{"max_pool"};
  EXPECT_TRUE(takes_images({{"relu"}, {.type = "residual", .layers = {{.type = "concat", .branches = {{}, {pool}}}}}}));
  EXPECT_TRUE(takes_images({{.type = "residual", .layers = {{"relu"}}, .shortcut = {pool}}}));
  EXPECT_FALSE(takes_images({{"relu"}, {.type = "residual", .layers = {{"layer_norm"}}}}));
}

}  // namespace
}  // namespace shoal
