#include "show/report/judgement_json.hpp"

#include <fmt/format.h>

#include <optional>

#include "shoal/comm/run_together.hpp"
#include "shoal/config/config.hpp"
#include "shoal/core/error.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/watchdog.hpp"
#include "shoal/io/file.hpp"
#include "shoal/run/run_directory.hpp"
#include "shoal/train/dataset_predictor.hpp"
#include "shoal/train/same_data.hpp"
#include "shoal/train/training.hpp"

namespace shoal {
namespace {

constexpr int shown_digits = 6;
constexpr std::size_t most_confused_shown = 100;  // classes
constexpr std::size_t most_outputs = 12;

Json value(double number) { return Json::shortest(number, shown_digits); }
Json value(const std::optional<double>& number) { return number ? value(*number) : Json(); }

Json metrics_of(const Evaluation& e) {
  Json metrics = Json::array();
  const auto add = [&](const char* name, const std::optional<double>& metric) {
    if (metric) metrics.push(Json::array({name, value(*metric)}));
  };
  add("loss", e.loss);
  for (const EvaluationMetric& metric : evaluation_metrics) add(metric.name, e.*metric.value);
  return metrics;
}

void add_classes(Json& json, const Evaluation& e) {
  Json classes = Json::array();
  for (const ClassJudgement& c : e.classes)
    classes.push(Json::object({{"name", c.name},
                               {"support", value(c.support)},
                               {"precision", value(c.precision)},
                               {"recall", value(c.recall)},
                               {"f1", value(c.f1)}}));
  json.set("classes", std::move(classes));
  if (!e.confusion.empty() && e.classes.size() <= most_confused_shown) {
    Json rows = Json::array();
    for (std::size_t r = 0; r < e.classes.size(); ++r) {
      Json row = Json::array();
      for (std::size_t c = 0; c < e.classes.size(); ++c) row.push(value(e.confusion[r * e.classes.size() + c]));
      rows.push(std::move(row));
    }
    json.set("confusion", std::move(rows));
  }
  Json bins = Json::array();
  for (const CalibrationBin& bin : e.calibration)
    bins.push(Json::array({value(bin.weight), value(bin.confidence), value(bin.accuracy)}));
  json.set("calibration", std::move(bins));
}

Json squares_of(const TrueAgainstPredicted& against) {
  Json squares = Json::array();
  constexpr std::size_t side = TrueAgainstPredicted::side;
  for (std::size_t i = 0; i < against.weights.size(); ++i) {
    if (against.weights[i] > 0.0)
      squares.push(Json::array(
          {static_cast<std::int64_t>(i / side), static_cast<std::int64_t>(i % side), value(against.weights[i])}));
  }
  return squares;
}

void add_outputs(Json& json, const Evaluation& e) {
  Json outputs = Json::array();
  for (const OutputJudgement& o : e.outputs) {
    if (outputs.items().size() == most_outputs) break;
    Json output = Json::object({{"name", o.name},
                                {"rmse", value(o.rmse)},
                                {"mae", value(o.mae)},
                                {"r2", value(o.r2)},
                                {"low", value(o.against.low)},
                                {"high", value(o.against.high)},
                                {"side", static_cast<std::int64_t>(TrueAgainstPredicted::side)},
                                {"squares", squares_of(o.against)}});
    if (o.accuracy) {
      output.set("accuracy", value(o.accuracy));
      output.set("auc", value(o.auc));
      output.set("average_precision", value(o.average_precision));
    }
    outputs.push(std::move(output));
  }
  json.set("outputs", std::move(outputs));
}

/// Rank 0 looks which one is there, all take it.
std::string best_checkpoint(const std::string& run, const Communicator& comm) {
  std::string file;
  run_together(comm, [&] {
    if (comm.rank() != 0) return;
    const auto step = RunDirectory::best(run) ? RunDirectory::best(run) : RunDirectory::latest(run);
    if (!step) throw Error(ExitStatus::no_input, fmt::format("{} has no checkpoint yet", run));
    file = RunPaths{run}.checkpoint(*step);
  });
  comm.broadcast_string(file);
  return file;
}

Config shared_config(const std::string& run, const Communicator& comm) {
  std::string toml;
  run_together(comm, [&] {
    if (comm.rank() == 0) toml = read_text(RunPaths{run}.config());
  });
  comm.broadcast_string(toml);
  Config config;
  run_together(comm, [&] { config = parse_config(toml, RunPaths{run}.config(), run); });
  return config;
}

Json judge(const std::string& run, Communicator& comm) {
  const Config config = shared_config(run, comm);
  const Watchdog watchdog(comm, config.parallel.stall_timeout);
  const Doing doing(Activity::starting);
  const Dataset dataset = open_together(config.data.file, comm);
  DatasetPredictor predictor(best_checkpoint(run, comm), comm);
  std::optional<TrainingData> data;
  run_together(comm, [&] {
    if (dataset.content() != predictor.trained_on().content)
      throw Error(ExitStatus::bad_data,
                  fmt::format("{} holds other data than the run was trained on", config.data.file));
    data = select_data(dataset, config);
  });
  const Split& split = data->validation ? *data->validation : data->train;
  const Evaluation e = predictor.evaluate(dataset, split);
  Json json = Json::object({{"step", predictor.step()},
                            {"split", data->validation ? data->validation_name : data->train.name()},
                            {"held_out", data->validation.has_value()},
                            {"samples", e.samples},
                            {"loss", value(e.loss)},
                            {"metrics", metrics_of(e)}});
  if (!predictor.weights().empty()) json.set("weights", predictor.weights());
  if (!e.classes.empty()) add_classes(json, e);
  if (!e.outputs.empty()) add_outputs(json, e);
  json.set("notes", e.notes);
  return json;
}

}  // namespace

Json judgement_json(const std::string& run, Communicator& comm) {
  try {
    return judge(run, comm);
  } catch (const SharedError& e) {
    if (e.status() == ExitStatus::internal) throw;
    return Json::object({{"absent", std::string(e.what())}});
  }
}

}  // namespace shoal
