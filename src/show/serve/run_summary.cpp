#include "show/serve/run_summary.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <span>
#include <system_error>
#include <variant>
#include <vector>

#include "shoal/config/config.hpp"
#include "shoal/core/error.hpp"
#include "shoal/io/file.hpp"
#include "shoal/run/metrics.hpp"
#include "shoal/run/run_directory.hpp"
#include "shoal/run/run_pulse.hpp"
#include "shoal/tune/sweep_view.hpp"
#include "show/sweep_stamp.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds between_sweeps{5};
constexpr std::int64_t tail_bytes = 16 << 10;

std::string tail_of(const std::string& path) {
  const RandomAccessFile file(path);
  const std::int64_t begin = std::max<std::int64_t>(0, file.size() - tail_bytes);
  std::string text = file.text(begin, file.size());
  if (begin > 0) text.erase(0, text.find('\n') + 1);
  text.erase(text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1);
  return text;
}

std::int64_t seconds_since_1970(fs::file_time_type time) {
  const auto system = std::chrono::file_clock::to_sys(time);
  return std::chrono::duration_cast<std::chrono::seconds>(system.time_since_epoch()).count();
}

Json six_digits(double value) { return Json::shortest(value, 6); }

}  // namespace

struct RunSummary::State {
  explicit State(std::string folder)
      : paths{std::move(folder)}, sweep(RunDirectory::holds_sweep(paths.folder)), pulse(paths.folder) {}

  RunPaths paths;
  bool sweep;
  RunPulse pulse;
  std::optional<FileStamp> config_read;
  std::optional<FileStamp> metrics_read;
  Json planned;  ///< {"steps"} or {"epochs"}, of the config
  std::optional<StepRecord> step;
  std::optional<EvaluationRecord> evaluation;
  std::string sweep_read;  // its stamp
  std::chrono::steady_clock::time_point sweep_looked;
  Json trials;  // of a sweep

  std::optional<fs::file_time_type> changed() const;
  void read_config();
  void read_metrics();
  void read_trials();
};

/// When what grows last grew: of a sweep the newest of what its ranks write.
std::optional<fs::file_time_type> RunSummary::State::changed() const {
  std::optional<fs::file_time_type> newest;
  const auto see = [&newest](const std::string& file) {
    const auto stamp = FileStamp::of(file);
    if (stamp && (!newest || stamp->written > *newest)) newest = stamp->written;
  };
  if (sweep) {
    std::error_code none;
    for (fs::directory_iterator at(paths.folder, none), end; !none && at != end; at.increment(none)) {
      if (SweepPaths::is_journal(at->path().filename().string())) see(at->path().string());
    }
    see(SweepPaths{paths.folder}.csv());
  } else {
    see(paths.metrics());
  }
  return newest || !config_read ? newest : std::optional(config_read->written);
}

void RunSummary::State::read_config() {
  const std::optional<FileStamp> now = FileStamp::of(paths.config());
  if (now == config_read) return;
  const Config config = load_config(paths.config(), {});
  planned = config.train.steps > 0 ? Json::object({{"steps", config.train.steps}})
                                   : Json::object({{"epochs", config.train.epochs}});
  config_read = now;
}

void RunSummary::State::read_metrics() {
  const std::optional<FileStamp> now = FileStamp::of(paths.metrics());
  if (now == metrics_read) return;
  if (!now || !metrics_read || now->size < metrics_read->size) {  // it has gone back
    step.reset();
    evaluation.reset();
  }
  if (now) {
    const std::string text = tail_of(paths.metrics());
    bool found_step = false;
    bool found_evaluation = false;
    for (std::size_t end = text.size(); end > 0 && !(found_step && found_evaluation);) {
      const std::size_t begin = end < 2 ? 0 : text.rfind('\n', end - 2) + 1;
      const std::string_view line = std::string_view(text).substr(begin, end - begin);
      end = begin;
      // Most lines are of steps before the last, and need not be read.
      if (line.find("\"split\"") == std::string_view::npos ? found_step : found_evaluation) continue;
      const auto read = parse_metrics_line(line);
      if (!read) continue;
      if (const auto* record = std::get_if<StepRecord>(&*read)) {
        step = *record;
        found_step = true;
      } else {
        evaluation = std::get<EvaluationRecord>(*read);
        found_evaluation = true;
      }
    }
  }
  metrics_read = now;
}

/// A sweep is read as a whole, so not with every trial that ends.
void RunSummary::State::read_trials() {
  const auto now = std::chrono::steady_clock::now();
  if (!sweep_read.empty() && now - sweep_looked < between_sweeps) return;
  sweep_looked = now;
  std::string stamp = sweep_stamp(paths.folder);
  if (stamp == sweep_read) return;
  const SweepView view = read_sweep(paths.folder);
  const Metric metric = view.config.sweep.metric;
  trials =
      Json::object({{"done", view.trainings_done}, {"trainings", view.trainings}, {"metric_name", to_string(metric)}});
  for (const TrialRow& row : view.rows) {
    if (row.place != 1 || row.result() == nullptr) continue;
    if (const auto best = metric_at(*row.result(), metric)) trials.set("best", six_digits(*best));
  }
  sweep_read = std::move(stamp);
}

RunSummary::RunSummary() = default;
RunSummary::RunSummary(std::string folder) : state_(std::make_unique<State>(std::move(folder))) {}
RunSummary::RunSummary(RunSummary&&) noexcept = default;
RunSummary& RunSummary::operator=(RunSummary&&) noexcept = default;
RunSummary::~RunSummary() = default;

Json RunSummary::refresh() {
  State& state = *state_;
  Json json = Json::object({{"kind", state.sweep ? "sweep" : "run"}, {"under_way", state.pulse.anyone_beats()}});
  try {
    state.read_config();
    state.sweep ? state.read_trials() : state.read_metrics();
  } catch (const Error& e) {  // half written, or going: what is known stays
    json.set("unreadable", e.what());
  }
  if (is_paused(state.paths, json.at("under_way").boolean())) json.set("paused", true);
  if (state.sweep && !state.trials.is_null()) {
    for (const auto& [name, value] : state.trials.members()) json.set(name, value);
  }
  json.set("planned", state.planned);
  if (state.step) {
    json.set("step", state.step->step);
    json.set("epoch", state.step->epoch);
    json.set("loss", six_digits(state.step->loss));
  }
  if (state.evaluation) {
    const EvaluationRecord& judged = *state.evaluation;
    json.set("split", judged.split);
    json.set("judged_loss", six_digits(judged.loss));
    if (judged.accuracy) json.set("accuracy", six_digits(*judged.accuracy));
    if (!judged.metric.empty()) {
      json.set("metric", judged.metric);
      json.set("value", six_digits(judged.value));
    }
  }
  if (const auto changed = state.changed()) json.set("changed", seconds_since_1970(*changed));
  return json;
}

}  // namespace shoal
