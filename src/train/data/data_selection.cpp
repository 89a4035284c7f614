#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <span>

#include "shoal/config/model_layers.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/folds.hpp"
#include "shoal/nn/layers.hpp"
#include "shoal/train/training.hpp"

namespace shoal {
namespace {

std::vector<std::int64_t> all_but(std::int64_t rows, const std::vector<std::int64_t>& apart) {
  std::vector<std::int64_t> rest;
  std::size_t next = 0;
  for (std::int64_t row = 0; row < rows; ++row) {
    if (next < apart.size() && apart[next] == row) {
      ++next;
    } else {
      rest.push_back(row);
    }
  }
  return rest;
}

/// One row has no deviation from its own mean: normalised, it is 0 whatever the layers below make of it. An image has a
/// row for each position.
void check_batch(const Config& config, const Model& model, std::int64_t rows) {
  if (std::min(config.data.batch_size, rows) > 1) return;
  const auto& nodes = model.graph().nodes();
  const auto norms = model.nodes_with_state();
  if (std::ranges::none_of(norms, [&](std::size_t node) { return nodes[node].shape.rows == 1; })) return;
  throw Error(
      ExitStatus::usage,
      fmt::format("{}{}, and batch norm makes 0 of a batch of one sample, so that the layers below learn nothing; "
                  "use {}, or no batch norm",
                  config.data.batch_size > 1 ? "" : config.place_of("data.batch_size"),
                  config.data.batch_size > 1 ? "there is 1 row to train on" : "data.batch_size = 1",
                  config.data.batch_size > 1 ? "more rows" : "data.batch_size = 2 or more"));
}

/// Pixels are numbers, each in its place: what a table makes of gaps and categories is none.
void check_pixels(const Encoding& encoding) {
  for (const ColumnEncoding& column : encoding.columns) {
    const std::string what = column.column.has_categories() ? "holds categories"
                             : column.absent                ? "has no value in the rows to train on"
                             : column.missing               ? "has gaps"
                                                            : "";
    if (!what.empty())
      throw Error(ExitStatus::bad_data,
                  fmt::format("model.layers take images, and column \"{}\" {}; a pixel is a number in every row: "
                              "correct the data and import them again, or use dense layers",
                              column.column.name, what));
  }
}

void check_augment(const Config& config, const ValueShape& input, bool images) {
  const AugmentSettings& augment = config.data.augment;
  const auto refuse = [&](const std::string& setting, const std::string& why) {
    const std::string key = "data.augment." + setting;
    throw Error(ExitStatus::usage,
                fmt::format("{}{} = {} {}", config.place_of(key), key, value_text(config, key), why));
  };
  if (augment.any() && !images)
    refuse(augment.crop > 0 ? "crop" : (augment.flip ? "flip" : "cutout"),
           "changes images, and the model takes none; leave it out, or use layers like {type = \"conv\"}");
  if (!images) return;
  const std::int64_t edge = std::min(input.height(), input.width);
  if (augment.crop >= edge && augment.crop > 0)
    refuse("crop", fmt::format("can shift all of an image of {} x {} out of itself; use {} or less", input.height(),
                               input.width, edge - 1));
  if (augment.cutout > edge)
    refuse("cutout",
           fmt::format("is larger than images of {} x {}; use {} or less", input.height(), input.width, edge));
}

void take_fold(TrainingData& data, const Config& config) {
  const Fold& fold = config.data.fold;
  try {
    const FoldPlan plan = plan_folds(data.train, fold.of, split_seed_of(config), data.description.class_names);
    data.validation = data.train.subset(plan.rows_in(fold.number - 1));
    data.train = data.train.subset(plan.rows_outside(fold.number - 1));
    data.validation_name = "validation";
  } catch (const Error& error) {
    const bool usage = error.status() == ExitStatus::usage;
    throw Error(error.status(), (usage ? config.place_of("data.fold") + "data.fold: " : "") + error.what());
  }
}

/// Whether some column of y has two values among the rows that count. halves: only above 1/2 and not are two.
bool differs(const Split& split, bool halves) {
  constexpr std::int64_t at_once = 4096;
  const auto width = static_cast<std::size_t>(std::max<std::int64_t>(1, split.outputs()));
  std::vector<double> first;
  std::vector<std::int64_t> rows;
  std::vector<double> values, weights;
  for (std::int64_t begin = 0; begin < split.rows(); begin += at_once) {
    rows.resize(static_cast<std::size_t>(std::min(at_once, split.rows() - begin)));
    std::iota(rows.begin(), rows.end(), begin);
    values.resize(rows.size() * width);
    split.read_target_values(rows, values);
    weights.assign(rows.size(), 1.0);
    if (split.has_weights()) split.read_weights(rows, weights);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      if (!(weights[r] > 0.0)) continue;
      const auto row = std::span(values).subspan(r * width, width);
      if (halves) std::ranges::transform(row, row.begin(), [](double value) { return value > 0.5 ? 1.0 : 0.0; });
      if (first.empty()) first.assign(row.begin(), row.end());
      if (!std::ranges::equal(row, first)) return true;
    }
  }
  return false;
}

}  // namespace

