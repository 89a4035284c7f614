#include <fmt/format.h>

#include "infer/export/onnx_encoding.hpp"
#include "infer/export/onnx_graph.hpp"
#include "infer/export/onnx_steps.hpp"
#include "infer/export/steps.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/json.hpp"
#include "shoal/core/version.hpp"
#include "shoal/infer/export_onnx.hpp"

namespace shoal {
namespace {

constexpr std::int64_t most_numbers = 500'000'000;  // of 4 bytes

std::string json_list(const std::vector<std::string>& names) {
  Json list = Json::array();
  for (const std::string& name : names) list.push(name);
  return list.text();
}

/// What a prediction is, of the logits.
std::string report(OnnxGraph& g, const ReportedAs& as, const PredictionLayout& layout, std::string z) {
  if (as.kind == ReportedAs::Kind::softmax) z = g.node("Softmax", {z}, {{"axis", std::int64_t{-1}}});
  if (as.kind == ReportedAs::Kind::sigmoid) z = g.node("Sigmoid", {z});
  if (as.first_of_two) z = g.node("Concat", {g.node("Sub", {g.scalar(1.0F), z}), z}, {{"axis", std::int64_t{1}}});
  if (as.mean.empty()) return z;
  const auto numbers = std::ssize(as.mean);
  if (layout.precise) {
    z = g.node("Mul", {g.cast(z, OnnxType::float64), g.constant("target_deviation", {1, numbers}, as.deviation)});
    return g.node("Add", {z, g.constant("target_mean", {1, numbers}, as.mean)});
  }
  const auto floats = [](const std::vector<double>& v) { return std::vector<float>(v.begin(), v.end()); };
  z = g.node("Mul", {z, g.constant("target_deviation", {1, numbers}, floats(as.deviation))});
  return g.node("Add", {z, g.constant("target_mean", {1, numbers}, floats(as.mean))});
}

}  // namespace

std::string export_onnx(const TrainedModel& trained, const OnnxOptions& options) {
  const PredictionLayout layout(trained);
  if (options.logits && !layout.probabilities)
    throw Error(ExitStatus::usage,
                fmt::format("{} tells no classes and so has no logits; leave out --logits", trained.path));
  const Steps steps = steps_of(trained);
  if (steps.numbers > most_numbers)
    throw Error(ExitStatus::bad_data, fmt::format("{} has {} trained numbers; a file of ONNX holds up to {}",
                                                  trained.path, steps.numbers, most_numbers));
  OnnxGraph graph;
  const std::string logits = onnx_steps(graph, steps, onnx_encode(graph, trained));
  if (options.logits) {
    graph.output(logits, "logits", OnnxType::float32, trained.model.outputs());
  } else {
    graph.output(report(graph, reported_as(trained, layout), layout, logits),
                 layout.probabilities ? "probabilities" : "outputs",
                 layout.precise ? OnnxType::float64 : OnnxType::float32, layout.columns);
  }
  return graph.model("shoal", trained.step,
                     {{"digest", options.digest},
                      {"step", std::to_string(trained.step)},
                      {"config", options.config},
                      {"columns", json_list(trained.data.columns)},
                      {"classes", json_list(layout.labels ? layout.class_names : std::vector<std::string>())},
                      {"outputs", json_list(layout.names)}});
}

}  // namespace shoal
