// Commands that use a model: train, evaluate, predict.
#include <fmt/format.h>

#include <functional>
#include <optional>
#include <utility>

#include "cli/commands.hpp"
#include "cli/evaluation_text.hpp"
#include "cli/output.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/config/config.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/watchdog.hpp"
#include "shoal/io/file.hpp"
#include "shoal/run/checkpoint_path.hpp"
#include "shoal/run/output_file.hpp"
#include "shoal/train/dataset_predictor.hpp"
#include "shoal/train/raw_data.hpp"
#include "shoal/train/same_data.hpp"

namespace shoal {
namespace {

/// Collective. Rank 0 looks, so that all mean one file even while a run goes on.
std::string agreed_checkpoint(const std::string& path, const Communicator& world) {
  std::string file;
  run_together(world, [&] {
    if (world.rank() == 0) file = checkpoint_file(path);
  });
  world.broadcast_string(file);
  return file;
}

/// What must not be written over; of FILE.npz:NAME the file.
std::vector<std::string> files_read(const GivenData& data, const std::string& checkpoint) {
  std::vector<std::string> files{checkpoint};
  std::vector<std::string> given = data.files;
  given.push_back(data.y);
  for (const std::string& file : given) {
    const std::size_t archive = file.find(".npz:");
    files.push_back(archive == std::string::npos ? file : file.substr(0, archive + 4));
  }
  return files;
}

DataKind kind_of_given(const GivenData& data) {
  const std::string& first = data.files.front();
  DataKind kind = kind_of_data(first);
  for (const std::string& file : data.files) {
    if (kind_of_data(file) != kind)
      throw Error(ExitStatus::usage, fmt::format("{} and {} are of different kinds; give files of one", first, file));
  }
  if (kind == DataKind::data_set && !data.x.empty()) kind = DataKind::hdf5;
  if (kind == DataKind::data_set && !data.y.empty())
    throw Error(ExitStatus::usage,
                fmt::format("{} is a data set, or HDF5 whose arrays of features --x names; leave out --y, or give both",
                            first));
  if (kind == DataKind::data_set && data.files.size() > 1)
    throw Error(ExitStatus::usage,
                fmt::format("{} is a data set, of which one is taken; give {} and the others to a command each", first,
                            data.files[1]));
  return kind;
}

struct Inputs {
  Dataset data;
  std::string split;
  DatasetPredictor predictor;
  std::string told;  ///< what the split is called: "test" for any raw file, whatever its importer makes
};

/// Collective. The data are looked at first: a wrong name shows before the model is read. What is no data set is read
/// as the model has it.
/// @param check  what else there is to say before the data are read, on rank 0
Inputs open_inputs(const GivenData& data, const std::string& checkpoint, WhichWeights weights, bool labels,
                   const std::function<void(const std::string& checkpoint)>& check, Communicator& world) {
  const Watchdog watchdog(world, ParallelConfig().stall_timeout);
  const Doing doing(Activity::starting);
  std::int64_t kind = 0;
  run_together(world, [&] {
    if (world.rank() != 0) return;
    kind = static_cast<std::int64_t>(kind_of_given(data));
  });
  const auto agreed = static_cast<DataKind>(world.all_max(kind));
  std::optional<Dataset> opened;
  if (agreed == DataKind::data_set) opened = open_together(data.files.front(), world);
  const std::string file = agreed_checkpoint(checkpoint, world);
  DatasetPredictor predictor(file, world, weights);
  run_together(world, [&] {
    if (world.rank() == 0) check(file);
  });
  if (opened) return {*std::move(opened), data.split, std::move(predictor), data.split};
  run_together(world, [&] {
    if (data.split != "test")
      throw Error(ExitStatus::usage,
                  fmt::format("{} has no splits, and --split is {}; leave it out", data.files.front(), data.split));
  });
  RawData raw = open_raw({data.files, agreed, data.x, data.y}, predictor.trained_on(), labels, world);
  return {std::move(raw.data), std::move(raw.split), std::move(predictor), data.split};
}

}  // namespace

ExitStatus execute(const TrainRequest& request, Communicator& world) { return train_run(request, world); }

ExitStatus execute(const EvaluateRequest& request, Communicator& world) {
  Inputs inputs = open_inputs(
      request.data, request.checkpoint, request.weights, true,
      [&](const std::string& checkpoint) {
        if (request.confusion)
          check_output_file(*request.confusion, Output::confusion, files_read(request.data, checkpoint));
      },
      world);
  const Evaluation result = inputs.predictor.evaluate(inputs.data, inputs.split);
  const std::string& weights = inputs.predictor.weights();
  run_together(world, [&] {
    if (world.rank() == 0 && request.confusion) write_text_atomically(*request.confusion, confusion_csv(result));
  });
  if (world.rank() == 0)
    print(request.json ? evaluation_json(inputs.told, weights, result)
                       : evaluation_table(inputs.told, weights, result));
  return ExitStatus::done;
}

ExitStatus execute(const PredictRequest& request, Communicator& world) {
  const bool printed = request.out == "-";
  const auto check = [&](const std::string& checkpoint) {
    if (!printed) check_output_file(request.out, Output::predictions, files_read(request.data, checkpoint));
  };
  Inputs inputs = open_inputs(request.data, request.checkpoint, request.weights, false, check, world);
  const std::int64_t rows = inputs.predictor.predict(inputs.data, inputs.split, request.out);
  if (world.rank() == 0 && !printed) {
    const std::string& weights = inputs.predictor.weights();
    print(fmt::format("{} rows written to {}{}\n", rows, request.out,
                      weights.empty() ? "" : fmt::format(", by weights: {}", weights)));
  }
  return ExitStatus::done;
}

}  // namespace shoal