Split rows_to_train_on(const Dataset& dataset, const Config& config) {
  for (const std::string& name : config.data.train) {
    if (dataset.has(name)) continue;
    throw Error(ExitStatus::bad_data,
                fmt::format("{}{} has no split \"{}\", only {}; name one of them with data.train, or import it again",
                            config.place_of("data.train"), dataset.path(), name, fmt::join(dataset.names(), ", ")));
  }
  return dataset.joined(config.data.train);
}

bool has_split_to_validate(const Dataset& dataset, const Config& config) {
  return dataset.has("validation") && std::ranges::find(config.data.train, "validation") == config.data.train.end();
}

TrainingData select_data(const Dataset& dataset, const Config& config) {
  TrainingData data{
      rows_to_train_on(dataset, config), {}, "", {dataset.shape(), dataset.classes(), {}, dataset.content()}};
  data.description.element = element_name(data.train.element_type());
  data.description.target_names = dataset.target_names();
  if (!dataset.table()) data.description.file_columns = dataset.file_columns();
  if (dataset.classes() > 0) data.description.class_names = dataset.class_names();
  data.description.columns = dataset.columns();
  data.description.table = dataset.table();
  if (!data.train.has_labels() && !data.train.has_targets())
    throw Error(ExitStatus::bad_data,
                fmt::format("{} has no y: there is nothing to learn; import it with labels", dataset.path()));
  const Loss loss = loss_for(config, data.train);
  if (loss.targets == Loss::Targets::numbers && data.train.has_labels() && !are_number_names(dataset.class_names()))
    throw Error(ExitStatus::usage,
                fmt::format("model.loss = \"{}\" would learn the numbers of the classes of {}, which are called \"{}\" "
                            "and so on; use \"softmax\", or import it with --regression if they are numbers",
                            loss.name, dataset.path(), dataset.class_names().front()));
  if (data.train.rows() < 1) throw Error(ExitStatus::bad_data, dataset.path() + " has no rows to train on");
  const Validation& wanted = config.data.validation;
  if (config.data.fold.any()) {
    take_fold(data, config);
  } else if (const auto* fraction = std::get_if<double>(&wanted); fraction != nullptr && *fraction > 0.0) {
    const std::vector<std::int64_t> apart = hold_out_of(data.train, *fraction, split_seed_of(config));
    if (apart.empty() || static_cast<std::int64_t>(apart.size()) == data.train.rows())
      throw Error(ExitStatus::usage,
                  fmt::format("data.validation = {} of {} rows leaves no row for one side{}; use another fraction",
                              *fraction, data.train.rows(), data.train.has_groups() ? ", as groups stay whole" : ""));
    data.validation = data.train.subset(apart);
    data.train = data.train.subset(all_but(data.train.rows(), apart));
    data.validation_name = "validation";
  } else if (const auto* name = std::get_if<std::string>(&wanted)) {
    data.validation = dataset.split(*name);
    data.validation_name = *name;
  } else if (std::holds_alternative<std::monostate>(wanted) && has_split_to_validate(dataset, config)) {
    data.validation = dataset.split("validation");
    data.validation_name = "validation";
  }
  if (data.validation &&
      (data.validation->has_labels() != data.train.has_labels() || data.validation->outputs() != data.train.outputs()))
    throw Error(ExitStatus::bad_data, fmt::format("the y of split \"{}\" in {} is of another kind than that of {}",
                                                  data.validation_name, dataset.path(), data.train.name()));
  if (data.validation && data.validation->rows() < 1)
    throw Error(ExitStatus::bad_data,
                fmt::format("split \"{}\" in {} has no rows", data.validation_name, dataset.path()));
  check_metric(config.train.metric, "train.metric", config, data);
  check_told(config.train.metric, "train.metric", config, data, fmt::format("split \"{}\"", data.validation_name));
  return data;
}

Loss loss_for(const Config& config, const Split& train) {
  LossSettings settings = config.model.loss;
  if (settings.name == "auto") settings.name = train.has_labels() ? Loss::softmax.name : Loss::mse.name;
  if (const std::string fault = fault_of(settings); !fault.empty())
    throw Error(ExitStatus::usage, config.place_of("model.loss") + "model.loss: " + fault);
  return Loss::of(settings);
}

