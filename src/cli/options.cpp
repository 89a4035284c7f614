#include "cli/options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/help.hpp"
#include "cli/manual/command_text.hpp"
#include "cli/mistakes.hpp"
#include "cli/option_values.hpp"
#include "cli/options/command_line.hpp"
#include "shoal/comm/session.hpp"
#include "shoal/config/keys.hpp"
#include "shoal/core/quiet.hpp"
#include "shoal/core/version.hpp"
#include "shoal/io/h5_file.hpp"
#include "shoal/tensor/isa.hpp"

namespace shoal {
namespace {

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

}  // namespace

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

CLI::Option* CommandLine::add_sets(CLI::App* app, std::vector<std::string>& sets, const char* about) {
  return app->add_option("--set", sets, about)->type_name("KEY=VALUE")->allow_extra_args(false);
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

Request parse_command_line(std::vector<std::string> arguments) { return CommandLine().parse(std::move(arguments)); }

std::string version_text() {
  const std::string mpi = mpi_library_version();
  return fmt::format("shoal {}\ninstruction set: {}\nMPI: {}\nHDF5: {}\n", version(), instruction_set(),
                     mpi.empty() ? "none, built with SHOAL_MPI=OFF" : mpi, hdf5_version());
}

}  // namespace shoal
