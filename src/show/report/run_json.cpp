#include "show/report/run_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "shoal/config/keys.hpp"
#include "shoal/core/error.hpp"
#include "shoal/io/file.hpp"
#include "shoal/run/digest_chain.hpp"
#include "shoal/run/run_paths.hpp"
#include "show/report/run_facts.hpp"
#include "show/report/run_record.hpp"
#include "show/report/thin_curve.hpp"

namespace shoal {
namespace {

Json curve_of_run(const RunRecord& record, double StepRecord::*value) {
  CurvePoints points;
  for (const StepRecord& step : record.steps) points.push_back({step.step, step.*value});
  return curve_json(points);
}

/// Of one split alone, that of the last: a run has no other.
Json evaluations_of(const RunRecord& record) {
  if (record.evaluations.empty()) return {};
  const std::string& split = record.evaluations.back().split;
  Json steps = Json::array();
  Json epochs = Json::array();
  Json losses = Json::array();
  Json accuracies = Json::array();
  Json metrics = Json::array();
  std::string metric;
  bool any_accuracy = false;
  for (const EvaluationRecord& e : record.evaluations) {
    if (e.split != split) continue;
    steps.push(e.step);
    epochs.push(e.epoch);
    losses.push(Json::shortest(e.loss, curve_digits));
    accuracies.push(e.accuracy ? Json::shortest(*e.accuracy, curve_digits) : Json());
    metrics.push(e.metric.empty() ? Json() : Json::shortest(e.value, curve_digits));
    any_accuracy |= e.accuracy.has_value();
    if (!e.metric.empty()) metric = e.metric;
  }
  Json json = Json::object({{"split", split}, {"step", steps}, {"epoch", epochs}, {"loss", losses}});
  if (any_accuracy) json.set("accuracy", accuracies);
  if (!metric.empty()) json.set(metric, metrics);
  return json;
}

Json mark(std::int64_t step, const char* kind, const std::string& text) {
  return Json::object({{"step", step}, {"kind", kind}, {"text", text}});
}

/// Where a job went on with what another one had left, and where the last one ended before its time.
std::vector<Json> marks_of_jobs(const std::vector<JobRecord>& jobs) {
  std::vector<Json> marks;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const std::int64_t from = jobs[i].after_step;
    // What was done after that step before is not in the files any more.
    std::erase_if(marks, [&](const Json& m) { return m.at("step").integer() > from + 1; });
    if (i > 0) {
      const auto& before = jobs[i - 1].end;
      marks.push_back(
          mark(from + 1, "resume",
               fmt::format("{}; resumed after step {} on {}", before ? before->text : "ended without a word", from,
                           counted(jobs[i].ranks, "rank"))));
    }
  }
  if (!jobs.empty() && jobs.back().end && jobs.back().end->status != ExitStatus::done)
    marks.push_back(mark(jobs.back().end->step, "end", jobs.back().end->text));
  return marks;
}

/// The same of a run whose jobs were not noted, by the times in its metrics, which begin anew with each.
std::vector<Json> marks_of_times(const std::vector<StepRecord>& steps) {
  std::vector<Json> marks;
  double before = 0.0;
  for (const StepRecord& step : steps) {
    if (step.time < before) marks.push_back(mark(step.step, "resume", "stopped and resumed"));
    if (std::isfinite(step.time)) before = step.time;
  }
  return marks;
}

Json marks_of(const RunRecord& record) {
  std::vector<Json> marks = record.jobs.empty() ? marks_of_times(record.steps) : marks_of_jobs(record.jobs);
  for (const Nudge& nudge : record.journal.nudges()) marks.push_back(mark(nudge.step, "nudge", nudge.assignment()));
  std::stable_sort(marks.begin(), marks.end(),
                   [](const Json& a, const Json& b) { return a.at("step").integer() < b.at("step").integer(); });
  return Json(marks);
}

Json jobs_json(const std::vector<JobRecord>& jobs) {
  Json list = Json::array();
  for (const JobRecord& job : jobs) {
    Json row = to_json(job);
    row.set("ended", job.end ? Json(job.end->at) : Json());
    row.set("text", job.end ? Json(job.end->text) : Json());
    list.push(row);
  }
  return list;
}

Json config_of_run(const RunRecord& record) {
  const Config defaults;
  Json rows = Json::array();
  for (const config_keys::Key& key : config_keys::keys()) {
    if (key.name.starts_with("sweep.") || !is_written(key, record.start)) continue;
    const std::string value = value_text(key, record.start);
    const std::string now = value_text(key, record.last);
    Json row = Json::object({{"key", key.name}, {"value", value}, {"default", value_text(key, defaults)}});
    if (now != value) row.set("now", now);
    rows.push(std::move(row));
  }
  return rows;
}

/// What `shoal explain` left; null where there is none, none that can be read, or where it is of a checkpoint that the
/// run has trained anew since.
Json explanation_in(const std::string& run) try {
  Json explanation = Json::parse(read_text(RunPaths{run}.explanation()));
  const std::int64_t step = explanation.at("step").integer();
  std::string latest = explanation.at("digest").string();
  const DigestChain chain = DigestChain::of_run(run);
  for (const DigestRecord& record : chain.records()) {
    if (record.step == step) latest = record.digest;
  }
  if (latest != explanation.at("digest").string()) return {};
  explanation.at("metric").string();
  explanation.at("data").string();
  explanation.at("columns").items();
  return explanation;
} catch (const std::exception&) {  // that of a file, or of JSON
  return {};
}

}  // namespace

Json run_json(const std::string& run) {
  const RunRecord record = read_run_record(run);
  const StepRecord last = record.steps.empty() ? StepRecord() : record.steps.back();
  const Metric metric = record.start.train.metric;
  return Json::object({
      {"kind", "run"},
      {"name", record.name},
      {"under_way", record.under_way},
      {"step", last.step},
      {"epoch", last.epoch},
      {"epochs", record.last.train.steps > 0 ? 0 : record.last.train.epochs},
      {"steps", record.last.train.steps},
      {"metric", Json::object({{"name", to_string(metric)}, {"higher_is_better", higher_is_better(metric)}})},
      {"curves", Json::object({{"loss", curve_of_run(record, &StepRecord::loss)},
                               {"learning_rate", curve_of_run(record, &StepRecord::learning_rate)},
                               {"samples_per_second", curve_of_run(record, &StepRecord::samples_per_second)}})},
      {"evaluations", evaluations_of(record)},
      {"best", record.best},
      {"latest", record.latest},
      {"marks", marks_of(record)},
      {"jobs", jobs_json(record.jobs)},
      {"facts", facts_of(record)},
      {"commands", commands_of(record)},
      {"config", config_of_run(record)},
      {"judgement", Json()},
      {"explanation", explanation_in(run)},
  });
}

}  // namespace shoal
