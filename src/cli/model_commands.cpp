// Commands that use a model or several: train, evaluate, predict, explain.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>
#include <system_error>
#include <utility>

#include "cli/commands.hpp"
#include "cli/evaluation_text.hpp"
#include "cli/output.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/config/config.hpp"
#include "shoal/core/csv_cell.hpp"
#include "shoal/core/log.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/watchdog.hpp"
#include "shoal/infer/distinct_models.hpp"
#include "shoal/io/archive.hpp"
#include "shoal/io/file.hpp"
#include "shoal/run/checkpoint_path.hpp"
#include "shoal/run/output_file.hpp"
#include "shoal/run/run_paths.hpp"
#include "shoal/train/dataset_ensemble.hpp"
#include "shoal/train/dataset_predictor.hpp"
#include "shoal/train/raw_data.hpp"
#include "shoal/train/same_data.hpp"
#include "shoal/tune/best_checkpoints.hpp"

namespace shoal {
namespace {

/// What must not be written over; of FILE.npz:NAME the file.
std::vector<std::string> files_read(const GivenData& data, const std::vector<std::string>& checkpoints) {
  std::vector<std::string> files = checkpoints;
  std::vector<std::string> given = data.files;
  given.push_back(data.y);
  for (const std::string& file : given) {
    const std::size_t archive = file.find(".npz:");
    files.push_back(archive == std::string::npos ? file : file.substr(0, archive + 4));
  }
  return files;
}

/// What was given in place of a model, and of which its members are.
struct GivenModels {
  std::vector<std::string> checkpoints;
  std::optional<std::int64_t> best;
  WhichWeights weights;
};

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

/// Of several given by their paths. @throws Error(usage)  names both of two that are one model
void require_distinct(const std::vector<std::string>& files, WhichWeights weights) {
  if (files.size() < 2) return;
  for (std::size_t i = 1; i < files.size(); ++i) {
    const auto end = files.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(files.begin(), end, files[i]) != end)
      throw Error(ExitStatus::usage, fmt::format("{} is given twice; an ensemble counts each member once", files[i]));
  }
  DistinctModels models(weights);
  for (const std::string& file : files) {
    if (const auto same = models.add(file))
      throw Error(ExitStatus::usage,
                  fmt::format("{} and {} are one model to the bit; an ensemble counts each member once", *same, file));
  }
}

/// Rank 0 alone looks, so that all mean the same files even while runs go on.
std::vector<std::string> files_of(const GivenModels& given) {
  std::vector<std::string> files;
  if (given.best) {
    if (*given.best < 1)
      throw Error(ExitStatus::usage, fmt::format("--best {} takes no trial; give 1 or more", *given.best));
    DistinctModels models(given.weights);
    for (const std::string& path : given.checkpoints) {
      for (std::string& file : best_checkpoints(path, *given.best, models)) files.push_back(std::move(file));
    }
    return files;
  }
  for (const std::string& path : given.checkpoints) {
    files.push_back(checkpoint_file(path));
    std::error_code none;
    if (given.checkpoints.size() > 1 && std::filesystem::is_regular_file(files.back(), none) &&
        !looks_like_checkpoint(files.back()))
      throw Error(ExitStatus::usage,
                  fmt::format("{} is no checkpoint, of which several are an ensemble; of data give each file its own "
                              "--data",
                              files.back()));
  }
  require_distinct(files, given.weights);
  return files;
}

/// Collective.
std::vector<std::string> agreed_files(const GivenModels& given, const Communicator& world) {
  std::vector<std::string> files;
  run_together(world, [&] {
    if (world.rank() == 0) files = files_of(given);
  });
  const auto count = static_cast<std::size_t>(world.all_max(std::ssize(files)));
  files.resize(count);
  for (std::string& file : files) world.broadcast_string(file);
  return files;
}

/// Ranks are watched while models and data are opened; what is asked of them then has a watch of its own.
struct Opening {
  explicit Opening(const Communicator& world) : watchdog(world, ParallelConfig().stall_timeout) {}

