#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/manual/command_text.hpp"
#include "shoal/comm/communicator.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/import.hpp"
#include "shoal/data/synth.hpp"
#include "shoal/infer/checkpoint.hpp"
#include "shoal/run/nudge_request.hpp"
#include "shoal/run/run.hpp"
#include "shoal/run/verify.hpp"
#include "shoal/show/report.hpp"
#include "shoal/show/serve.hpp"
#include "shoal/train/explanation.hpp"
#include "shoal/tune/first_sweep.hpp"
#include "shoal/tune/sweep.hpp"

namespace shoal {

// What a command line asks for. A checkpoint may be given as a run directory: its newest.

struct PrintRequest {  ///< help and version
  std::string text;
  ExitStatus status = ExitStatus::done;
};

/// What a model is given.
struct GivenData {
  std::vector<std::string> files;  ///< at least one
  std::vector<std::string> x;      ///< arrays of HDF5 and netCDF; empty: the file is a data set, or of another kind
  std::string y;
  std::optional<std::string> split;  ///< of a data set; none said: test
};

struct EvaluateRequest {
  std::vector<std::string> checkpoints;  ///< several: an ensemble
  std::optional<std::int64_t> best;      ///< of each sweep among them
  GivenData data;
  WhichWeights weights = WhichWeights::judged;
  bool json = false;
  std::optional<std::string> confusion;  ///< CSV to write
};

struct PredictRequest {
  std::vector<std::string> checkpoints;
  std::optional<std::int64_t> best;
  GivenData data;
  WhichWeights weights = WhichWeights::judged;
  bool spread = false;
  std::string out;
};

struct ExplainRequest {
  std::string checkpoint;
  GivenData data;
  WhichWeights weights = WhichWeights::judged;
  ExplainOptions options;
  bool json = false;
  std::optional<std::string> out;  ///< CSV to write
};

/// A sweep of one trial.
struct CvRequest {
  SweepRequest sweep;
  bool json = false;
};

struct InspectRequest {
  std::string file;
  bool json = false;
};

struct ImportRequest {
  ImportOptions source;
  std::string out;
};

struct CsvRequest {
  std::vector<std::string> files_read;
  CsvOptions options;       ///< but for `file`, `further`, `choices`
  std::string columns;      ///< file of choices; empty: none
  std::string columns_out;  ///< empty: not written
  std::string out = {};
};

struct SynthRequest {
  std::string kind;  ///< gaussians, spirals
  SynthOptions options;
  std::string out;
};

struct NudgeRequest {
  std::string run;
  std::vector<std::string> settings;  ///< KEY=VALUE
  std::optional<std::int64_t> at_step;
  bool stop = false;  ///< instead of all these, as the two that follow
  bool pause = false;
  bool go_on = false;

  RunWish wish() const {
    if (stop) return RunWish::stop;
    if (pause) return RunWish::pause;
    return go_on ? RunWish::go_on : RunWish::nudge;
  }
};

struct WatchRequest {
  std::string run;
  bool once = false;  ///< print what there is to see, and end
};

/// A model for other programs.
struct ExportRequest {
  std::string kind;        ///< c, onnx, tensorboard
  std::string checkpoint;  ///< tensorboard: run directory
  WhichWeights weights = WhichWeights::judged;
  std::string out;
  std::string name;     ///< of C functions; empty: as the file
  bool logits = false;  ///< of ONNX
  bool check = false;
};

struct ServeRequest {
  ServeOptions options;
};

struct DoctorRequest {
  std::string folder = ".";  ///< for runs
  bool json = false;
};

struct GenerateRequest {
  std::string kind;                   ///< man, bash, zsh, fish, or all
  std::string page = "shoal";         ///< of the manual
  std::string out = "-";              ///< a file; a folder for all; - is standard output
  std::vector<CommandText> commands;  ///< what all of it is made from
};

using Request = std::variant<PrintRequest, TrainRequest, EvaluateRequest, PredictRequest, ExplainRequest,
                             InspectRequest, ImportRequest, CsvRequest, SynthRequest, NudgeRequest, WatchRequest,
                             SweepRequest, ReportRequest, ServeRequest, ExportRequest, VerifyRequest, GenerateRequest,
                             DoctorRequest, FirstSweepRequest, CvRequest>;

// Collective, all of them: each is what one command does. Tables and numbers go to standard output, from rank 0 alone.
// @throws Error  with the status that the command ends with

ExitStatus execute(const PrintRequest& request, Communicator& world);
ExitStatus execute(const TrainRequest& request, Communicator& world);
ExitStatus execute(const EvaluateRequest& request, Communicator& world);
ExitStatus execute(const PredictRequest& request, Communicator& world);
ExitStatus execute(const ExplainRequest& request, Communicator& world);
ExitStatus execute(const InspectRequest& request, Communicator& world);
ExitStatus execute(const ImportRequest& request, Communicator& world);
ExitStatus execute(const CsvRequest& request, Communicator& world);
ExitStatus execute(const SynthRequest& request, Communicator& world);
ExitStatus execute(const NudgeRequest& request, Communicator& world);
ExitStatus execute(const WatchRequest& request, Communicator& world);
ExitStatus execute(const SweepRequest& request, Communicator& world);
ExitStatus execute(const FirstSweepRequest& request, Communicator& world);
ExitStatus execute(const CvRequest& request, Communicator& world);
ExitStatus execute(const ExportRequest& request, Communicator& world);
ExitStatus execute(const ReportRequest& request, Communicator& world);
ExitStatus execute(const ServeRequest& request, Communicator& world);
ExitStatus execute(const VerifyRequest& request, Communicator& world);
ExitStatus execute(const GenerateRequest& request, Communicator& world);
ExitStatus execute(const DoctorRequest& request, Communicator& world);

}  // namespace shoal
