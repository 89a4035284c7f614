#include "infer/export/steps.hpp"

#include <fmt/format.h>
#include <cmath>

#include <algorithm>
#include <map>
#include <set>

#include "shoal/core/error.hpp"
#include "shoal/graph/described.hpp"
#include "shoal/graph/node_facts.hpp"

namespace shoal {
namespace {

const std::set<std::string_view> known_operations = {
    "add",  "average_pool", "batch_norm", "conv",     "dense",   "embedding", "flatten", "gelu", "global_average_pool",
    "join", "group_norm",   "layer_norm", "max_pool", "sigmoid", "silu",      "tanh",    "relu", "leaky_relu"};

StepArray array_of(const Parameter& p, const float* flat) {
  StepArray array{p.name, p.file_shape(), std::vector<float>(static_cast<std::size_t>(p.rows * p.columns))};
  p.to_file(p.in(flat), 0, p.rows, array.values);
  return array;
}

[[noreturn]] void refuse(const TrainedModel& trained, const Node& node) {
  throw Error(ExitStatus::usage,
              fmt::format("{}: the operation \"{}\", of a layer that a program of its own has registered, cannot be "
                          "exported; predict in C++, with shoal::Predictor",
                          trained.path, node.operation->name()));
}

}  // namespace

std::int64_t Step::whole(const std::string& setting) const { return std::get<std::int64_t>(settings.at(setting)); }
double Step::real(const std::string& setting) const { return std::get<double>(settings.at(setting)); }

Steps steps_of(const TrainedModel& trained) {
  const Graph& graph = trained.model.graph();
  const std::vector<bool> needed = nodes_below(graph, trained.model.logits().id());
  Steps steps{trained.model.input().shape(), {}};
  std::map<std::size_t, std::size_t> values{{trained.model.input().id(), 0}};  // of nodes
  for (std::size_t id = 0; id < graph.nodes().size(); ++id) {
    const Node& node = graph.nodes()[id];
    if (!needed[id] || node.kind != Node::Kind::operation) continue;
    if (node.operation->name() == "dropout") {
      values[id] = values.at(node.inputs.front());
      continue;
    }
    Step step{std::string(node.operation->name()), {}, {}, {}, {}, node.shape};
    if (!known_operations.contains(step.operation)) refuse(trained, node);
    if (const auto* told = dynamic_cast<const Described*>(node.operation.get())) step.settings = told->settings();
    for (const std::size_t input : node.inputs) {
      const Node& from = graph.nodes()[input];
      if (from.kind == Node::Kind::parameter)
        step.arrays.push_back(array_of(graph.parameters()[from.parameter], trained.parameters.data()));
      else if (const auto value = values.find(input); value != values.end())
        step.of.push_back(value->second);
      else
        refuse(trained, node);  // of a value that is no sample's
    }
    for (const StepArray& array : step.arrays) steps.numbers += std::ssize(array.values);
    step.states.assign(trained.states.begin() + node.state_offset,
                       trained.states.begin() + node.state_offset + node.state_size);
    steps.list.push_back(std::move(step));
    values[id] = steps.list.size();
  }
  return steps;
}

NormNumbers norm_numbers(const Step& step) {
  NormNumbers numbers;
  const auto channels = static_cast<std::size_t>(step.made.columns);
  for (std::size_t c = 0; c < channels; ++c) {
    const double mean = step.states[c];
    numbers.high.push_back(static_cast<float>(mean));
    numbers.low.push_back(static_cast<float>(mean - static_cast<double>(numbers.high.back())));
    numbers.inverse.push_back(static_cast<float>(1.0 / std::sqrt(step.states[channels + c] + step.real("epsilon"))));
  }
  return numbers;
}

ReportedAs reported_as(const TrainedModel& trained, const PredictionLayout& layout) {
  const Loss& loss = trained.model.loss_kind();
  ReportedAs as;
  if (loss.name == Loss::softmax.name) as.kind = ReportedAs::Kind::softmax;
  if (loss.name == Loss::sigmoid.name) as.kind = ReportedAs::Kind::sigmoid;
  as.first_of_two = layout.columns > trained.model.outputs();
  as.labels = layout.labels;
  for (std::size_t k = 0; k < trained.targets.mean.size(); ++k) {
    const auto levels = static_cast<std::size_t>(loss.levels());
    as.mean.insert(as.mean.end(), levels, trained.targets.mean[k]);
    as.deviation.insert(as.deviation.end(), levels, trained.targets.deviation[k]);
  }
  return as;
}

}  // namespace shoal
