#include "shoal/run/metrics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include "shoal/core/error.hpp"
#include "shoal/core/json.hpp"
#include "shoal/core/log.hpp"
#include "shoal/run/metrics_events.hpp"

namespace shoal {
namespace {

constexpr std::chrono::seconds longest_delay{1};
constexpr std::size_t largest_batch_bytes = 1 << 16;

constexpr int loss_digits = 9;

void add(Json& line, std::string_view name, double value, int digits = 0) {
  if (std::isfinite(value)) line.set(name, Json::shortest(value, digits));
}

/// The step of a whole line; nothing for anything else.
std::optional<std::int64_t> step_of(std::string_view line) try {
  return Json::parse(line).at("step").integer();
} catch (const JsonError&) {
  return std::nullopt;
}

}  // namespace

std::string to_json_line(const StepRecord& record) {
  Json line = Json::object({{"step", record.step}, {"epoch", record.epoch}});
  add(line, "loss", record.loss, loss_digits);
  add(line, "learning_rate", record.learning_rate);
  add(line, "samples_per_second", record.samples_per_second);
  add(line, "time", std::round(record.time * 1e3) / 1e3);
  return line.text() + '\n';
}

std::string to_json_line(const EvaluationRecord& record) {
  Json line = Json::object({{"step", record.step}, {"epoch", record.epoch}, {"split", record.split}});
  add(line, "loss", record.loss, loss_digits);
  if (record.accuracy) add(line, "accuracy", *record.accuracy);
  if (!record.metric.empty()) add(line, record.metric, record.value);
  add(line, "time", std::round(record.time * 1e3) / 1e3);
  return line.text() + '\n';
}

std::optional<MetricsLine> parse_metrics_line(std::string_view line) try {
  const Json json = Json::parse(line);
  const auto number = [&](std::string_view name) {
    const Json* found = json.find(name);
    return found == nullptr ? std::numeric_limits<double>::quiet_NaN() : found->number();
  };
  const std::int64_t step = json.at("step").integer();
  const std::int64_t epoch = json.at("epoch").integer();
  const Json* split = json.find("split");
  if (split == nullptr)
    return StepRecord{step,          epoch, number("loss"), number("learning_rate"), number("samples_per_second"),
                      number("time")};
  EvaluationRecord record{step, epoch, split->string(), number("loss"), {}, number("time")};
  if (const Json* accuracy = json.find("accuracy")) record.accuracy = accuracy->number();
  constexpr std::array known = {"step", "epoch", "split", "loss", "accuracy", "time"};
  for (const auto& [name, value] : json.members()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    record.metric = name;
    record.value = value.number();
  }
  return record;
} catch (const JsonError&) {
  return std::nullopt;
}

void add_evaluation(std::vector<EvaluationRecord>& evaluations, EvaluationRecord evaluation) {
  const bool again = !evaluations.empty() && evaluations.back().step == evaluation.step &&
                     evaluations.back().split == evaluation.split;
  if (again) evaluations.pop_back();
  evaluations.push_back(std::move(evaluation));
}

MetricsWriter::MetricsWriter(const std::string& path, Clock clock)
    : file_(path), clock_(std::move(clock)), flushed_(clock_()), recorded_(flushed_) {}

MetricsWriter::~MetricsWriter() {
  try {
    flush();
  } catch (const std::exception& error) {
    log_warning(error.what());
  }
}

void MetricsWriter::add_events(const std::string& event_file, double began) {
  events_.emplace(event_file);
  began_ = began;
}

void MetricsWriter::record(const StepRecord& record) {
  pending_ += to_json_line(record);
  const auto now = clock_();
  // There is no thread to flush later: a batch goes out when the next record, at this pace, would come too late for it.
  const auto next = now + (now - std::exchange(recorded_, now));
  if (next - flushed_ >= longest_delay || pending_.size() >= largest_batch_bytes) flush();
}

void MetricsWriter::record(const EvaluationRecord& record) {
  pending_ += to_json_line(record);
  recorded_ = clock_();
  flush();
}

void MetricsWriter::flush() {
  flushed_ = clock_();
  if (pending_.empty()) return;
  // Forgotten if it fails: a run on a full disk must not pile up lines, nor write one twice.
  const std::string lines = std::exchange(pending_, {});
  file_.append(lines);
  if (events_) events_->append(events_of(lines, began_));
}

std::string MetricsWriter::lines_until(std::int64_t step, const std::string& text) {
  std::string kept;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) break;  // torn
    const std::string_view line = std::string_view(text).substr(begin, end + 1 - begin);
    const auto found = step_of(line);
    if (found && *found <= step) kept += line;
    begin = end + 1;
  }
  return kept;
}

}  // namespace shoal
