#include "shoal/nn/model.hpp"

#include <fmt/format.h>

#include "shoal/core/error.hpp"
#include "shoal/graph/node_facts.hpp"
#include "shoal/nn/layers.hpp"

namespace shoal {
namespace {

/// Whether the operation needs a sum over the samples of a batch at test time, or is one.
bool sums_over_samples(const Graph& graph, const Node& node) {
  return works_per_sample(graph, node) &&
         (!node.shape.per_sample ||
          node.operation->statistics(Pass::forward, false, input_shapes(graph, node)).width > 0);
}

/// A prediction is of a row by itself, and evaluation runs over a few rows at a time.
void check_tells_rows_apart(const Graph& graph, Value logits) {
  const std::vector<bool> below = nodes_below(graph, logits.id());
  for (std::size_t id = 0; id <= logits.id(); ++id) {
    const Node& node = graph.nodes()[id];
    if (!below[id] || node.operation == nullptr || !sums_over_samples(graph, node)) continue;
    throw Error(
        ExitStatus::usage,
        fmt::format("a layer of the model uses \"{}\", a sum over all samples of a batch: there is no "
                    "prediction for a row by itself; sum over the columns of each sample, as dense with a weight "
                    "of ones does, or use batch_norm, which keeps running statistics",
                    node.name));
  }
}

/// What a layer makes itself nobody feeds.
void check_inputs(const Graph& graph, Value input, Value targets) {
  for (std::size_t id = 0; id < graph.nodes().size(); ++id) {
    const Node& node = graph.nodes()[id];
    if (node.kind != Node::Kind::input || id == input.id() || id == targets.id()) continue;
    throw Error(ExitStatus::usage,
                fmt::format("a layer of the model makes the input or placeholder \"{}\", which nobody "
                            "feeds; take columns of the layer's own input, or a variable",
                            node.name));
  }
}

/// Targets are of mean 0 and deviation 1 mostly: predictions of 0 are the place to start from, not those of deviation
/// 1.4 that the last layer makes of a network's relu by xavier. Not zeros, which have no norm for lars and lamb.
std::string init_of_outputs(const std::string& asked, const Loss& loss) {
  return asked == "auto" && loss.targets == Loss::Targets::numbers ? "normal" : asked;
}

}  // namespace

Model::Model(std::int64_t inputs, std::vector<LayerSpec> layers, std::int64_t outputs, const Loss& loss,
             const std::string& output_init, std::size_t unlisted)
    : Model(ValueShape{true, 1, inputs}, std::move(layers), outputs, loss, output_init, unlisted) {}

Model::Model(const ValueShape& input, std::vector<LayerSpec> layers, std::int64_t outputs, const Loss& loss,
             const std::string& output_init, std::size_t unlisted)
    : graph_(std::make_shared<Graph>()), layers_(std::move(layers)), loss_(loss), output_init_(output_init) {
  if (input.rows < 1 || input.columns < 1 || outputs < 1)
    throw Error(ExitStatus::usage, fmt::format("a model of {} inputs and {} outputs; each must be 1 or more",
                                               input.rows * input.columns, outputs));
  if (outputs % loss.levels() != 0)
    throw Error(ExitStatus::usage, fmt::format("a model of {} outputs and a loss of {} levels; each target has as many "
                                               "outputs as there are levels",
                                               outputs, loss.levels()));
  input_ = graph_->input("x", input);
  targets_ = graph_->input("targets", loss.targets == Loss::Targets::class_number ? 1 : outputs / loss.levels());
  std::vector<LayerSpec> all = layers_;
  all.push_back({"dense", {{"units", outputs}, {"init", init_of_outputs(output_init, loss)}}});
  LayerContext context(*graph_, {unlisted, layers_.size()});
  logits_ = context.build(LayerPlace().list_name, all, input_);
  summaries_ = context.summaries();
  if (logits_.shape().rows != 1)
    throw Error(ExitStatus::usage,
                fmt::format("model.layers end with an output for each position, {}; let global_average_pool or flatten "
                            "make one row of them",
                            to_string(logits_.shape())));
  check_inputs(*graph_, input_, targets_);
  check_tells_rows_apart(*graph_, logits_);
  loss_value_ = apply_loss(loss, logits_, targets_);
}

Model Model::behind(std::vector<LayerSpec> front, std::int64_t inputs) const {
  const std::size_t unlisted = front.size();
  front.insert(front.end(), layers_.begin(), layers_.end());
  return {inputs, std::move(front), outputs(), loss_, output_init_, unlisted};
}

std::int64_t Model::parameter_count() const {
  std::int64_t count = 0;
  for (const Parameter& parameter : graph_->parameters()) count += parameter.rows * parameter.columns;
  return count;
}

std::vector<std::size_t> Model::nodes_with_state() const {
  std::vector<std::size_t> found;
  for (std::size_t id = 0; id < graph_->nodes().size(); ++id) {
    if (graph_->nodes()[id].state_size > 0) found.push_back(id);
  }
  return found;
}

std::vector<LayerSpec> mlp_layers(const MlpOptions& options) {
  std::vector<LayerSpec> layers;
  const LayerSpec norm{"batch_norm",
                       {{"epsilon", options.batch_norm_epsilon}, {"momentum", options.batch_norm_momentum}}};
  for (std::int64_t units : options.hidden) {
    layers.push_back({"dense", {{"units", units}, {"init", options.init}}});
    if (options.batch_norm && !options.batch_norm_after_activation) layers.push_back(norm);
    layers.push_back({options.activation, {}});
    if (options.batch_norm && options.batch_norm_after_activation) layers.push_back(norm);
    if (options.dropout > 0.0) layers.push_back({"dropout", {{"rate", options.dropout}}});
  }
  return layers;
}

Model mlp(const MlpOptions& options) {
  return {options.inputs, mlp_layers(options), options.classes, options.loss, options.init};
}

}  // namespace shoal
