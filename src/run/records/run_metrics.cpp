#include "run/records/run_metrics.hpp"

#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"

namespace shoal {

RunMetrics::RunMetrics(const RunPlan& plan, const Training& training, Clock::time_point began)
    : training_(training), began_(began), lines_(plan.directory->paths().metrics()) {
  if (plan.event_file.empty()) return;
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  lines_.add_events(plan.event_file, now.count());
}

template <class Write>
void RunMetrics::write(const Write& write) {
  try {
    write();
  } catch (const Error& e) {
    if (!warned_) log_warning(std::string(e.what()) + "; training goes on without these lines");
    warned_ = true;
  }
}

void RunMetrics::record(const StepReport& report, double seconds) {
  if (report.step % training_.config().train.log_every != 0) return;
  const double pace = static_cast<double>(report.samples) / seconds;
  const StepRecord record{report.step, report.epoch, report.loss, report.learning_rate, pace, seconds_gone()};
  write([&] { lines_.record(record); });
}

void RunMetrics::record(const std::string& split, const Evaluation& evaluation, std::optional<double> metric) {
  const std::int64_t step = training_.progress().step;
  const std::int64_t epoch = (step - 1) / training_.steps_per_epoch() + 1;
  EvaluationRecord record{step, epoch, split, evaluation.loss, evaluation.accuracy, seconds_gone()};
  const Metric named = training_.config().train.metric;
  if (metric && !is_loss(named) && named != Metric::validation_accuracy) {
    record.metric = short_name(named);
    record.value = *metric;
  }
  write([&] { lines_.record(record); });
}

void RunMetrics::flush() {
  write([&] { lines_.flush(); });
}

}  // namespace shoal
