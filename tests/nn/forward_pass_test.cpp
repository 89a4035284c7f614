#include "shoal/graph/forward_pass.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "shoal/graph/executor.hpp"
#include "shoal/nn/layers.hpp"
#include "shoal/nn/model.hpp"

namespace shoal {
namespace {

LayerSpec layer(const std::string& type, Settings settings = {}, std::vector<LayerSpec> layers = {}) {
  return {type, std::move(settings), "", std::move(layers)};
}
Setting number(std::int64_t n) { return n; }

/// The parameters and running statistics of a model that has seen something.
struct Trained {
  explicit Trained(const Model& of) : model(of), parameters(model.graph().parameter_size()) {
    model.graph().initialize(3, parameters.span());
    states.resize(static_cast<std::size_t>(model.graph().state_size()));
    model.graph().initialize_states(states);
    for (std::size_t i = 0; i < states.size(); ++i) states[i] += 0.01 * static_cast<double>(i % 13);
  }
  Model model;
  Buffer<float> parameters;
  std::vector<double> states;
};

void fill(Panels<float> input, std::int64_t rows) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < input.columns; ++c)
      input.at(r, c) = static_cast<float>((r * 7 + c * 3) % 23) * 0.2F - 2.0F;
  }
}

/// Every row of the executor's outputs is that of a pass of some samples, and of one sample.
void expect_same(const Model& model, std::int64_t samples) {
  Trained trained(model);
  LocalTreeSum sums;
  Executor<float> executor(model.graph(), samples, sums);
  executor.bind(trained.parameters.data(), trained.states);
  const std::int64_t positions = model.input().shape().rows;
  fill(executor.input(model.input()), samples * positions);
  const LeafShare share(LeafCut{samples, 3});
  executor.forward({&share, share.range(), false, 0, 0, {}}, model.logits());
  const Panels<const float> expected = executor.value(model.logits());

  for (const std::int64_t capacity : {samples, std::int64_t{1}}) {
    ForwardPass pass(model.graph(), model.logits(), capacity, trained.parameters.data(), trained.states);
    for (std::int64_t first = 0; first < samples; first += capacity) {
      const Panels<float> from = executor.input(model.input());
      const Panels<float> input = pass.input(model.input());
      for (std::int64_t r = 0; r < capacity * positions; ++r) {
        for (std::int64_t c = 0; c < input.columns; ++c) input.at(r, c) = from.at(first * positions + r, c);
      }
      const Panels<const float> made = pass.run(capacity);
      for (std::int64_t r = 0; r < capacity; ++r) {
        for (std::int64_t c = 0; c < made.columns; ++c)
          ASSERT_EQ(std::memcmp(&made.at(r, c), &expected.at(first + r, c), sizeof(float)), 0)
              << capacity << " at a time, row " << first + r << ", column " << c;
      }
    }
  }
}

TEST(ForwardPass, IsTheExecutorsOfEachKindOfLayer) {
  const auto dense = layer("dense", {{"units", number(37)}});
  expect_same(Model(45,
                    {dense, layer("batch_norm"), layer("gelu"), layer("dropout", {{"rate", 0.5}}), dense,
                     layer("layer_norm"), layer("tanh"), dense, layer("sigmoid"), layer("batch_norm")},
                    5, Loss::softmax),
              7);
  const auto conv = [](std::int64_t channels, std::int64_t groups, std::int64_t stride) {
    return layer("conv", {{"channels", number(channels)},
                          {"kernel", number(3)},
                          {"groups", number(groups)},
                          {"stride", number(stride)}});
  };
  const std::vector<LayerSpec> images{
      conv(40, 1, 1),
      layer("batch_norm"),
      layer("relu"),
      layer("residual", {},
            {conv(40, 4, 1), layer("group_norm", {{"groups", number(4)}}), layer("relu"), conv(40, 40, 1)}),
      layer("max_pool"),
      layer("residual", {}, {conv(24, 2, 2), layer("leaky_relu")}),
      layer("average_pool"),
      layer("flatten"),
      layer("dense", {{"units", number(10)}})};
  expect_same(Model(image_shape(3, 12, 9), images, 3, Loss::softmax), 5);
  expect_same(Model(image_shape(1, 6, 6), {conv(8, 1, 1), layer("global_average_pool")}, 2, Loss::mse), 3);
  expect_same(Model(6, {embedding_layer({{5, 3}, {9, 7}}), dense, layer("relu")}, 2, Loss::mse), 4);
}

}  // namespace
}  // namespace shoal
