#include "cli/options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "cli/help.hpp"
#include "cli/manual/command_text.hpp"
#include "cli/mistakes.hpp"
#include "cli/option_values.hpp"
#include "shoal/comm/session.hpp"
#include "shoal/config/keys.hpp"
#include "shoal/core/quiet.hpp"
#include "shoal/core/version.hpp"
#include "shoal/io/h5_file.hpp"
#include "shoal/tensor/isa.hpp"

namespace shoal {
namespace {

constexpr const char* about_regression = "Labels are numbers to predict, no classes, even where all are whole";
constexpr const char* about_classes = "Labels are names of classes, even where some or all are numbers";

/// Every command that the line may name, its options bound to the requests below. Not to be moved: CLI11 keeps
/// references.
class CommandLine {
 public:
  CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  Request parse(std::vector<std::string> arguments);

 private:
  CLI::App* command(CLI::App& parent, const std::string& name, const std::string& about, const std::string& example);
  void add_train();
  void add_sweep();
  void add_cv();
  void add_nudge();
  void add_watch();
  void add_report();
  void add_serve();
  void add_verify();
  void add_doctor();
  void add_help();
  void add_model_commands();
  void add_explain();
  static void add_members(CLI::App* app, std::vector<std::string>& checkpoints, std::optional<std::int64_t>& best);
  void add_export();
  void add_importers();
  void add_synth();
  void add_csv(CLI::App& import);
  void end_importer(CLI::App* app, SplitOptions& split);
  static CLI::Option* add_sets(CLI::App* app, std::vector<std::string>& sets,
                               const char* about = "Set one key of the config; may be given many times");
  static void final_fit(CLI::App* app, SweepRequest& sweep);
  static void weights(CLI::App* app, WhichWeights& which);
  static void add_data(CLI::App* app, GivenData& data);

  std::string help() const;
  Request request() const;

