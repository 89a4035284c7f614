// Of the commands that train, follow runs and show them, and of the machine.
#include "cli/options/command_line.hpp"

#include "cli/option_values.hpp"

namespace shoal {

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

void CommandLine::add_doctor() {
  CLI::App* app = command(app_, "doctor", "Say what would hurt a run here, and the line to use",
                          "mpirun -np 4 shoal doctor --folder runs");
  text(app, "--folder", doctor_.folder, "DIR", "Where runs are to be; by default the working directory");
  app->add_flag("--json", doctor_.json, "Print one JSON object");
}

}  // namespace shoal
