#include "show/report/run_record.hpp"

#include <filesystem>
#include <string_view>
#include <system_error>
#include <variant>

#include "shoal/io/file.hpp"
#include "shoal/run/run_directory.hpp"
#include "shoal/run/run_pulse.hpp"

namespace shoal {
namespace {

void read_metrics(const std::string& file, RunRecord& record) {
  std::error_code none;
  if (!std::filesystem::exists(file, none)) return;  // no step yet
  const std::string text = read_text(file);
  for (std::size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const auto line = parse_metrics_line(std::string_view(text).substr(begin, end - begin));
    if (!line) continue;
    if (const auto* step = std::get_if<StepRecord>(&*line)) record.steps.push_back(*step);
    if (const auto* evaluation = std::get_if<EvaluationRecord>(&*line)) add_evaluation(record.evaluations, *evaluation);
  }
}

}  // namespace

RunRecord read_run_record(const std::string& run) {
  RunDirectory::require(run);
  RunRecord record;
  record.name = run;
  while (record.name.size() > 1 && record.name.ends_with('/')) record.name.pop_back();
  const RunPaths paths{record.name};
  record.under_way = RunPulse(record.name).beats();
  record.start = load_config(paths.config(), {});
  record.journal = NudgeJournal::of_run(record.name);
  record.jobs = jobs_of_run(record.name);
  read_metrics(paths.metrics(), record);
  record.last = record.journal.config_at(record.start, record.steps.empty() ? 1 : record.steps.back().step);
  record.best = RunDirectory::best(record.name);
  record.latest = RunDirectory::latest(record.name);
  return record;
}

}  // namespace shoal
