#include <gtest/gtest.h>

#include "gradient_check.hpp"
#include "nn/layer_lists.hpp"
#include "shoal/core/error.hpp"
#include "shoal/nn/layers.hpp"
#include "shoal/nn/model.hpp"
#include "shoal/tensor/parallel.hpp"

namespace shoal {
namespace {

void check_branch(const std::vector<LayerSpec>& layers) {
  const Model model(5, layers, 2, Loss::mse);
  set_threads(1);  // thousands of passes of a few samples
  GradientCheck check(model.graph(), model.loss(), 11, 4);
  check.fill_normal(model.input());
  check.fill_normal(model.targets(), 0.0, 2);
  check.expect_derivatives(1e-5);
}

TEST(Residual, HasTheDerivativesOfCentralDifferences) {
  const LayerSpec tanh{"tanh"};
  const LayerSpec norm{"batch_norm"};
  check_branch({dense(6), {.type = "residual", .layers = {dense(6), tanh}}});
  check_branch({dense(6), {.type = "residual", .layers = {dense(40), norm, tanh}}});
  check_branch({dense(6), {.type = "residual", .settings = {{"shortcut", "conv"}}, .layers = {dense(6)}}, norm});
  check_branch({dense(6), {.type = "residual", .layers = {dense(3), tanh, dense(6)}, .shortcut = {dense(6), tanh}}});
  check_branch({dense(6), {.type = "residual", .layers = {tanh, {.type = "residual", .layers = {tanh, dense(6)}}}}});
  check_branch({{.type = "residual", .layers = {tanh}}});
}

TEST(Concat, HasTheDerivativesOfCentralDifferences) {
  const LayerSpec tanh{"tanh"};
  check_branch({dense(6), {.type = "concat", .branches = {{dense(3), tanh}, {}, {tanh}}}});
  check_branch(
      {dense(6), {.type = "concat", .branches = {{dense(31)}, {dense(33), tanh}, {}, {}, {tanh}, {dense(2)}}}});
  check_branch({{.type = "concat", .branches = {{}}}, dense(2)});
  const LayerSpec inner{.type = "concat", .branches = {{}, {dense(2)}}};
  check_branch(
      {dense(3), {.type = "residual", .layers = {inner, dense(3)}}, {.type = "concat", .branches = {{inner}, {}}}});
}

TEST(Residual, AShortcutOfAnotherShapeIsAMapWithBatchNormWhereTheLayersHaveOne) {
  const auto names_of = [](const LayerSpec& layer) {
    Graph g;
    build_layers(g, {layer}, g.input("x", 4));
    std::vector<std::string> names;
    for (const Parameter& p : g.parameters()) names.push_back(p.name);
    return names;
  };
  using Names = std::vector<std::string>;
  const LayerSpec norm{"batch_norm", {{"epsilon", 1e-3}}};
  EXPECT_EQ(names_of({.type = "residual", .layers = {dense(4)}}), (Names{"01_dense/weight", "01_dense/bias"}));
  EXPECT_EQ(names_of({.type = "residual", .layers = {dense(5)}}),
            (Names{"01_dense/weight", "01_dense/bias", "02_dense/weight", "02_dense/bias"}));
  EXPECT_EQ(names_of({.type = "residual", .layers = {dense(5), norm}}),
            (Names{"01_dense/weight", "02_batch_norm/gamma", "02_batch_norm/beta", "03_dense/weight",
                   "04_batch_norm/gamma", "04_batch_norm/beta"}));
  EXPECT_EQ(names_of({.type = "residual", .name = "a", .layers = {dense(5), norm}}),
            (Names{"01_dense/weight", "02_batch_norm/gamma", "02_batch_norm/beta", "a_shortcut_dense/weight",
                   "a_shortcut_batch_norm/gamma", "a_shortcut_batch_norm/beta"}));
}

TEST(Residual, WhatCannotBeAddedIsRefused) {
  EXPECT_EQ(
      error_of({{.type = "residual", .settings = {{"shortcut", "identity"}}, .layers = {dense(3)}}}),
      "model.layers[0]: residual adds (samples, 3) of its layers to (samples, 4) of its shortcut, and can add what "
      "is alike alone");
  EXPECT_EQ(
      error_of({{.type = "residual", .layers = {dense(3)}, .shortcut = {dense(1)}}}),
      "model.layers[0]: residual adds (samples, 3) of its layers to (samples, 1) of its shortcut, and can add what "
      "is alike alone");
  EXPECT_EQ(
      error_of({{.type = "residual", .settings = {{"shortcut", "pool"}}, .layers = {dense(3)}}}),
      "model.layers[0]: shortcut of residual is \"pool\"; use one of \"auto\", \"identity\", \"conv\", or a list of "
      "layers");
  EXPECT_NE(error_of({{"residual"}}).find("residual needs layers"), std::string::npos);
  EXPECT_NE(error_of({{"concat"}}).find("concat needs branches"), std::string::npos);
  EXPECT_EQ(error_of({{.type = "dense", .settings = {{"units", std::int64_t{3}}}, .layers = {dense(3)}}}),
            "model.layers[0]: dense has no setting \"layers\"; use one of \"units\", \"init\", \"bias\"");
}

TEST(Residual, OfImagesTheShortcutHasTheStrideThatMakesShapesAgree) {
  const auto conv = [](std::int64_t kernel, std::int64_t stride, const std::string& padding) {
    return LayerSpec{"conv",
                     {{"channels", std::int64_t{5}}, {"kernel", kernel}, {"stride", stride}, {"padding", padding}}};
  };
  const auto shape_of = [](const ValueShape& in, const LayerSpec& layer) {
    Graph g;
    return build_layers(g, {{.type = "residual", .layers = {layer}}}, g.input("x", in)).shape();
  };
  EXPECT_EQ(shape_of(image_shape(3, 31, 29), conv(3, 2, "same")), image_shape(5, 16, 15));
  EXPECT_EQ(shape_of(image_shape(3, 7, 6), conv(3, 3, "same")), image_shape(5, 3, 2));
  EXPECT_EQ(shape_of(image_shape(3, 7, 6), conv(1, 1, "same")), image_shape(5, 7, 6));
  try {
    shape_of(image_shape(3, 7, 6), conv(3, 1, "valid"));
    ADD_FAILURE() << "5 x 4 positions are no stride of 7 x 6";
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(),
                 "model.layers[0]: residual has no shortcut from (samples, 3, 7, 6) to the (samples, 5, 5, 4) of its "
                 "layers: no stride makes one of the other");
  }
  const LayerSpec strided{.type = "residual", .layers = {conv(3, 2, "same"), {"batch_norm"}, {"tanh"}}};
  const Model model(image_shape(2, 5, 4), {strided, {"global_average_pool"}}, 2, Loss::mse);
  set_threads(1);
  GradientCheck check(model.graph(), model.loss(), 5, 2);
  check.fill_normal(model.input());
  check.fill_normal(model.targets(), 0.0, 2);
  check.expect_derivatives(1e-5);
}

/// What comes behind the end of a nested list is what comes behind the layer that holds it.
TEST(Residual, BiasAndStartLookThroughTheEndOfItsLayers) {
  Graph g;
  const LayerSpec norm{"batch_norm"};
  build_layers(g,
               {{.type = "residual", .layers = {dense(4)}, .shortcut = {dense(4)}},
                norm,
                {"relu"},
                {.type = "concat", .branches = {{dense(4)}, {dense(4), {"tanh"}}}},
                {"relu"},
                dense(4),
                {.type = "residual", .layers = {norm}}},
               g.input("x", 4));
  std::vector<std::string> biases;
  std::vector<Initializer::Kind> starts;
  for (const Parameter& p : g.parameters()) {
    if (p.name.ends_with("bias")) biases.push_back(p.name);
    if (p.name.ends_with("weight")) starts.push_back(p.initializer.kind);
  }
  EXPECT_EQ(biases, (std::vector<std::string>{"04_dense/bias", "05_dense/bias", "06_dense/bias"}));
  using enum Initializer::Kind;
  EXPECT_EQ(starts, (std::vector<Initializer::Kind>{he, he, he, xavier, xavier}));
}

}  // namespace
}  // namespace shoal