bool normalizes_targets(const Config& config, const Split& train) {
  const std::string& mode = config.data.normalize_targets;
  const Loss loss = loss_for(config, train);
  if (loss.targets == Loss::Targets::numbers) return mode == "standard" || (mode == "auto" && train.has_targets());
  if (mode == "standard")
    throw Error(
        ExitStatus::usage,
        fmt::format("{}data.normalize_targets = \"standard\" needs targets that are any number, and model.loss = "
                    "\"{}\" takes {}; use \"auto\"",
                    config.place_of("data.normalize_targets"), loss.name,
                    loss.targets == Loss::Targets::shares ? "0 to 1" : "classes"));
  return false;
}

void check_metric(Metric metric, const std::string& key, const Config& config, const TrainingData& data) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ExitStatus::usage, fmt::format("{}{} = \"{}\" {}", config.place_of(key), key, to_string(metric), why));
  };
  const bool tells = loss_for(config, data.train).tells_classes;
  const bool classes = data.description.classes > 0 && tells;
  if (is_of_classes(metric) && !classes && !(is_of_several_classes(metric) && tells))
    refuse(tells ? "needs one class a row, and here a row may have several; use \"validation.auc\""
                 : "needs classes, and y holds real numbers; use \"validation.loss\"");
  if (is_of_numbers(metric) && classes) refuse("needs targets, and y holds classes; use \"validation.accuracy\"");
  // The loss of train.metric may be that of training; a sweep sets rows apart by itself.
  if (!is_loss(metric) && !data.validation)
    refuse(
        "needs data to validate on, and data.validation sets none apart; use data.validation = 0.1, or the metric "
        "\"train.loss\"");
}

void check_told(Metric metric, const std::string& key, const Config& config, const TrainingData& data,
                const std::string& rows) {
  const bool ranks = metric == Metric::validation_auc || metric == Metric::validation_average_precision;
  if (!data.validation || !(ranks || metric == Metric::validation_r2)) return;
  const bool shares_of_classes = data.validation->has_targets() && data.description.classes > 0;
  if (shares_of_classes || differs(*data.validation, ranks && data.validation->has_targets())) return;
  throw Error(
      ExitStatus::bad_data,
      fmt::format("{}{} = \"{}\" cannot be told of {}, whose rows are all {}; use another metric, or other data "
                  "to validate on",
                  config.place_of(key), key, to_string(metric), rows, ranks ? "of one class" : "of one target"));
}

std::optional<double> value_of(Metric metric, const Evaluation& evaluation) {
  const EvaluationMetric* found = evaluation_metric(short_name(metric));
  return found == nullptr ? evaluation.loss : evaluation.*found->value;
}

Model make_model(const Config& config, const TrainingData& data) {
  const Split& train = data.train;
  const bool labels = train.has_labels();
  const Loss loss = loss_for(config, train);
  static_cast<void>(normalizes_targets(config, train));
  if (loss.targets == Loss::Targets::class_number && !labels)
    throw Error(ExitStatus::usage,
                fmt::format("model.loss = \"{}\" needs whole-number labels, but y holds floats; use \"mse\" or "
                            "\"sigmoid\"",
                            loss.name));
  const std::int64_t outputs = loss.levels() * (labels ? loss.outputs(train.classes()) : train.outputs());
  if (labels && outputs < 1)
    throw Error(
        ExitStatus::usage,
        fmt::format("model.loss = \"{}\" tells two classes or more apart, and y has one; use \"softmax\"", loss.name));
  std::optional<Model> model;
  bool images = false;
  try {
    const Encoding encoding = encoding_for(config, data);
    std::vector<LayerSpec> layers = layers_for(encoding);
    const std::vector<LayerSpec> own = layers_of(config.model);
    const std::size_t unlisted = layers.size();
    layers.insert(layers.end(), own.begin(), own.end());
    images = takes_images(layers);
    if (images) check_pixels(encoding);
    const ValueShape input = input_shape(layers, encoding.inputs(train.features()), data.description.shape);
    model.emplace(input, std::move(layers), outputs, loss, config.model.init, unlisted);
  } catch (const Error& error) {
    throw Error(error.status(),
                config.place_of(config.model.layers.empty() ? "model.preset" : "model.layers") + error.what());
  }
  check_augment(config, model->input().shape(), images);
  check_batch(config, *model, train.rows());
  return *model;
}

}  // namespace shoal
