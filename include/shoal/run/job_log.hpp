#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shoal/core/error.hpp"
#include "shoal/core/json.hpp"

namespace shoal {

/// A job that trained a run, or a part of it: where, with what, and how it ended. For people: no bit depends on it.
struct JobRecord {
  std::string began;            ///< UTC, "2026-11-28T17:00:00Z"
  std::int64_t after_step = 0;  ///< it went on from there
  std::int64_t ranks = 1;
  std::int64_t hosts = 1;
  std::int64_t threads = 1;  ///< of rank 0
  std::int64_t cores = 1;    ///< that rank 0 may use
  std::string host;          ///< of rank 0
  std::string instruction_set;
  std::string version;

  struct End {
    std::string at;  ///< UTC
    std::int64_t step = 0;
    ExitStatus status = ExitStatus::done;
    std::string text;  ///< "finished", or why not
  };
  std::optional<End> end;  ///< none: under way, or it was killed
};

/// What a job was when it began: one object, the first of its lines.
Json to_json(const JobRecord& job);
/// The lines of jobs.jsonl: one when a job begins, one when it ends. {"began":...} and {"ended":...}
std::string to_json_line(const JobRecord& job);
std::string to_json_line(const JobRecord::End& end);

/// Adds a line to a run's jobs.jsonl. What cannot be written is a warning: the run is worth more.
void note_job(const std::string& run, const std::string& line);

/// The jobs of a run, in the order in which they began; empty for a run of a version that noted none. Lines that are
/// none are passed over.
std::vector<JobRecord> jobs_of_run(const std::string& run);

/// The steps after which jobs went on whose lines are in metrics.jsonl, ascending. A job that went back has cut off
/// those of others.
std::vector<std::int64_t> beginnings_of(const std::vector<JobRecord>& jobs);

/// The time now, as above.
std::string utc_now();

}  // namespace shoal
