#include "shoal/nn/layers.hpp"

#include <gtest/gtest.h>

#include "nn/layer_lists.hpp"
#include "shoal/core/error.hpp"
#include "shoal/graph/expressions.hpp"

namespace shoal {
namespace {

TEST(Layers, MistakesAreNamed) {
  EXPECT_EQ(
      error_of({{"dens", {{"units", std::int64_t{3}}}}}).substr(0, 102),
      "model.layers[0]: unknown layer \"dens\"; did you mean \"dense\"? use one of \"average_pool\", \"batch_norm\", ");
  EXPECT_EQ(error_of({{"linear", {}}}).substr(0, 80),
            "model.layers[0]: unknown layer \"linear\"; did you mean \"dense\" or \"identity\"? use");
  EXPECT_EQ(error_of({{"dense", {{"out_features", std::int64_t{3}}}}}),
            "model.layers[0]: dense has no setting \"out_features\"; did you mean \"units\"? use one of \"units\", "
            "\"init\", \"bias\"");
  EXPECT_EQ(error_of({{"relu", {{"slope", 0.1}}}}), "model.layers[0]: relu has no setting \"slope\"; it has none");
  EXPECT_EQ(error_of({{"dense", {}}}),
            "model.layers[0]: dense needs units, for example {type = \"dense\", units = 64}");
  const std::string conv = ", for example {type = \"conv\", channels = 16, kernel = 3}";
  EXPECT_EQ(error_of({{"conv", {{"kernel", std::int64_t{3}}}}}), "model.layers[0]: conv needs channels" + conv);
  EXPECT_EQ(error_of({{"conv", {{"channels", std::int64_t{8}}}}}), "model.layers[0]: conv needs kernel" + conv);
  EXPECT_EQ(error_of({{"group_norm", {}}}),
            "model.layers[0]: group_norm needs groups, for example {type = \"group_norm\", groups = 4}");
  EXPECT_EQ(error_of({{"dense", {{"units", std::int64_t{0}}}}}),
            "model.layers[0]: units of dense must be a whole number, 1 or more");
  EXPECT_EQ(error_of({{"dropout", {{"rat", 0.5}}}}),
            "model.layers[0]: dropout has no setting \"rat\"; did you mean \"rate\"? use one of \"rate\"");
  EXPECT_NE(error_of({{"dropout", {{"rate", 1.5}}}}), "");
  EXPECT_NE(error_of({{"dense", {{"units", std::int64_t{3}}, {"init", std::string("hee")}}}}), "");
  EXPECT_EQ(error_of({{"dense", {{"units", std::int64_t{3}}}}, {"relu", {}}}), "");
}

TEST(Layers, AKernelHasOneSideOrTwo) {
  const auto conv = [](const Setting& kernel) {
    return LayerSpec{"conv", {{"channels", std::int64_t{6}}, {"kernel", kernel}, {"groups", std::int64_t{2}}}};
  };
  const auto build = [](Graph& g, const LayerSpec& layer) {
    return build_layers(g, {layer}, g.input("x", image_shape(4, 9, 8)));
  };
  Graph g;
  const Value y = build(g, conv(std::string("3x5")));
  EXPECT_EQ(y.shape().height(), 9);
  EXPECT_EQ(g.parameters()[0].file_shape(), (std::vector<std::int64_t>{6, 2, 3, 5})) << "as PyTorch has it";
  EXPECT_EQ(g.parameters()[0].initializer.receptive, 7.5);
  Graph square;
  build(square, conv(std::int64_t{3}));
  EXPECT_EQ(square.parameters()[0].file_shape(), (std::vector<std::int64_t>{6, 2, 3, 3}));
  for (const char* kernel : {"", "3", "3x", "x3", "3x5x7", "0x3", "3x-1", "3x 5", "3x2000", "99999999999999999999x3"}) {
    try {
      Graph none;
      build(none, conv(std::string(kernel)));
      ADD_FAILURE() << kernel;
    } catch (const Error& e) {
      EXPECT_EQ(std::string(e.what()).find("model.layers[0]: kernel of conv is \"" + std::string(kernel) + "\"; use"),
                0U)
          << e.what();
    }
  }
}

TEST(Layers, InitFollowsTheActivation) {
  Graph g;
  build_layers(g,
               {{"dense", {{"units", std::int64_t{3}}}},
                {"batch_norm", {}},
                {"relu", {}},
                {"dense", {{"units", std::int64_t{3}}}},
                {"tanh", {}}},
               g.input("x", 4));
  EXPECT_EQ(g.parameters()[0].initializer.kind, Initializer::Kind::he);
  EXPECT_EQ(g.parameters()[3].initializer.kind, Initializer::Kind::xavier);
}

TEST(Layers, ALayerOfYourOwn) {
  register_layer("doubled", [](LayerContext&, Value x) { return 2.0 * x; });
  EXPECT_EQ(error_of({{"doubled", {}}}), "");
  for (const char* taken : {"doubled", "relu"})
    EXPECT_THROW(register_layer(taken, [](LayerContext&, Value x) { return 3.0 * x; }), Error);
}

}  // namespace
}  // namespace shoal
