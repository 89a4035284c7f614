#include "shoal/nn/layer_context.hpp"

#include <gtest/gtest.h>

#include "nn/layer_lists.hpp"
#include "shoal/core/error.hpp"
#include "shoal/nn/layers.hpp"

namespace shoal {
namespace {

std::vector<std::string> weights_of(const std::vector<LayerSpec>& layers) {
  Graph g;
  build_layers(g, layers, g.input("x", 4));
  std::vector<std::string> names;
  for (const Parameter& p : g.parameters()) {
    if (p.name.ends_with("/weight")) names.push_back(p.name.substr(0, p.name.size() - 7));
  }
  return names;
}

TEST(LayerContext, NumbersNestedLayersInForwardOrder) {
  const LayerSpec concat{.type = "concat", .branches = {{dense(4), dense(4)}, {dense(4)}}};
  const LayerSpec residual{.type = "residual", .layers = {dense(4), concat}, .shortcut = {dense(8)}};
  EXPECT_EQ(
      weights_of({dense(4), residual, dense(4)}),
      (std::vector<std::string>{"01_dense", "02_dense", "03_dense", "04_dense", "05_dense", "06_dense", "07_dense"}));
}

TEST(LayerContext, ANameLeavesThoseOfOthersAsTheyAre) {
  EXPECT_EQ(weights_of({dense(4), dense(4, "the middle, 2"), dense(4)}),
            (std::vector<std::string>{"01_dense", "the middle, 2", "03_dense"}));
}

TEST(LayerContext, NamesAreUniqueAndThoseOfGroups) {
  EXPECT_EQ(error_of({dense(4, "a"), {.type = "residual", .layers = {dense(4, "a")}}}),
            "model.layers[1].layers[0]: the name \"a\" is that of another layer; give each its own");
  EXPECT_EQ(error_of({dense(4, "a"), {.type = "relu", .name = "a"}}),
            "model.layers[1]: the name \"a\" is that of another layer; give each its own");
  EXPECT_EQ(error_of({dense(4, "02_dense"), dense(4)}),
            "model.layers[1]: its name is \"02_dense\", as that of another layer; give one of them another");
  EXPECT_EQ(error_of({dense(4), dense(4, "01_dense")}),
            "model.layers[1]: the name \"01_dense\" is that of another layer; give each its own");
  for (const std::string name : {"a/b", "/", ".", "..", "a\n", "\x7f"}) {
    EXPECT_NE(error_of({dense(4, name)}).find("cannot be that of a group in a HDF5 file"), std::string::npos) << name;
  }
  EXPECT_NE(error_of({dense(4, "caf\xE9")}).find("\"caf\\xE9\""), std::string::npos);
  EXPECT_NE(error_of({dense(4, std::string(201, 'a'))}), "");
  EXPECT_EQ(error_of({dense(4, std::string(200, 'a'))}), "");
  EXPECT_EQ(error_of({dense(4, "caf\xC3\xA9 .5")}), "");
}

TEST(LayerContext, ErrorsNameThePlaceAmongLayersThatWereListed) {
  const LayerSpec wrong{"dense", {{"unit", std::int64_t{3}}}};
  const LayerSpec concat{.type = "concat", .branches = {{}, {dense(1), wrong}}};
  const auto place = [](const std::string& error) { return error.substr(0, error.find(':')); };
  EXPECT_EQ(place(error_of({dense(4), {.type = "residual", .layers = {{"relu"}, concat}}})),
            "model.layers[1].layers[1].branches[1][1]");
  EXPECT_EQ(place(error_of({dense(4), {.type = "residual", .layers = {{"relu"}}, .shortcut = {wrong}}})),
            "model.layers[1].shortcut[0]");
  const ListedLayers middle{1, 2};
  EXPECT_EQ(place(error_of({wrong, dense(4), dense(4)}, middle)), "the layer dense before model.layers");
  EXPECT_EQ(place(error_of({dense(4), wrong, dense(4)}, middle)), "model.layers[0]");
  EXPECT_EQ(place(error_of({dense(4), dense(4), wrong}, middle)), "the last layer");
}

TEST(LayerContext, NestsSoDeepThatACheckpointIsReadAgain) {
  LayerSpec layer{"relu"};
  for (int i = 0; i < 16; ++i) layer = {.type = "residual", .layers = {layer}};
  EXPECT_EQ(error_of({layer}), "");
  EXPECT_NE(error_of({{.type = "residual", .layers = {layer}}}).find("nests more than 16 deep"), std::string::npos);
}

}  // namespace
}  // namespace shoal