  Watchdog watchdog;
  Doing doing{Activity::starting};
};

/// What is asked, by one model or several.
template <class Asked>
struct Inputs {
  Dataset data;
  std::string split;
  Asked model;
  std::string told;  ///< what the split is called: "test" for any raw file, whatever its importer makes
};

/// Collective. The data are looked at first: a wrong name shows before the model is read. What is no data set is read
/// as the model has it.
/// @param open   makes the model
/// @param check  what else there is to say before the data are read, on rank 0
template <class Asked>
Inputs<Asked> open_inputs(const GivenData& data, DataKind kind, std::optional<Dataset> opened, bool labels,
                          const std::function<Asked()>& open, const std::function<void()>& check, Communicator& world) {
  const std::string split = data.split.value_or("test");
  run_together(world, [&] {
    if (!opened && data.split)
      throw Error(ExitStatus::usage,
                  fmt::format("{} has no splits, all of its rows are taken, and --split is {}; leave it out, or give "
                              "the data set that was made of it",
                              data.files.front(), split));
  });
  Asked model = open();
  run_together(world, [&] {
    if (world.rank() == 0) check();
  });
  if (opened) return {*std::move(opened), split, std::move(model), split};
  RawData raw = open_raw({data.files, kind, data.x, data.y}, model.trained_on(), labels, world);
  return {std::move(raw.data), std::move(raw.split), std::move(model), split};
}

/// What a command was given, before a model is read.
struct Given {
  DataKind kind;
  std::optional<Dataset> opened;  ///< of a data set
  std::vector<std::string> files;
};

/// Collective.
Given look_at(const GivenData& data, const GivenModels& models, Communicator& world) {
  std::int64_t kind = 0;
  run_together(world, [&] {
    if (world.rank() != 0) return;
    kind = static_cast<std::int64_t>(kind_of_given(data));
  });
  Given given{static_cast<DataKind>(world.all_max(kind)), std::nullopt, {}};
  if (given.kind == DataKind::data_set) given.opened = open_together(data.files.front(), world);
  given.files = agreed_files(models, world);
  return given;
}

Inputs<DatasetPredictor> open_one(const GivenData& data, Given given, WhichWeights weights, bool labels,
                                  const std::function<void()>& check, Communicator& world) {
  const std::string file = given.files.front();
  return open_inputs<DatasetPredictor>(
      data, given.kind, std::move(given.opened), labels, [&] { return DatasetPredictor(file, world, weights); }, check,
      world);
}

Inputs<DatasetEnsemble> open_several(const GivenData& data, Given given, WhichWeights weights, bool labels,
                                     const std::function<void()>& check, Communicator& world) {
  const std::vector<std::string> files = given.files;
  return open_inputs<DatasetEnsemble>(
      data, given.kind, std::move(given.opened), labels, [&] { return DatasetEnsemble(files, world, weights); }, check,
      world);
}

}  // namespace

ExitStatus execute(const TrainRequest& request, Communicator& world) { return train_run(request, world); }

ExitStatus execute(const EvaluateRequest& request, Communicator& world) {
  std::optional<Opening> opening(std::in_place, world);
  const Given given = look_at(request.data, {request.checkpoints, request.best, request.weights}, world);
  const auto check = [&] {
    if (request.confusion)
      check_output_file(*request.confusion, Output::confusion, files_read(request.data, given.files));
  };
  EnsembleEvaluation result;
  std::string told, weights;
  if (given.files.size() == 1) {
    auto inputs = open_one(request.data, given, request.weights, true, check, world);
    opening.reset();
    result.mean = inputs.model.evaluate(inputs.data, inputs.split);
    weights = inputs.model.weights();
    told = inputs.told;
  } else {
    auto inputs = open_several(request.data, given, request.weights, true, check, world);
    opening.reset();
    result = inputs.model.evaluate(inputs.data, inputs.split);
    weights = inputs.model.weights();
    told = inputs.told;
  }
  run_together(world, [&] {
    if (world.rank() == 0 && request.confusion) write_text_atomically(*request.confusion, confusion_csv(result.mean));
  });
  if (world.rank() != 0) return ExitStatus::done;
  if (given.files.size() == 1) {
    print(request.json ? evaluation_json(told, weights, result.mean) : evaluation_table(told, weights, result.mean));
  } else {
    print(request.json ? ensemble_json(told, weights, result, given.files)
                       : ensemble_table(told, weights, result, given.files));
  }
  return ExitStatus::done;
}

