#include "shoal/show/report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/io/file.hpp"
#include "shoal/run/output_file.hpp"
#include "shoal/run/run_directory.hpp"
#include "show/report/judgement_json.hpp"
#include "show/report/page.hpp"
#include "show/report/run_json.hpp"
#include "show/report/sweep_json.hpp"
#include "show/report/tables.hpp"

namespace shoal {
namespace {

std::string page_of_runs(const std::vector<Json>& runs) {
  std::vector<std::string> names;
  names.reserve(runs.size());
  for (const Json& run : runs) names.push_back(run.at("name").string());
  return report_page(fmt::format("{}", fmt::join(names, ", ")),
                     runs.size() == 1 ? run_tables(runs.front()) : comparison_tables(runs),
                     Json::object({{"runs", Json::array(runs)}}));
}

std::string page_of_sweep(const std::string& folder) {
  const Json sweep = sweep_json(folder);
  return report_page(sweep.at("name").string(), sweep_tables(sweep), Json::object({{"sweep", sweep}}));
}

bool is_sweep(const std::vector<std::string>& folders) {
  for (const std::string& folder : folders) {
    if (!RunDirectory::holds_sweep(folder)) continue;
    if (folders.size() == 1) return true;
    throw Error(
        ExitStatus::usage,
        fmt::format("{} is a sweep, and one report takes one sweep or several runs; give each its own", folder));
  }
  return false;
}

}  // namespace

void write_report(const ReportRequest& request, Communicator& comm) {
  bool sweep = false;
  std::vector<Json> runs;
  run_together(comm, [&] {
    if (comm.rank() != 0) return;
    check_output_file(request.out, Output::report, {});
    sweep = is_sweep(request.folders);
    if (sweep) return;
    for (const std::string& folder : request.folders) runs.push_back(run_json(folder));
  });
  const bool one_run = comm.all_max(runs.size() == 1 ? 1 : 0) != 0;
  Json judgement;
  if (one_run) judgement = judgement_json(request.folders.front(), comm);
  run_together(comm, [&] {
    if (comm.rank() != 0) return;
    if (one_run) runs.front().set("judgement", judgement);
    write_text_atomically(request.out, sweep ? page_of_sweep(request.folders.front()) : page_of_runs(runs));
  });
}

}  // namespace shoal
