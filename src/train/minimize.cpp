#include "shoal/train/minimize.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "shoal/config/config.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/meant_word.hpp"
#include "shoal/graph/executor.hpp"
#include "shoal/graph/node_facts.hpp"
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
  const std::vector<bool> below = nodes_below(graph, cost);
  std::vector<bool> found(graph.parameters().size());
  for (std::size_t id = 0; id <= cost; ++id) {
    const Node& node = graph.nodes()[id];
    if (below[id] && node.kind == Node::Kind::parameter) found[node.parameter] = true;
  }
  return found;
}

/// Every feed has a place: a name that nobody has is a slip.
void check_names(const Graph& graph, const Feed& feed) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes()) {
    if (node.kind == Node::Kind::input) names.push_back(node.name);
  }
  for (const auto& [name, numbers] : feed) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    throw Error(ExitStatus::usage, fmt::format("minimize: values for \"{}\", and the graph has no such input; {}", name,
                                               names.empty() ? "it has none" : meant_or_all(name, names)));
  }
}

/// Of the targets of one loss, one a sample.
void require_class_numbers(Panels<const float> targets, std::int64_t samples, std::int64_t classes, const Node& loss,
                           const std::string& name) {
  for (std::int64_t r = 0; r < samples; ++r) {
    const float number = targets.at(r, 0);
    if (number >= 0.0f && number < static_cast<float>(classes) && number == std::floor(number)) continue;
    throw Error(ExitStatus::usage, fmt::format("minimize: row {} of \"{}\" is {}; {} takes class numbers, whole ones "
                                               "from 0 to {}",
                                               r, name, number, loss.name, classes - 1));
  }
}

/// Of all losses that the cost depends on, before the first step.
void require_class_numbers(Value cost, Executor<float>& executor, const Batch& batch) {
  Graph& graph = cost.graph();
  const std::vector<bool> below = nodes_below(graph, cost.id());
  for (std::size_t id = 0; id <= cost.id(); ++id) {
    const Node& node = graph.nodes()[id];
    if (!below[id] || node.operation == nullptr) continue;
    const std::vector<ValueShape> shapes = input_shapes(graph, node);
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const std::int64_t classes = node.operation->classes(i, shapes);
      if (classes == 0) continue;
      const Value targets(graph, node.inputs[i]);
      const Node& made = graph.nodes()[targets.id()];
      if (made.operation != nullptr) executor.forward(batch, targets);
      require_class_numbers(executor.value(targets), batch.samples(), classes, node, made.name);
    }
  }
}

void require_finite_cost(double cost, std::int64_t step, double learning_rate) {
  if (std::isfinite(cost)) return;
  // No update has acted on the first.
  throw Error(
      ExitStatus::diverged,
      fmt::format("minimize: the cost of step {} is {}; {}", step, std::isnan(cost) ? "nan" : fmt::format("{}", cost),
                  step > 1 ? fmt::format("lower the learning rate ({})", learning_rate)
                           : "look for what is not finite, or is too large, in the feed and initial values"));
}

/// Variables that learn have their initial values, the others what they have.
void begin_anew(const Graph& graph, const std::vector<bool>& learns, std::span<float> parameters) {
  graph.initialize(1, parameters);
  const std::vector<float> kept = graph.values();
  for (std::size_t i = 0; i < learns.size(); ++i) {
    const Parameter& p = graph.parameters()[i];
    if (!learns[i]) std::copy_n(kept.begin() + p.offset, p.size(), parameters.begin() + p.offset);
  }
}

void take_feed(Graph& graph, const Feed& feed, std::int64_t samples, Executor<float>& executor) {
  for (std::size_t id = 0; id < graph.nodes().size(); ++id) {
    const Node& node = graph.nodes()[id];
    if (node.kind != Node::Kind::input) continue;
    const std::span<const float> numbers = feed.at(node.name);
    if (node.shape.per_sample)
      pack_samples(numbers, samples, executor.input({graph, id}));
    else
      pack(numbers, executor.input({graph, id}), node.shape.rows);
  }
}

/// Of the variables that learn.
void update(const Graph& graph, const std::vector<bool>& learns, const Optimizer& optimizer,
            const OptimizerSettings& settings, std::int64_t step, Buffer<float>& parameters,
            const Buffer<float>& gradient, std::vector<Buffer<float>>& moments) {
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

}  // namespace

double minimize(Value cost, const OptimizerSettings& settings, std::int64_t steps, const Feed& feed) {
  Graph& graph = cost.graph();
  if (cost.shape() != ValueShape{})
    throw Error(ExitStatus::usage,
                "minimize: cost has shape " + to_string(cost.shape()) + "; it must be one number, see sum()");
  Config config;
  config.optimizer = settings;
  check_config(config);
  if (steps < 0) throw Error(ExitStatus::usage, fmt::format("minimize: {} steps; take 0 or more", steps));
  check_names(graph, feed);
  const std::int64_t samples = samples_of(graph, feed);
  // The derivative of a variable with respect to itself is that of an operation which leaves it as it is.
  if (graph.nodes()[cost.id()].kind == Node::Kind::parameter) cost = 1.0 * cost;
  LocalTreeSum sums;
  Executor<float> executor(graph, samples, sums);
  Buffer<float> parameters(graph.parameter_size());
  Buffer<float> gradient(graph.parameter_size());
  std::vector<double> states(static_cast<std::size_t>(graph.state_size()));
  const std::vector<bool> learns = parameters_below(graph, cost.id());
  begin_anew(graph, learns, parameters.span());
  graph.initialize_states(states);
  executor.bind(parameters.data(), states);
  take_feed(graph, feed, samples, executor);
  const Optimizer optimizer(settings.name);
  std::vector<Buffer<float>> moments;
  for (std::size_t m = 0; m < optimizer.moments().size(); ++m) moments.emplace_back(graph.parameter_size());

  std::vector<std::int64_t> ids(static_cast<std::size_t>(samples));
  std::iota(ids.begin(), ids.end(), 0);
  const LeafShare share(LeafCut{samples, samples});
  require_class_numbers(cost, executor, {&share, share.range(), false, 1, 0, ids});
  double value = 0.0;
  for (std::int64_t step = 1; step <= steps; ++step) {
    executor.forward({&share, share.range(), true, 1, static_cast<std::uint64_t>(step), ids}, cost);
    if (executor.leaf_statistics().empty()) {
      value = static_cast<double>(*executor.value(cost).data);
    } else {
      value = executor.leaf_statistics()[0];
    }
    require_finite_cost(value, step, settings.learning_rate);
    float* partial = gradient.data();
    executor.backward(std::span<float* const>(&partial, 1));
    update(graph, learns, optimizer, settings, step, parameters, gradient, moments);
  }
  graph.set_values(parameters.span());
  return value;
}

}  // namespace shoal
