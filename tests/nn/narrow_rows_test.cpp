// Rows of images that lie 16 elements apart give the bits of those that lie 32 apart.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "../gradient_check.hpp"
#include "graph/row_pitches.hpp"
#include "shoal/graph/expressions.hpp"
#include "shoal/nn/convolution.hpp"
#include "shoal/nn/losses.hpp"
#include "shoal/nn/operations.hpp"
#include "shoal/nn/pooling.hpp"

namespace shoal {
namespace {

/// The identity, for rows that are 32 apart alone, and so for what it reads and makes.
class WideIdentity final : public OperationOf<WideIdentity> {
 public:
  std::string_view name() const override { return "wide"; }
  ValueShape shape(std::span<const ValueShape> in) const override { return in[0]; }
  template <class T>
  void forward_block(const RowBlock<T>& rows, std::int64_t panel) const {
    std::copy_n(rows.input[0].tile(panel), rows.output.count * panel_width, rows.output.tile(panel));
  }
  template <class T>
  void backward_block(const RowBlock<T>& rows, std::size_t, std::int64_t panel, T* out) const {
    std::copy_n(rows.output_gradient.tile(panel), rows.output.count * panel_width, out);
  }
};

/// A net of everything that takes narrow rows, beside what does not.
struct NarrowNet {
  explicit NarrowNet(bool wide) : wide(wide) {
    x = graph.input("x", image_shape(3, 9, 7));
    classes = graph.input("classes", 1);
    Value y = relu(norm(conv("stem", x, 16, 1, 1)));
    const Value branch = norm(conv("b", leaky_relu(norm(conv("a", y, 16, 1, 1))), 16, 1, 1));
    y = relu(as_wished(branch + y));
    const Value wider = norm(conv("wider", y, 40, 2, 1));
    const Value narrower = conv("narrower", wider, 12, 1, 1);
    const Value grouped = conv("grouped", as_wished(max_pool(narrower, {2, 1, 1})), 8, 1, 4);
    y = as_wished(average_pool(gelu(grouped), {2, 2, 0})) * 2.0;
    y = as_wished(tanh(conv("channelwise", y, 8, 1, 8)));
    y = as_wished(dropout(conv("last", y, 16, 1, 1), 0.3, 1));
    const Value seen = global_average_pool(y);
    logits = dense(seen, graph.variable("dense", {16, 5}, he())) +
             dense(flatten(y), graph.variable("flat", {16 * y.shape().rows, 5}, he()));
    loss = softmax_cross_entropy(logits, classes);
  }

  Value as_wished(Value v) { return wide ? graph.apply(std::make_shared<WideIdentity>(), {v}) : v; }
  Value conv(const std::string& name, Value v, std::int64_t units, std::int64_t stride, std::int64_t groups) {
    const Value weight = graph.variable(name + "/weight", {3, 3, v.shape().columns / groups, units}, he());
    const Value bias = graph.variable(name + "/bias", {units}, zeros());
    return as_wished(convolution(v, weight, bias, {.stride = stride, .groups = groups}));
  }
  Value norm(Value v) {
    const std::string name = "norm" + std::to_string(++norms);
    return as_wished(batch_norm(v, graph.variable(name + "/gamma", {v.shape().columns}, constant(1.0)),
                                graph.variable(name + "/beta", {v.shape().columns}, zeros()), 1e-5, 0.1, name));
  }

  Graph graph;
  bool wide;
  int norms = 0;
  Value x, classes, logits, loss;
};

template <class T>
std::vector<double> loss_and_gradients(NarrowNet& net) {
  constexpr std::int64_t samples = 7;
  LocalTreeSum sums;
  const LeafShare share(LeafCut{samples, 3});
  Executor<T> executor(net.graph, samples, sums);
  Buffer<T> parameters(net.graph.parameter_size());
  std::vector<double> states(static_cast<std::size_t>(net.graph.state_size()));
  std::mt19937 generator(2);
  std::normal_distribution<double> normal;
  for (const Parameter& p : net.graph.parameters()) {
    for (std::int64_t r = 0; r < p.rows; ++r)
      for (std::int64_t c = 0; c < p.columns; ++c)
        p.in(parameters.data()).at(r, c) = static_cast<T>(0.3 + 0.5 * normal(generator));
  }
  executor.bind(parameters.data(), states);
  net.graph.initialize_states(states);
  for (std::int64_t r = 0; r < samples * net.x.shape().rows; ++r)
    for (std::int64_t c = 0; c < 3; ++c) executor.input(net.x).at(r, c) = static_cast<T>(normal(generator));
  for (std::int64_t r = 0; r < samples; ++r) executor.input(net.classes).at(r, 0) = static_cast<T>(r % 5);
  const std::vector<std::int64_t> ids{4, 1, 7, 3, 9, 2, 0};
  executor.forward({&share, share.range(), true, 3, 7, ids}, net.loss);
  std::vector<double> seen(executor.leaf_statistics().begin(), executor.leaf_statistics().end());
  std::vector<Buffer<T>> partials;
  std::vector<T*> pointers;
  for (std::size_t n = 0; n < share.nodes().size(); ++n)
    pointers.push_back(partials.emplace_back(net.graph.parameter_size()).data());
  executor.backward(pointers);
  for (const Buffer<T>& partial : partials) seen.insert(seen.end(), partial.span().begin(), partial.span().end());
  seen.insert(seen.end(), states.begin(), states.end());
  return seen;
}

TEST(NarrowRows, HaveTheBitsOfWideOnes) {
  NarrowNet narrow(false);
  NarrowNet wide(true);
  EXPECT_EQ(loss_and_gradients<float>(narrow), loss_and_gradients<float>(wide));
  EXPECT_EQ(loss_and_gradients<double>(narrow), loss_and_gradients<double>(wide));
}

TEST(NarrowRows, AreThoseThatAllCanDoWith) {
  const NarrowNet net(false);
  const auto wide_ones = [](const Graph& graph) {
    std::string names;
    const std::vector<std::int64_t> pitches = row_pitches(graph);
    for (std::size_t id = 0; id < pitches.size(); ++id) {
      const Node& node = graph.nodes()[id];
      if (node.operation != nullptr && node.shape.columns <= narrow_pitch && node.shape.rows > 1 &&
          pitches[id] == panel_width)
        names += std::string(node.operation->name()) + " ";
    }
    return names;
  };
  // What the channelwise convolution reads and makes, and what is tied to it.
  EXPECT_EQ(wide_ones(net.graph), "conv gelu average_pool scale conv tanh ");
  const NarrowNet all(true);
  const std::vector<std::int64_t> pitches = row_pitches(all.graph);
  EXPECT_EQ(std::count(pitches.begin(), pitches.end(), narrow_pitch), 0);
}

TEST(NarrowRows, HaveTheDerivativesOfCentralDifferences) {
  Graph graph;
  const Value x = graph.input("x", image_shape(3, 5, 4));
  const auto conv = [&](const std::string& name, Value v, std::int64_t units) {
    return convolution(v, graph.variable(name, {3, 3, v.shape().columns, units}, he()), ConvolutionOptions{});
  };
  const Value a = tanh(conv("a", x, 6));
  const Value b = average_pool(conv("b", a, 6) + a, {2, 1, 1});
  const Value c = conv("c", max_pool(b, {2, 2, 0}), 20);
  const Value total = sum(square(tanh(c)));
  GradientCheck check(graph, total, 5, 2);
  check.fill_normal(x);
  check.expect_derivatives(1e-5);
}

}  // namespace
}  // namespace shoal
