// Of the commands that take a trained model.
#include "cli/options/command_line.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/option_values.hpp"

namespace shoal {

void CommandLine::weights(CLI::App* app, WhichWeights& which) {
  app->add_option_function<std::string>(
         "--weights", [&which](const std::string& given) { which = parse_weights("--weights", given); },
         "Of a checkpoint that keeps an average of weights (train.average_decay): by default that")
      ->type_name("last|average");
}

void CommandLine::add_data(CLI::App* app, GivenData& data) {
  app->add_option(
         "--data", data.files,
         "Data set; or a file as the model has it: CSV (- for standard input), LIBSVM, NumPy, IDX, an image or "
         "a folder of them, with --x HDF5 and netCDF-4; CSV and HDF5 may be given many times, and are joined")
      ->required()
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->each([](const std::string& given) { refuse_empty("--data", given); });
  list(app, "--x", data.x, "PATH,...", "Arrays of features in an HDF5 or netCDF-4 file that is no data set");
  text(app, "--split", data.split, "NAME", "Split of a data set; by default test");
}

void CommandLine::add_members(CLI::App* app, std::vector<std::string>& checkpoints, std::optional<std::int64_t>& best) {
  app->add_option("CHECKPOINT", checkpoints,
                  "Checkpoint, or a run directory: its newest; several are an ensemble, the mean of what each predicts")
      ->required()
      ->type_name("FILE")
      ->each([](const std::string& given) { refuse_empty("CHECKPOINT", given); });
  number(app, "--best", best, "N", "Of a sweep's folder, given as CHECKPOINT: its N best trials (see sweep.keep)");
}

void CommandLine::add_model_commands() {
  CLI::App* app =
      command(app_, "evaluate", "Loss and metrics of a checkpoint, or an ensemble, on a split of a data set",
              "shoal evaluate runs/digits/checkpoints/best --data digits.h5 --split test\n"
              "  shoal evaluate runs/digits-sweep --best 5 --data digits.h5");
  add_members(app, evaluate_.checkpoints, evaluate_.best);
  add_data(app, evaluate_.data);
  text(
      app, "--y", evaluate_.data.y, "FILE|PATH",
      "Labels or targets beside a NumPy or IDX file; of HDF5 and netCDF the path of their array; of CSV their columns, "
      "where the model does not know them");
  weights(app, evaluate_.weights);
  app->add_flag("--json", evaluate_.json, "Print one JSON object");
  text(app, "--confusion", evaluate_.confusion, "FILE",
       "CSV to write: a row for each class, with its rows by the class that they were taken for");

  app =
      command(app_, "predict", "Write what a checkpoint makes of each row: class probabilities and labels, or outputs",
              "shoal predict runs/digits/checkpoints/best --data digits.h5 --split test --out predictions.csv\n"
              "  shoal predict runs/a runs/b runs/c --data digits.h5 --spread --out predictions.csv");
  add_members(app, predict_.checkpoints, predict_.best);
  add_data(app, predict_.data);
  weights(app, predict_.weights);
  app->add_flag("--spread", predict_.spread,
                "Of an ensemble: also how far its members agree: their deviation, of classes entropy and mutual "
                "information, of outputs quantiles");
  text(app, "--out", predict_.out, "FILE",
       "File to write: CSV where it ends in .csv, else HDF5; - for CSV to standard output")
      ->required();

  app = command(app_, "inspect", "Say what a checkpoint or a data set holds",
                "shoal inspect runs/digits/checkpoints/latest --json");
  text(app, "FILE", inspect_.file, "", "Checkpoint, run directory or data set")->required();
  app->add_flag("--json", inspect_.json, "Print one JSON object");
}

void CommandLine::add_explain() {
  CLI::App* app = command(app_, "explain", "Say how much each column of the data matters to a model, by permuting it",
                          "shoal explain runs/diamonds --data diamonds.h5 --metric rmse --out importance.csv");
  text(app, "CHECKPOINT", explain_.checkpoint, "FILE", "Checkpoint, or a run directory: its newest")->required();
  add_data(app, explain_.data);
  text(app, "--y", explain_.data.y, "FILE|PATH", "Labels or targets, as for shoal evaluate");
  weights(app, explain_.weights);
  text(app, "--metric", explain_.options.metric, fmt::format("{}", fmt::join(explained_metrics(), "|")).c_str(),
       "What suffers without the column; by default loss");
  number(app, "--repeats", explain_.options.repeats, "N", "Permutations of each column; by default 5");
  number(app, "--seed", explain_.options.seed, "S", "Seed of the permutations; by default 1");
  app->add_flag("--json", explain_.json, "Print one JSON object");
  text(app, "--out", explain_.out, "FILE", "CSV to write: a row for each column, with every repeat");
}

void CommandLine::add_export() {
  CLI::App* of = command(app_, "export", "Write a trained model, or a run's curves, for other programs",
                         "shoal export c runs/digits/checkpoints/best -o digits.c");
  of->require_subcommand(1);
  const char* which = "Checkpoint, or a run directory: its newest";

  CLI::App* app =
      command(*of, "c", "C99 source without malloc that gives the bits of shoal predict, and its header",
              "shoal export c runs/digits/checkpoints/best -o digits.c && cc -std=c99 -O3 -ffp-contract=off "
              "-mfma -c digits.c");
  text(app, "CHECKPOINT", export_.checkpoint, "FILE", which)->required();
  weights(app, export_.weights);
  text(app, "--name", export_.name, "NAME",
       "What the functions begin with: NAME_predict; by default the name of the file");
  text(app, "-o,--out", export_.out, "FILE.c", "Source to write; its header is FILE.h")->required();

  app = command(*of, "onnx", "ONNX (opset 17), from raw rows to probabilities or outputs; of a table an input a column",
                "shoal export onnx runs/digits/checkpoints/best -o digits.onnx --check");
  text(app, "CHECKPOINT", export_.checkpoint, "FILE", which)->required();
  weights(app, export_.weights);
  app->add_flag("--logits", export_.logits, "End with the logits, not with probabilities");
  app->add_flag("--check", export_.check,
                "Write rows and what shoal makes of them to FILE-test_data/, as tensors: input_0.pb, ..., output_0.pb");
  text(app, "-o,--out", export_.out, "FILE.onnx", "File to write")->required();

  app = command(*of, "tensorboard", "Metrics of a run as an event file of TensorBoard; see also train.tensorboard",
                "shoal export tensorboard runs/digits -o events/digits && tensorboard --logdir events");
  text(app, "RUN", export_.checkpoint, "DIR", "Run directory")->required();
  text(app, "-o,--out", export_.out, "DIR", "Folder for it, which may have no event files yet")->required();
}

}  // namespace shoal
