#include "shoal/train/cost.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <variant>

#include "shoal/config/model_layers.hpp"
#include "shoal/core/error.hpp"
#include "shoal/graph/graph_cost.hpp"
#include "shoal/io/memory_limit.hpp"
#include "shoal/nn/layers.hpp"
#include "shoal/optim/optimizer.hpp"

namespace shoal {
namespace {

constexpr double float_bytes = 4.0;
constexpr double buffers_of_value = 3.0;  // about; of layers that are counted by their units
constexpr std::int64_t batches_read_ahead = 3;
constexpr double flops_per_product = 6.0;  // forward, gradient of the input, gradient of the weight; each a
                                           // multiplication and an addition
// That other work could have done, as measured with small networks: reading a row, its loss; the rest of a step.
constexpr double flops_per_row = 1e5;
constexpr double flops_per_step = 1e6;

/// In doubles: a model may have more parameters than 64 bits count.
struct Size {
  double parameters = 0.0;
  double elements = 0.0;  // of a sample, in buffers
  double outputs = 0.0;
  double multiply_adds = 0.0;  // of a sample, forward
};

/// Of layers that say more than their units, images and those that hold others: counted in the model. Nothing where
/// that cannot be, which is said where it is made.
std::optional<Size> size_of_model(const Config& config, const TrainingData& data) try {
  bool holds_others = false;
  const std::vector<LayerSpec> layers = layers_of(config.model);
  for_each_layer(layers, [&](const LayerPlace& place) { holds_others = holds_others || place.around != nullptr; });
  if (!holds_others && !takes_images(layers)) return std::nullopt;
  const Model model = make_model(config, data);
  const ValueShape& input = model.input().shape();
  const std::int64_t read_ahead = batches_read_ahead * padded_size(input.rows, input.columns);
  return Size{static_cast<double>(model.graph().parameter_size()),
              kept_elements(model.graph(), true) + static_cast<double>(read_ahead),
              static_cast<double>(model.outputs()), multiply_adds(model.graph())};
} catch (const Error&) {
  return std::nullopt;
}

Size size_of(const Config& config, const TrainingData& data) {
  if (const auto size = size_of_model(config, data)) return *size;
  const Split& train = data.train;
  const Encoding encoding = encoding_for(config, data);
  auto width = static_cast<double>(encoding.inputs(train.features()));
  Size size;
  double values = width;  // of a sample, in all layers
  if (const auto embedded = encoding.embedded(); !embedded.empty()) {
    for (const ColumnEncoding* column : embedded) {
      size.parameters += static_cast<double>(column->places() * padded_size(1, column->width));
      width += static_cast<double>(column->width - 1);
    }
    values += 2.0 * width;  // the vectors, and beside the numbers
  }
  for (const LayerSpec& layer : layers_of(config.model)) {
    const auto found = layer.settings.find("units");
    if (found != layer.settings.end() && std::holds_alternative<std::int64_t>(found->second)) {
      const auto units = static_cast<double>(std::get<std::int64_t>(found->second));
      size.parameters += width * units;
      width = units;
    }
    values += width;
  }
  size.outputs = static_cast<double>(std::max(train.outputs(), train.classes()) * loss_for(config, train).levels());
  const double parameters = size.parameters + width * size.outputs;
  return {parameters, buffers_of_value * (values + size.outputs), size.outputs, parameters};
}

/// What sets the units of the layers, as a user gave it.
std::string model_key(const Config& config) {
  if (!config.model.layers.empty()) return "model.layers";
  if (is_known_network(config.model)) return "model.preset = " + value_text(config, "model.preset");
  const std::string key = config.model.depth > 0 ? "model.width" : "model.hidden";
  return key + " = " + value_text(config, key);
}

/// Predictions of a row, kept by the ranks as floats or doubles, its label, and what rank 0 makes of a column of them.
double judge_bytes_per_row(double outputs) { return 8.0 * outputs + 64.0; }

/// That all processes of the trainings on a host may use together.
double most_bytes(const HostLoad& load) {
  const double processes = static_cast<double>(load.ranks_on_host) * load.trainings;
  return std::min(static_cast<double>(host_memory()), static_cast<double>(process_memory()) * processes);
}

}  // namespace

TrainingCost estimate_cost(const Config& config, const TrainingData& data, const HostLoad& load) {
  const Size size = size_of(config, data);
  const std::int64_t leaves = leaves_of(config);
  BatchCut cut{data.train.rows(),
               config.data.batch_size,
               leaves,
               samples_per_leaf(config.data.batch_size, leaves),
               load.ranks,
               0};
  const LeafShare share = cut.share(cut.largest_batch());
  double idle = 0.0;  // ranks without a leaf
  for (int rank = 0; rank < load.ranks; ++rank) {
    idle += share.range(rank).size() == 0 ? 1.0 : 0.0;
    if (share.range(rank).size() > share.range(cut.rank).size()) cut.rank = rank;  // the largest share stands for all
  }
  const double here = static_cast<double>(load.ranks_on_host) / load.ranks;
  const auto rows = static_cast<double>(data.train.rows());
  const auto batch = static_cast<double>(std::max<std::int64_t>(1, config.data.batch_size));
  const double steps = std::ceil(rows / batch);
  const auto moments = static_cast<double>(Optimizer(config.optimizer.name).moments().size());
  // Parameters, of which a host has one copy; a gradient per tree node of each rank; moments in slices; a sum of them.
  const double gradients = (static_cast<double>(share.slots()) + idle) * here;
  const double average = config.train.average_decay > 0.0 ? 1.0 : 0.0;
  // An average is kept in slices like a moment, and whole on each rank while it is judged.
  const double training = 2.0 + gradients + moments * here + average * (here + load.ranks_on_host);
  const double saving = 3.0 * (1.0 + moments + average);  // a copy, its image, and that read back
  TrainingCost cost;
  cost.model_bytes = float_bytes * size.parameters * (training + saving);
  cost.batch_bytes =
      float_bytes * size.elements * static_cast<double>(samples_at_a_time(cut, data)) * load.ranks_on_host;
  if (data.validation)
    cost.judge_bytes = judge_bytes_per_row(size.outputs) * static_cast<double>(data.validation->rows());
  cost.epoch = rows * (size.multiply_adds * flops_per_product + flops_per_row) + steps * flops_per_step;
  cost.whole = cost.epoch * (config.train.steps > 0 ? static_cast<double>(config.train.steps) / steps
                                                    : static_cast<double>(config.train.epochs));
  return cost;
}

void check_memory(const Config& config, const TrainingData& data, const HostLoad& load) {
  const TrainingCost cost = estimate_cost(config, data, load);
  const double processes = static_cast<double>(load.ranks_on_host) * load.trainings;
  const double most = most_bytes(load);
  const double bytes = (cost.model_bytes + cost.batch_bytes + cost.judge_bytes) * load.trainings;
  if (bytes <= most) return;
  if (bytes - cost.judge_bytes * load.trainings <= most)
    throw Error(
        ExitStatus::usage,
        fmt::format("the metrics of {} rows to validate on take about {:.3g} GB, more than this host has beside "
                    "the model; use a smaller data.validation",
                    data.validation->rows(), cost.judge_bytes * load.trainings * 1e-9));
  // Of a batch that is too large one sample would do.
  const auto samples = static_cast<double>(std::min(config.data.batch_size, data.train.rows()));
  const bool batch_is_large = (cost.model_bytes + cost.batch_bytes / samples) * load.trainings <= most;
  std::string load_text;
  if (processes > 1) load_text = fmt::format(" on {} of this host", counted(load.ranks_on_host, "rank"));
  if (load.trainings > 1) load_text += fmt::format(", {} at a time,", load.trainings);
  throw Error(
      ExitStatus::usage,
      fmt::format("training and saving{} a model with {} takes about {:.3g} GB, more than this host has; use {}{}",
                  load_text,
                  batch_is_large ? fmt::format("data.batch_size = {}", config.data.batch_size) : model_key(config),
                  bytes * 1e-9, batch_is_large ? "a smaller batch" : "fewer units",
                  processes > 1 ? ", or fewer ranks on a host" : ""));
}

void check_judge_memory(const std::string& name, std::int64_t rows, std::int64_t outputs, const HostLoad& load) {
  const double bytes = judge_bytes_per_row(static_cast<double>(outputs)) * static_cast<double>(rows);
  if (bytes <= most_bytes(load)) return;
  throw Error(ExitStatus::usage,
              fmt::format("{}: the metrics of {} rows take about {:.3g} GB, more than this host has; evaluate fewer "
                          "rows at a time",
                          name, rows, bytes * 1e-9));
}

}  // namespace shoal