namespace {

/// Of a file whose name promises another format, or none.
std::string said_format(const std::string& out) {
  const bool told = is_csv_name(out) || out.ends_with(".h5") || out.ends_with(".hdf5");
  return told ? "" : ", as HDF5, since the name does not end in .csv";
}

}  // namespace

ExitStatus execute(const PredictRequest& request, Communicator& world) {
  std::optional<Opening> opening(std::in_place, world);
  const bool printed = request.out == "-";
  const Given given = look_at(request.data, {request.checkpoints, request.best, request.weights}, world);
  const auto check = [&] {
    if (!printed) check_output_file(request.out, Output::predictions, files_read(request.data, given.files));
  };
  run_together(world, [&] {
    if (request.spread && given.files.size() == 1)
      throw Error(ExitStatus::usage,
                  "--spread says how far models agree, and there is one; give several, or leave it out");
  });
  std::int64_t rows = 0;
  std::string weights;
  if (given.files.size() == 1) {
    auto inputs = open_one(request.data, given, request.weights, false, check, world);
    opening.reset();
    rows = inputs.model.predict(inputs.data, inputs.split, request.out);
    weights = inputs.model.weights();
  } else {
    auto inputs = open_several(request.data, given, request.weights, false, check, world);
    opening.reset();
    rows = inputs.model.predict(inputs.data, inputs.split, request.out, request.spread);
    weights = inputs.model.weights();
  }
  if (world.rank() == 0 && !printed) {
    print(fmt::format("{} written to {}{}{}{}\n", counted(rows, "row"), request.out, said_format(request.out),
                      weights.empty() ? "" : fmt::format(", by weights: {}", weights),
                      given.files.size() == 1 ? "" : fmt::format(", by {} models", given.files.size())));
  }
  return ExitStatus::done;
}

namespace {

/// For shoal report. A folder of somebody else's stays as it is.
void leave_beside_run(const std::string& path, const std::string& json) {
  std::error_code none;
  if (!std::filesystem::is_directory(path, none)) return;
  try {
    write_text_atomically(RunPaths{path}.explanation(), json);
  } catch (const Error& error) {
    log_warning(std::string(error.what()) + "; so shoal report will not show it");
  }
}

}  // namespace

ExitStatus execute(const ExplainRequest& request, Communicator& world) {
  std::optional<Opening> opening(std::in_place, world);
  run_together(world, [&] {
    if (request.options.repeats < 1)
      throw Error(ExitStatus::usage,
                  fmt::format("--repeats {} permutes nothing; give 1 or more", request.options.repeats));
  });
  const Given given = look_at(request.data, {{request.checkpoint}, std::nullopt, request.weights}, world);
  const auto check = [&] {
    if (request.out) check_output_file(*request.out, Output::importance, files_read(request.data, given.files));
  };
  auto inputs = open_one(request.data, given, request.weights, true, check, world);
  opening.reset();
  const Explanation explanation = inputs.model.explain(inputs.data, inputs.split, request.options);
  run_together(world, [&] {
    if (world.rank() == 0 && request.out) write_text_atomically(*request.out, explanation_csv(explanation));
  });
  if (world.rank() != 0) return ExitStatus::done;
  const std::string json = explanation_json(inputs.model, request.data.files.front(), inputs.told, explanation);
  leave_beside_run(request.checkpoint, json);
  print(request.json ? json : explanation_table(inputs.told, explanation));
  return ExitStatus::done;
}

}  // namespace shoal
