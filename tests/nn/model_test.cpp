#include "shoal/nn/model.hpp"

#include <gtest/gtest.h>

#include "gradient_check.hpp"
#include "shoal/core/error.hpp"
#include "shoal/graph/expressions.hpp"
#include "shoal/nn/layers.hpp"
#include "shoal/nn/operations.hpp"
#include "shoal/nn/presets.hpp"

namespace shoal {
namespace {

void check(const Model& model, std::int64_t samples, std::int64_t leaf_samples, double tolerance = 2e-6) {
  GradientCheck check(model.graph(), model.loss(), samples, leaf_samples);
  check.fill_normal(model.input());
  check.fill(model.targets(), [&](std::int64_t r, std::int64_t c) {
    return model.loss_kind().targets == Loss::Targets::class_number ? static_cast<double>(r % model.outputs())
                                                                    : static_cast<double>((r + c) % 2);
  });
  check.expect_derivatives(tolerance);
}

TEST(Model, EveryDerivativeEqualsCentralDifferences) {
  for (const Loss& loss : {Loss::softmax, Loss::sigmoid, Loss::mse}) {
    for (const bool after : {false, true}) {
      for (const char* activation : {"tanh", "gelu", "relu"}) {
        MlpOptions options{.inputs = 5,
                           .hidden = {7, 34},
                           .classes = 3,
                           .activation = activation,
                           .batch_norm = true,
                           .batch_norm_after_activation = after,
                           .dropout = 0.3,
                           .loss = loss};
        check(mlp(options), 19, 4, 1e-5);
      }
    }
  }
  check(mlp({.inputs = 5, .hidden = {6}, .classes = 1, .loss = Loss::sigmoid}), 6, 6);
}

TEST(Model, EveryLossHasItsDerivative) {
  std::vector<Loss> losses{Loss::mae, Loss::huber, Loss::quantile};
  losses.push_back(Loss::of({.name = "softmax", .label_smoothing = 0.2}));
  losses.push_back(Loss::of({.name = "sigmoid", .pos_weight = {3.0, 0.5, 1.0}}));
  losses.push_back(Loss::of({.name = "huber", .delta = 0.25}));
  for (const Loss& loss : losses)
    check(mlp({.inputs = 3, .hidden = {5}, .classes = 3, .activation = "tanh", .loss = loss}), 9, 4, 1e-5);
}

TEST(Model, NumbersLayersWithParametersInForwardOrder) {
  const Model model = mlp({.inputs = 64, .hidden = {128, 64}, .classes = 10, .batch_norm = true, .dropout = 0.1});
  std::vector<std::string> names;
  for (const Parameter& p : model.graph().parameters()) names.push_back(p.name);
  EXPECT_EQ(names, (std::vector<std::string>{"01_dense/weight", "02_batch_norm/gamma", "02_batch_norm/beta",
                                             "03_dense/weight", "04_batch_norm/gamma", "04_batch_norm/beta",
                                             "05_dense/weight", "05_dense/bias"}));
  EXPECT_EQ(model.graph().states()[0].name, "02_batch_norm/mean");
  EXPECT_EQ(model.graph().states()[3].name, "04_batch_norm/variance");
  EXPECT_EQ(model.parameter_count(), 64 * 128 + 2 * 128 + 128 * 64 + 2 * 64 + 64 * 10 + 10);
  EXPECT_TRUE(model.graph().parameters()[0].decay);
  EXPECT_FALSE(model.graph().parameters()[1].decay);
  EXPECT_FALSE(model.graph().parameters()[7].decay);
}

TEST(Model, TellsShapesNumbersAndWorkOfItsLayers) {
  const Model model(image_shape(3, 32, 32), preset_layers({.name = "resnet20"}), 10, Loss::softmax);
  EXPECT_EQ(model.parameter_count(), 272'474) << "as counted by hand from the paper";
  std::int64_t parameters = 0;
  double multiply_adds = 0.0;
  std::vector<std::string> second_stage;
  for (const LayerSummary& layer : model.summaries()) {
    parameters += layer.parameters;
    multiply_adds += layer.multiply_adds;
    if (layer.output.columns == 32 && second_stage.size() < 9)
      second_stage.push_back(std::string(2 * layer.depth, ' ') + layer.name);
    EXPECT_EQ(layer.output.columns, layer.output.rows == 1024  ? 16
                                    : layer.output.rows == 256 ? 32
                                    : layer.name == "43_dense" ? 10
                                                               : 64)
        << layer.name;
  }
  EXPECT_EQ(parameters, model.parameter_count());
  EXPECT_EQ(multiply_adds, 40'813'184.0);
  EXPECT_EQ(second_stage, (std::vector<std::string>{"residual", "  15_conv", "  16_batch_norm", "  relu", "  17_conv",
                                                    "  18_batch_norm", "  19_conv", "  20_batch_norm", "relu"}));
}

/// What is said of a model with this layer; empty: it is built.
std::string refusal_of(LayerBuilder layer) {
  static int layers = 0;
  const std::string name = "in_test_" + std::to_string(++layers);
  register_layer(name, std::move(layer));
  try {
    const Model model(4, {{name, {}}}, 2, Loss::mse);
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), ExitStatus::usage);
    return e.what();
  }
  return "";
}

Initializer last_weight(const Loss& loss, const std::string& init) {
  const Model model(4, {{"dense", {{"units", 8}}}, {"relu", {}}}, 2 * loss.levels(), loss, init);
  EXPECT_EQ(model.graph().parameters()[0].initializer.kind, Initializer::Kind::he) << "of the hidden layer";
  return model.graph().parameters()[2].initializer;
}

TEST(Model, PredictsNearlyZeroAtFirstWhereItPredictsNumbers) {
  for (const Loss& loss : Loss::all()) {
    const Initializer weight = last_weight(loss, "auto");
    if (loss.tells_classes) {
      EXPECT_EQ(weight.kind, Initializer::Kind::xavier) << loss.name;
    } else {
      EXPECT_EQ(weight.kind, Initializer::Kind::normal) << loss.name;
      EXPECT_EQ(weight.parameter, 0.01) << loss.name;
    }
  }
  EXPECT_EQ(last_weight(Loss::mse, "xavier").kind, Initializer::Kind::xavier) << "as asked";
}

TEST(Model, RefusesASumOverSamples) {
  const std::string text = refusal_of([](LayerContext&, Value x) { return x / (sum(square(x)) + 1.0); });
  EXPECT_NE(text.find("\"sum\", a sum over all samples"), std::string::npos) << text;
  EXPECT_NE(refusal_of([](LayerContext&, Value x) { return x * mean_squared_error(x, x); }), "");
  EXPECT_EQ(refusal_of([](LayerContext& context, Value x) {
              return x * sum(square(context.graph().variable("w", {4}, constant(1.0))));
            }),
            "")
      << "of parameters alone";
}

TEST(Model, RefusesInputsThatNobodyFeeds) {
  const std::string text =
      refusal_of([](LayerContext& context, Value x) { return x * context.graph().placeholder("scale", {4}); });
  EXPECT_NE(text.find("placeholder \"scale\""), std::string::npos) << text;
  EXPECT_NE(refusal_of([](LayerContext& context, Value x) { return x + context.graph().input("more", 4); }), "");
}

}  // namespace
}  // namespace shoal
