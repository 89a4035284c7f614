#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shoal/config/config.hpp"
#include "shoal/run/job_log.hpp"
#include "shoal/run/metrics.hpp"
#include "shoal/run/nudges.hpp"

namespace shoal {

/// All that the files of a run say of its course.
struct RunRecord {
  std::string name;  ///< its folder, as it was given, without a slash behind it
  bool under_way = false;
  Config start;
  Config last;  ///< of the last step recorded
  NudgeJournal journal;
  std::vector<JobRecord> jobs;    ///< none of a run of an older version
  std::vector<StepRecord> steps;  ///< ascending
  std::vector<EvaluationRecord> evaluations;
  std::optional<std::int64_t> best;    ///< step of the checkpoint
  std::optional<std::int64_t> latest;  ///< likewise
};

/// @throws Error  no_input: no run there; bad_data
RunRecord read_run_record(const std::string& run);

}  // namespace shoal