  CLI::App app_{"Trains neural networks on a cluster of CPUs.", "shoal"};
  TrainRequest train_;
  SweepRequest sweep_;
  FirstSweepRequest first_sweep_;
  CvRequest cv_;
  EvaluateRequest evaluate_;
  PredictRequest predict_;
  ExplainRequest explain_;
  InspectRequest inspect_;
  IdxOptions idx_;
  CsvRequest csv_;
  NpyOptions npy_;
  LibsvmOptions libsvm_;
  ImagesOptions images_;
  Hdf5Options hdf5_;
  SynthRequest synth_;
  NudgeRequest nudge_;
  WatchRequest watch_;
  ExportRequest export_;
  ReportRequest report_;
  ServeRequest serve_;
  VerifyRequest verify_;
  DoctorRequest doctor_;
  GenerateRequest generate_;
  std::vector<std::string> topic_;  // of help
  std::string out_;                 // of every importer
};

CommandLine::CommandLine() {
  app_.get_formatter()->column_width(34);
  app_.set_help_flag("-h,--help", "Print this help");
  app_.set_version_flag("-V,--version", version_text, "Print the version, the instruction set in use, MPI and HDF5");
  app_.require_subcommand(0, 1);
  app_.footer(
      "Every command has --help with an example; of the config tells shoal help config.\n\nExample:\n  mpirun -np 4 "
      "shoal train digits.toml");
  add_train();
  add_sweep();
  add_cv();
  add_nudge();
  add_watch();
  add_report();
  add_serve();
  add_verify();
  add_doctor();
  add_model_commands();
  add_explain();
  add_export();
  add_importers();
  add_synth();
  add_help();
}

CLI::App* CommandLine::command(CLI::App& parent, const std::string& name, const std::string& about,
                               const std::string& example) {
  CLI::App* app = parent.add_subcommand(name, about);
  app->footer("Example:\n  " + example);
  app->add_flag_callback("-q,--quiet", log_warnings_alone, "Say warnings and errors alone, and show no progress");
  return app;
}

void CommandLine::add_train() {
  CLI::App* app = command(app_, "train", "Train one model, all ranks together; write a run directory",
                          "mpirun -np 4 shoal train digits.toml --set optimizer.learning_rate=3e-4 --run runs/digits\n"
                          "  shoal train --run runs/digits --resume auto");
  text(app, "CONFIG", train_.config, "FILE", "TOML config; without it that of the checkpoint resumed");
  add_sets(app, train_.sets);
  text(app, "--run", train_.run, "DIR", "Run directory; by default the next free runs/<config name>");
  text(app, "--resume", train_.resume, "FILE|RUN|auto",
       "Go on from a checkpoint, a run, or the run that this command wrote before, if any");
  number(app, "--rewind", train_.rewind, "N", "With --resume: branch from the checkpoint of step N");
  text(app, "--init-from", train_.init_from, "FILE",
       "Start with the parameters of a checkpoint: their average, where it keeps one");
  text(app, "--replay", train_.replay, "RUN",
       "Repeat a run from its start, with all its nudges, in another directory; of a population its winner");
  app->add_flag("--dry-run", train_.dry_run, "Print what would be trained, and write nothing");
  app->add_flag("--profile", train_.profile, "Print at the end where the time of the steps went");
  text(app, "--profile-trace", train_.profile_trace, "FILE",
       "As --profile, and write a Chrome trace (chrome://tracing, Perfetto)");
}

void CommandLine::add_sweep() {
  CLI::App* app = command(app_, "sweep", "Train many models apart, each rank its own, and rank them",
                          "shoal sweep --init digits.h5\n"
                          "  mpirun -np 4 shoal sweep digits-sweep.toml --run runs/digits-sweep\n"
                          "  shoal sweep --run runs/digits-sweep --resume");
  CLI::Option* config = text(app, "CONFIG", sweep_.config, "FILE",
                             "TOML config with [sweep.space]; without it that of the sweep resumed");
  CLI::Option* sets = add_sets(app, sweep_.sets);
  CLI::Option* run =
      text(app, "--run", sweep_.run, "DIR", "Folder of the results; by default the next free runs/<config name>");
  CLI::Option* resume =
      app->add_flag("--resume", sweep_.resume, "Go on with the sweep in that folder: what is done is not repeated");
  CLI::Option* init = text(app, "--init", first_sweep_.data, "DATA",
                           "Instead: write a config with a space that suits a data set, and comments that say why");
  for (CLI::Option* other : {config, sets, run, resume}) init->excludes(other);
  text(app, "-o,--out", first_sweep_.out, "FILE", "With --init: the config; by default <DATA>-sweep.toml here")
      ->needs(init);
  final_fit(app, sweep_);
}

CLI::Option* CommandLine::add_sets(CLI::App* app, std::vector<std::string>& sets, const char* about) {
  return app->add_option("--set", sets, about)->type_name("KEY=VALUE")->allow_extra_args(false);
}

void CommandLine::final_fit(CLI::App* app, SweepRequest& sweep) {
  app->add_flag_callback(
      "--final-fit", [&sweep] { sweep.sets.emplace_back("sweep.final_fit=true"); },
      "Train the best setting on all rows at the end: sweep.final_fit = true");
}

void CommandLine::add_cv() {
  CLI::App* app = command(app_, "cv", "Cross-validate one config: train and validate it fold by fold",
                          "mpirun -np 2 shoal cv digits.toml --folds 5 --run runs/digits-cv");
  SweepRequest& sweep = cv_.sweep;
  sweep.cross_validates = true;
  text(app, "CONFIG", sweep.config, "FILE", "TOML config; without it that of the folder resumed");
  add_sets(app, sweep.sets);
  // What adds to the settings stands behind --set, which replaces all of them: options act in the order of these lines.
  app->add_option_function<std::string>(
         "--folds", [&sweep](const std::string& folds) { sweep.sets.push_back("sweep.folds=" + folds); },
         "Parts of the training split, each validated on by a model; by default sweep.folds, or 5")
      ->type_name("K");
  text(app, "--run", sweep.run, "DIR", "Folder of the results; by default the next free runs/<config name>-cv");
  app->add_flag("--resume", sweep.resume, "Go on in that folder: what is done is not repeated");
  final_fit(app, sweep);
  text(app, "--predictions", sweep.predictions, "FILE.csv",
       "Write what each row of train is predicted to be by the model that was not trained on it");
  app->add_flag("--json", cv_.json, "Print one JSON object");
}

void CommandLine::add_nudge() {
  CLI::App* app = command(app_, "nudge", "Change hyperparameters of a run under way, at a step that all ranks agree on",
                          "shoal nudge runs/digits optimizer.learning_rate=3e-4 model.dropout=0.2");
  text(app, "RUN", nudge_.run, "DIR", "Run directory")->required();
  CLI::Option* settings =
      app->add_option("SETTING", nudge_.settings, "What to change; all of it at one step")->type_name("KEY=VALUE");
  number(app, "--at-step", nudge_.at_step, "N", "The first update to act on; by default the next one possible");
  const auto instead = [&](const char* name, bool& wish, const char* help) {
    return app->add_flag(name, wish, help)->excludes(settings)->excludes("--at-step");
  };
  CLI::Option* stop =
      instead("--stop", nudge_.stop, "Instead: save and end, as by SIGUSR1, from any host of the file system");
  CLI::Option* pause =
      instead("--pause", nudge_.pause, "Instead: save and wait, with all in memory, for --go-on or --stop");
  instead("--go-on", nudge_.go_on, "Instead: train on after --pause")->excludes(stop)->excludes(pause);
  pause->excludes(stop);
}

void CommandLine::add_watch() {
  CLI::App* app =
      command(app_, "watch", "Follow a run or a sweep in the terminal; q ends it", "shoal watch runs/digits");
  text(app, "RUN", watch_.run, "DIR", "Run directory, or the folder of a sweep")->required();
  app->add_flag("--once", watch_.once, "Print what there is to see, and end; so it is without a terminal");
}

void CommandLine::add_report() {
  CLI::App* app = command(app_, "report", "Write one HTML file that shows a run, several runs or a sweep",
                          "shoal report runs/digits -o digits.html");
  app->add_option("RUN", report_.folders, "Run directories, to be seen over one another, or the folder of one sweep")
      ->required()
      ->type_name("DIR");
  text(app, "-o,--out", report_.out, "FILE", "HTML file to write")->required();
}

void CommandLine::add_serve() {
  CLI::App* app =
      command(app_, "serve", "Show the runs and sweeps below a folder, as they get on, in a browser; nudge them there",
              "shoal serve runs\n"
              "  shoal serve runs --socket ~/.shoal.sock    (then: ssh -L 8765:.shoal.sock HOST)");
  ServeOptions& options = serve_.options;
  app->add_option("FOLDER", options.folder, "Folder with runs and sweeps; by default runs, where it is there, else .")
      ->type_name("");
  CLI::Option* socket =
      text(app, "--socket", options.socket, "PATH", "Listen on a Unix socket that you alone may open");
  text(app, "--host", options.host, "NAME", "Listen on another address than 127.0.0.1: others on the network reach it")
      ->excludes(socket);
  number(app, "--port", options.port, "N", "By default the first free one from 8765 on")->excludes(socket);
  app->add_flag("--read-only", options.read_only, "Show only: no nudge, and no stop");
}

void CommandLine::add_verify() {
  CLI::App* app = command(app_, "verify", "Train a run again from its checkpoints, and compare every bit",
                          "shoal verify runs/digits\n  mpirun -np 2 shoal verify runs/digits --from 100 --to 200");
  text(app, "RUN", verify_.run, "DIR", "Run directory; nothing is written into it")->required();
  number(app, "--from", verify_.from, "N", "Only what was trained after step N");
  number(app, "--to", verify_.to, "M", "Only what was trained until step M");
  number(app, "--segments", verify_.segments, "K", "Only K stretches between checkpoints, drawn anew each time");
  app->add_flag("--all", verify_.all, "All of it, which is what is done anyway");
  add_sets(app, verify_.sets, "Set a key of the config that changes no bit, such as data.file");
  app->add_flag("--json", verify_.json, "Print one JSON object");
}

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

/// The options that all importers end with.
void CommandLine::end_importer(CLI::App* app, SplitOptions& split) {
  number(app, "--test-last", split.test_last, "N", "The last N rows are the split test");
  number(app, "--test-fraction", split.test_fraction, "F",
         "This share of all rows, drawn by seed, from each class alike, is the split test");
  number(app, "--validation-fraction", split.validation_fraction, "F",
         "This share of all rows, drawn by seed, from each class alike, is the split validation");
  number(app, "--seed", split.seed, "S", "Seed of what is drawn; by default 1");
  app->add_flag_callback(
      "--no-stratify", [&split] { split.stratify = false; }, "Draw rows without a look at their classes");
  text(app, "-o,--out", out_, "FILE", "Data set to write")->required();
}

void CommandLine::add_importers() {
  CLI::App* import = command(app_, "import", "Make a data set from files of another format",
                             "shoal import csv data/digits.csv.gz --label label --test-fraction 0.2 -o digits.h5");
  import->require_subcommand(1);

  CLI::App* app =
      command(*import, "idx", "The format of MNIST, gzip or plain",
              "shoal import idx --images train-images-idx3-ubyte.gz --labels train-labels-idx1-ubyte.gz "
              "--test-images t10k-images-idx3-ubyte.gz --test-labels t10k-labels-idx1-ubyte.gz -o mnist.h5");
  text(app, "--images", idx_.images, "FILE", "Images")->required();
  text(app, "--labels", idx_.labels, "FILE", "Their labels");
  text(app, "--test-images", idx_.test_images, "FILE", "Images of the split test");
  text(app, "--test-labels", idx_.test_labels, "FILE", "Their labels");
  text(app, "--like", idx_.like, "FILE", "Data set whose classes are taken");
  app->add_flag("--regression", idx_.regression, about_regression);
  end_importer(app, idx_.split);

  add_csv(*import);

  app = command(*import, "npy", "NumPy arrays, of .npy files and .npz archives",
                "shoal import npy --x mine.npz:features --y mine.npz:labels -o mine.h5");
  text(app, "--x", npy_.x, "FILE", "Features; FILE.npz:NAME is an array of an archive")->required();
  text(app, "--y", npy_.y, "FILE", "Labels or targets");
  text(app, "--test-x", npy_.test_x, "FILE", "Features of the split test");
  text(app, "--test-y", npy_.test_y, "FILE", "Their labels or targets");
  text(app, "--like", npy_.like, "FILE", "Data set whose classes are taken");
  list(app, "--missing", npy_.missing, "VALUE,...", "Numbers or nan that stand for a missing feature");
  app->add_flag("--regression", npy_.regression, about_regression);
  app->add_flag("--classes", npy_.classes, about_classes);
  end_importer(app, npy_.split);

  app = command(*import, "libsvm", "The format of LIBSVM and SVMlight, gzip or plain",
                "shoal import libsvm a9a --test a9a.t -o a9a.h5");
  text(app, "FILE", libsvm_.file, "", "LIBSVM file")->required();
  text(app, "--test", libsvm_.test, "FILE", "Such a file for the split test; it may lack features and classes");
  text(app, "--like", libsvm_.like, "FILE", "Data set whose classes and number of features are taken");
  number(app, "--features", libsvm_.features, "N", "Features of a row; by default as many as the greatest index says");
  app->add_flag("--regression", libsvm_.regression, about_regression);
  app->add_flag("--classes", libsvm_.classes, about_classes);
  end_importer(app, libsvm_.split);

  app = command(*import, "hdf5", "Arrays of HDF5 and netCDF-4 files, of any layout",
                "shoal import hdf5 2001.nc 2002.nc --x t2m,wind --y yield --regression -o crops.h5");
  app->add_option("FILE", hdf5_.sources, "Files, joined along the rows")->required()->type_name("");
  list(app, "--x", hdf5_.x, "PATH,...", "Arrays of features, (N, ...), side by side")->required();
  text(app, "--y", hdf5_.y, "PATH", "Array of labels or targets");
  list(app, "--test", hdf5_.test, "FILE,...", "Files of the split test");
  text(app, "--like", hdf5_.like, "FILE", "Data set whose classes are taken");
  list(app, "--missing", hdf5_.missing, "VALUE,...",
       "Numbers or nan that stand for a missing feature, beside those the file names");
  app->add_flag("--regression", hdf5_.regression, about_regression);
  app->add_flag("--classes", hdf5_.classes, about_classes);
  end_importer(app, hdf5_.split);

  app = command(*import, "images", "A folder with a folder of JPEG and PNG files for each class",
                "shoal import images cifar/train --test cifar/test --size 32x32 -o cifar.h5");
  text(app, "DIR", images_.folder, "", "Folder with a folder for each class, or with images alone: then no labels")
      ->required();
  text(app, "--test", images_.test, "DIR", "Such a folder for the split test; it may lack classes");
  app->add_option_function<std::string>(
         "--size", [this](const std::string& given) { parse_size("--size", given, images_.width, images_.height); },
         "Of all images in the set; others are stretched to it (EXIF turns nothing)")
      ->type_name("WxH");
  app->add_flag("--gray", images_.gray, "One channel; colours are weighted as in ITU-R 601-2");
  text(app, "--like", images_.like, "FILE", "Data set whose classes and size are taken");
  app->add_flag("--skip-bad", images_.skip_bad, "Leave out files that cannot be read; all are read twice");
  end_importer(app, images_.split);
}

void CommandLine::add_csv(CLI::App& import) {
  CLI::App* app =
      command(import, "csv", "Comma-separated values and the like; plain, gzip or zstd",
              "shoal import csv data/digits.csv.gz --label label --test-fraction 0.2 -o digits.h5\n"
              "  zcat loans.gz | shoal import csv - --label rate --ignore title --columns-out loans.toml -o loans.h5");
  app->add_option("FILE", csv_.files_read, "CSV files with equal headers, one after the other; - is standard input")
      ->required()
      ->type_name("");
  app->add_option("--test", csv_.options.test,
                  "File with the same columns, by name: the split test; may be given many times")
      ->type_name("FILE")
      ->allow_extra_args(false);
  CsvOptions& csv = csv_.options;
  text(app, "--label", csv.label, "COLUMNS",
       "Columns to predict: names or numbers from 0, commas between them; of several, numbers");
  text(app, "--weight", csv.weight, "COLUMN", "Weight of each row, 0 or more");
  text(app, "--id", csv.id, "COLUMNS", "Columns that are kept beside the rows, and not learnt from");
  text(app, "--group", csv.group, "COLUMN", "Rows with the same text here go to the same split");
  text(app, "--split", csv.split_column, "COLUMN", "Says of each row whether it is train, validation or test");
  text(app, "--ignore", csv.ignore, "COLUMNS", "Columns that are left out");
  text(app, "--category", csv.category, "COLUMNS", "Columns whose cells are names, even where they are numbers");
  text(app, "--missing", csv.missing, "A,B",
       "What a missing number is called, in place of: " + fmt::format("{}", fmt::join(usual_missing(), " ")) +
           "; an empty cell is missing in any column");
  app->add_option_function<std::string>(
         "--header", [&csv](const std::string& given) { csv.header = parse_yes_no("--header", given); },
         "Whether line 1 names the columns; by default found out")
      ->type_name("yes|no");
  app->add_option_function<std::string>(
         "--delimiter", [&csv](const std::string& given) { csv.delimiter = parse_delimiter("--delimiter", given); },
         "What is between cells; by default found out")
      ->type_name(",|;|tab|pipe|space");
  app->add_option_function<std::string>(
         "--decimal", [&csv](const std::string& given) { csv.decimal = parse_decimal("--decimal", given); },
         "Decimal mark of numbers; by default found out")
      ->type_name(".|,");
  text(app, "--like", csv.like, "FILE", "Data set whose classes and columns are taken");
  text(app, "--columns", csv_.columns, "FILE.toml", "Roles and types of columns, as --columns-out writes them");
  text(app, "--columns-out", csv_.columns_out, "FILE.toml", "Write what was understood of each column");
  app->add_option_function<std::string>(
         "--shape", [&csv](const std::string& given) { csv.shape = parse_shape("--shape", given); },
         "Shape of a row, such as 8,8; whole numbers to 255 of two dimensions or more are images")
      ->type_name("H,W");
  app->add_flag("--regression", csv.regression, about_regression);
  app->add_flag("--classes", csv.classes, about_classes);
  app->add_flag("--drop-unlabelled", csv.drop_unlabelled, "Leave out rows that have no label");
  end_importer(app, csv.split);
}

void CommandLine::add_synth() {
  CLI::App* synth = command(app_, "synth", "Make a data set by formula, of any size",
                            "shoal synth spirals --samples 10000 --features 2 --classes 3 --seed 1 -o spirals.h5");
  synth->require_subcommand(1);
  for (const char* kind : {"gaussians", "spirals"}) {
    const bool spirals = std::string_view(kind) == "spirals";
    CLI::App* app = command(
        *synth, kind, spirals ? "Interleaved spirals, one arm a class" : "A normal cloud a class",
        fmt::format("shoal synth {0} --samples 10000 --features 2 --classes 3 --test-fraction 0.2 -o {0}.h5", kind));
    SynthOptions& options = synth_.options;
    number(app, "--samples", options.samples, "N", "Rows of all splits together")->required();
    number(app, "--features", options.features, "D", "Features of a row")->required();
    number(app, "--classes", options.classes, "K", "Classes")->required();
    number(app, "--seed", options.seed, "S", "Seed; by default 1");
    number(app, "--test-fraction", options.test_fraction, "F", "The chance of a row to go to the split test");
    number(app, "--validation-fraction", options.validation_fraction, "F",
           "The chance of a row to go to the split validation");
    text(app, "-o,--out", synth_.out, "FILE", "Data set to write")->required();
  }
}

void CommandLine::add_doctor() {
  CLI::App* app = command(app_, "doctor", "Say what would hurt a run here, and the line to use",
                          "mpirun -np 4 shoal doctor --folder runs");
  text(app, "--folder", doctor_.folder, "DIR", "Where runs are to be; by default the working directory");
  app->add_flag("--json", doctor_.json, "Print one JSON object");
}

void CommandLine::add_help() {
  CLI::App* app = command(app_, "help", "Help on a command, on all keys of a config, or on one",
                          "shoal help import csv\n  shoal help config\n  shoal help optimizer.learning_rate");
  app->add_option("TOPIC", topic_,
                  "A command; config, a section of it, or a key; by default all commands. config train: the section")
      ->type_name("");

  app = command(app_, "generate", "Make the manual and completion for shells, as an installation has them",
                "source <(shoal generate bash)\n  shoal generate fish -o ~/.config/fish/completions/shoal.fish");
  text(app, "KIND", generate_.kind, "man|bash|zsh|fish|all", "What to make; all: every page and script, in a folder")
      ->required();
  text(app, "PAGE", generate_.page, "", "Page of the manual, such as shoal-train; by default shoal");
  text(app, "-o,--out", generate_.out, "FILE", "File to write, of all the folder; - is standard output, the default");
}

[[noreturn]] void refuse_topic(const std::string& word, const CLI::App& below) {
  std::vector<std::string> known = {"config"};
  for (const CLI::App* each : below.get_subcommands([](const CLI::App*) { return true; }))
    known.push_back(each->get_name());
  for (const config_keys::Key& key : config_keys::keys()) known.push_back(key.name);
  const std::string meant = config_keys::namesake(word);
  const std::string near = meant.empty() ? nearest_word(word, known) : meant;
  throw Error(ExitStatus::usage, fmt::format("there is no help on \"{}\"; {}see shoal --help and shoal help config",
                                             word, near.empty() ? "" : "did you mean " + near + "? Or "));
}

/// What `shoal help` prints.
std::string CommandLine::help() const {
  // A section may have the name of a command: `help config train`.
  if (topic_.size() == 2 && topic_.front() == "config") {
    if (std::string text = config_help(topic_.back()); !text.empty()) return text;
    refuse_topic(topic_.back(), app_);
  }
  const CLI::App* app = &app_;
  std::string before;
  for (const std::string& word : topic_) {
    const auto below = app->get_subcommands([&](const CLI::App* each) { return each->get_name() == word; });
    if (!below.empty()) {
      before += (before.empty() ? "" : " ") + app->get_name();
      app = below.front();
      continue;
    }
    if (topic_.size() == 1) {
      if (std::string text = config_help(word); !text.empty()) return text;
    }
    refuse_topic(word, *app);
  }
  // The root that has read this line helps with the command that was given, which is help.
  return topic_.empty() ? CommandLine().app_.help() : app->help(before);
}

Request CommandLine::request() const {
  const auto given = app_.get_subcommands();
  const std::string name = given.front()->get_name();
  if (name == "train") return train_;
  if (name == "sweep") return first_sweep_.data.empty() ? Request(sweep_) : Request(first_sweep_);
  if (name == "cv") return cv_;
  if (name == "nudge") {
    if (nudge_.settings.empty() && nudge_.wish() == RunWish::nudge)
      throw Error(ExitStatus::usage,
                  "shoal nudge: SETTING is missing; give KEY=VALUE, like optimizer.learning_rate=3e-4, or --stop, "
                  "--pause, --go-on");
    return nudge_;
  }
  if (name == "watch") return watch_;
  if (name == "report") return report_;
  if (name == "serve") return serve_;
  if (name == "verify") return verify_;
  if (name == "doctor") return doctor_;
  if (name == "help") return PrintRequest{help()};
  if (name == "generate") {
    GenerateRequest generate = generate_;
    generate.commands = command_texts(app_);
    return generate;
  }
  if (name == "evaluate") return evaluate_;
  if (name == "predict") return predict_;
  if (name == "explain") return explain_;
  if (name == "inspect") return inspect_;
  const std::string kind = given.front()->get_subcommands().front()->get_name();
  if (name == "export") {
    ExportRequest made = export_;
    made.kind = kind;
    return made;
  }
  if (name == "synth") return SynthRequest{kind, synth_.options, synth_.out};
  if (kind == "idx") return ImportRequest{idx_, out_};
  if (kind == "csv") {
    CsvRequest csv = csv_;
    csv.options.file = csv.files_read.front();
    csv.options.further.assign(csv.files_read.begin() + 1, csv.files_read.end());
    csv.out = out_;
    return csv;
  }
  if (kind == "npy") return ImportRequest{npy_, out_};
  if (kind == "hdf5") return ImportRequest{hdf5_, out_};
  if (kind == "images") return ImportRequest{images_, out_};
  return ImportRequest{libsvm_, out_};
}

Request CommandLine::parse(std::vector<std::string> arguments) {
  const bool any = !arguments.empty();
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the end
  try {
    app_.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    return PrintRequest{app_.help()};
  } catch (const CLI::CallForVersion& version) {
    return PrintRequest{version.what()};
  } catch (const CLI::ParseError& error) {
    throw Error(ExitStatus::usage, explain(app_, error));
  }
  if (!any) return PrintRequest{app_.help(), ExitStatus::usage};
  if (app_.get_subcommands().empty()) throw Error(ExitStatus::usage, "shoal: no command is given; see shoal --help");
  return request();
}

}  // namespace

Request parse_command_line(std::vector<std::string> arguments) { return CommandLine().parse(std::move(arguments)); }

std::string version_text() {
  const std::string mpi = mpi_library_version();
  return fmt::format("shoal {}\ninstruction set: {}\nMPI: {}\nHDF5: {}\n", version(), instruction_set(),
                     mpi.empty() ? "none, built with SHOAL_MPI=OFF" : mpi, hdf5_version());
}

}  // namespace shoal
