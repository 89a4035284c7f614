#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shoal/core/error.hpp"
#include "shoal/data/import.hpp"
#include "shoal/data/synth.hpp"
#include "shoal/run/run.hpp"
#include "shoal/tune/sweep.hpp"

namespace shoal {

// What a command line asks for. A checkpoint may be given as a run directory: its newest.

struct PrintRequest {  ///< help and version
  std::string text;
  ExitStatus status = ExitStatus::done;
};

struct EvaluateRequest {
  std::string checkpoint;
  std::string data;
  std::string split = "test";
  bool json = false;
};

struct PredictRequest {
  std::string checkpoint;
  std::string data;
  std::string split = "test";
  std::string out;
};

struct InspectRequest {
  std::string file;
  bool json = false;
};

struct ImportRequest {
  std::variant<IdxOptions, CsvOptions, NpyOptions, LibsvmOptions> source;
  std::string out;
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
};

struct WatchRequest {
  std::string run;
  bool once = false;  ///< print what there is to see, and end
};

using Request = std::variant<PrintRequest, TrainRequest, EvaluateRequest, PredictRequest, InspectRequest, ImportRequest,
                             SynthRequest, NudgeRequest, WatchRequest, SweepRequest>;

}  // namespace shoal
