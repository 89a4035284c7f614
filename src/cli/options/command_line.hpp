#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.hpp"

namespace shoal {

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

}  // namespace shoal
