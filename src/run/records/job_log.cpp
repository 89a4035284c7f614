#include "shoal/run/job_log.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "shoal/core/json.hpp"
#include "shoal/core/log.hpp"
#include "shoal/io/file.hpp"
#include "shoal/run/run_paths.hpp"

namespace shoal {
namespace {

void read_job(const Json& json, std::vector<JobRecord>& jobs) {
  if (json.find("began") != nullptr) {
    JobRecord& job = jobs.emplace_back();
    job.began = json.at("began").string();
    job.after_step = json.at("after_step").integer();
    job.ranks = json.at("ranks").integer();
    job.hosts = json.at("hosts").integer();
    job.threads = json.at("threads").integer();
    job.cores = json.at("cores").integer();
    job.host = json.at("host").string();
    job.instruction_set = json.at("instruction_set").string();
    job.version = json.at("shoal").string();
  } else if (!jobs.empty()) {
    jobs.back().end = {json.at("ended").string(), json.at("step").integer(),
                       static_cast<ExitStatus>(json.at("status").integer()), json.at("text").string()};
  }
}

}  // namespace

Json to_json(const JobRecord& job) {
  return Json::object({{"began", job.began},
                       {"after_step", job.after_step},
                       {"ranks", job.ranks},
                       {"hosts", job.hosts},
                       {"threads", job.threads},
                       {"cores", job.cores},
                       {"host", job.host},
                       {"instruction_set", job.instruction_set},
                       {"shoal", job.version}});
}

std::string to_json_line(const JobRecord& job) { return to_json(job).text() + '\n'; }

std::string to_json_line(const JobRecord::End& end) {
  return Json::object(
             {{"ended", end.at}, {"step", end.step}, {"status", static_cast<int>(end.status)}, {"text", end.text}})
             .text() +
         '\n';
}

void note_job(const std::string& run, const std::string& line) try {
  AppendFile(RunPaths{run}.jobs()).append(line);
} catch (const Error& e) {
  log_warning(e.what());
}

std::vector<JobRecord> jobs_of_run(const std::string& run) {
  std::vector<JobRecord> jobs;
  std::error_code none;
  if (!std::filesystem::exists(RunPaths{run}.jobs(), none)) return jobs;
  std::istringstream lines(read_text(RunPaths{run}.jobs()));
  for (std::string line; std::getline(lines, line);) {
    try {
      read_job(Json::parse(line), jobs);
    } catch (const JsonError&) {
      // Torn by a kill, or of another version.
    }
  }
  return jobs;
}

std::vector<std::int64_t> beginnings_of(const std::vector<JobRecord>& jobs) {
  std::vector<std::int64_t> steps;
  for (const JobRecord& job : jobs) {
    while (!steps.empty() && steps.back() >= job.after_step) steps.pop_back();
    steps.push_back(job.after_step);
  }
  return steps;
}

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now));
}

}  // namespace shoal
