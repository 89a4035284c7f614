// Commands that use a model: train, evaluate, predict.
#include <fmt/format.h>

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

struct Inputs {
  Dataset data;
  std::string checkpoint;
};

/// Collective. Data are opened first: a wrong name shows before the model is read.
Inputs open_inputs(const std::string& data, const std::string& checkpoint, const Communicator& world) {
  const Watchdog watchdog(world, ParallelConfig().stall_timeout);
  const Doing doing(Activity::starting);
  Dataset opened = open_together(data, world);
  return {std::move(opened), agreed_checkpoint(checkpoint, world)};
}

}  // namespace

ExitStatus execute(const TrainRequest& request, Communicator& world) { return train_run(request, world); }

ExitStatus execute(const EvaluateRequest& request, Communicator& world) {
  const Inputs inputs = open_inputs(request.data, request.checkpoint, world);
  run_together(world, [&] {
    if (world.rank() == 0 && request.confusion)
      check_output_file(*request.confusion, Output::confusion, {request.data, inputs.checkpoint});
  });
  DatasetPredictor predictor(inputs.checkpoint, world);
  const Evaluation result = predictor.evaluate(inputs.data, request.split);
  run_together(world, [&] {
    if (world.rank() == 0 && request.confusion) write_text_atomically(*request.confusion, confusion_csv(result));
  });
  if (world.rank() == 0)
    print(request.json ? evaluation_json(request.split, result) : evaluation_table(request.split, result));
  return ExitStatus::done;
}

ExitStatus execute(const PredictRequest& request, Communicator& world) {
  const Inputs inputs = open_inputs(request.data, request.checkpoint, world);
  DatasetPredictor predictor(inputs.checkpoint, world);
  run_together(world, [&] {
    if (world.rank() == 0)
      check_output_file(request.out, Output::predictions, {request.data, inputs.checkpoint}, "",
                        header_line(predictor.layout()));
  });
  const std::int64_t rows = predictor.predict(inputs.data, request.split, request.out);
  if (world.rank() == 0) print(fmt::format("{} rows written to {}\n", rows, request.out));
  return ExitStatus::done;
}

}  // namespace shoal
