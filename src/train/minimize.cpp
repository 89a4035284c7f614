#include "shoal/train/minimize.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "shoal/config/config.hpp"
#include "shoal/core/error.hpp"
#include "shoal/graph/executor.hpp"
#include "shoal/optim/clipping.hpp"

namespace shoal {
namespace {

/// Samples of the per-sample inputs in a feed, after checking every size.
std::int64_t samples_of(const Graph& graph, const Feed& feed) {
  std::int64_t samples = -1;
  for (const Node& node : graph.nodes()) {
    if (node.kind != Node::Kind::input) continue;
    const auto found = feed.find(node.name);
    if (found == feed.end())
      throw Error(ExitStatus::usage, "minimize: no values for \"" + node.name + "\"; feed them by that name");
    const auto size = static_cast<std::int64_t>(found->second.size());
    const std::int64_t rows = node.shape.per_sample ? size / node.shape.columns : node.shape.rows;
    if (rows * node.shape.columns != size || rows == 0 ||
        (node.shape.per_sample && (rows % node.shape.rows != 0 || (samples >= 0 && samples * node.shape.rows != rows))))
      throw Error(ExitStatus::usage,
                  fmt::format("minimize: {} values for \"{}\" of shape {}", size, node.name, to_string(node.shape)));
    if (node.shape.per_sample) samples = rows / node.shape.rows;
  }
  return samples < 0 ? 1 : samples;
}

/// By the number of a parameter: whether the cost depends on it.
std::vector<bool> parameters_below(const Graph& graph, std::size_t cost) {
  std::vector<bool> below(graph.nodes().size());
  std::vector<bool> found(graph.parameters().size());
  below[cost] = true;
  for (std::size_t id = cost + 1; id-- > 0;) {
    if (!below[id]) continue;
    const Node& node = graph.nodes()[id];
    if (node.kind == Node::Kind::parameter) found[node.parameter] = true;
    for (const std::size_t input : node.inputs) below[input] = true;
  }
  return found;
}

}  // namespace

double minimize(Value cost, const OptimizerSettings& settings, std::int64_t steps, const Feed& feed) {
  Graph& graph = cost.graph();
  if (cost.shape() != ValueShape{})
    throw Error(ExitStatus::usage,
                "minimize: cost has shape " + to_string(cost.shape()) + "; it must be one number, see sum()");
  Config config;
  config.optimizer = settings;
  check_config(config);
  const std::int64_t samples = samples_of(graph, feed);
  LocalTreeSum sums;
  Executor<float> executor(graph, samples, sums);
  Buffer<float> parameters(graph.parameter_size());
  Buffer<float> gradient(graph.parameter_size());
  std::vector<double> states(static_cast<std::size_t>(graph.state_size()));
  const std::vector<bool> learns = parameters_below(graph, cost.id());
  graph.initialize(1, parameters.span());
  const std::vector<float> kept = graph.values();
  for (std::size_t i = 0; i < learns.size(); ++i) {
    const Parameter& p = graph.parameters()[i];
    if (!learns[i]) std::copy_n(kept.begin() + p.offset, p.size(), parameters.data() + p.offset);
  }
  graph.initialize_states(states);
  executor.bind(parameters.data(), states);
  for (std::size_t id = 0; id < graph.nodes().size(); ++id) {
    const Node& node = graph.nodes()[id];
    if (node.kind != Node::Kind::input) continue;
    const std::span<const float> numbers = feed.at(node.name);
    if (node.shape.per_sample)
      pack_samples(numbers, samples, executor.input({graph, id}));
    else
      pack(numbers, executor.input({graph, id}), node.shape.rows);
  }
  const Optimizer optimizer(settings.name);
  std::vector<Buffer<float>> moments;
  for (std::size_t m = 0; m < optimizer.moments().size(); ++m) moments.emplace_back(graph.parameter_size());

  std::vector<std::int64_t> ids(static_cast<std::size_t>(samples));
  std::iota(ids.begin(), ids.end(), 0);
  const LeafShare share(LeafCut{samples, samples});
  double value = 0.0;
  for (std::int64_t step = 1; step <= steps; ++step) {
    executor.forward({&share, share.range(), true, 1, static_cast<std::uint64_t>(step), ids}, cost);
    if (executor.leaf_statistics().empty()) {
      value = static_cast<double>(*executor.value(cost).data);
    } else {
      value = executor.leaf_statistics()[0];
    }
    if (!std::isfinite(value))
      throw Error(ExitStatus::diverged, fmt::format("minimize: the cost of step {} is {}; lower the learning rate ({})",
                                                    step, value, settings.learning_rate));
    float* partial = gradient.data();
    executor.backward(std::span<float* const>(&partial, 1));
    UpdateScalars scalars;
    scalars.settings = settings;
    scalars.learning_rate = settings.learning_rate;
    scalars.step = step;
    scalars.clip_factor = clip_factor(sum_of_squares(gradient.span(), 1.0f), settings.clip_norm);
    for (std::size_t i = 0; i < learns.size(); ++i) {
      if (!learns[i]) continue;
      const Parameter& p = graph.parameters()[i];
      const auto size = static_cast<std::size_t>(p.size());
      std::vector<float*> mine;
      mine.reserve(moments.size());
      for (Buffer<float>& moment : moments) mine.push_back(moment.data() + p.offset);
      scalars.decay = p.decay;
      const std::span<float> w(parameters.data() + p.offset, size);
      const GradientSum sum = std::span<const float>(gradient.data() + p.offset, size);
      const bool trusts = optimizer.trusts() && p.decay;
      scalars.trust = trusts ? optimizer.trust_ratio(settings, optimizer.norms(scalars, w, sum, mine)) : 1.0;
      optimizer.update(scalars, w, sum, mine);
    }
  }
  graph.set_values(parameters.span());
  return value;
}

}  // namespace shoal
