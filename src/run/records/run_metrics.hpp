#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "run/run_plan.hpp"
#include "shoal/run/metrics.hpp"
#include "shoal/train/training.hpp"

namespace shoal {

/// What a job writes into metrics.jsonl of its run, on rank 0. A full disk must not end a run that can go on without
/// these lines: that they are missing is said once.
class RunMetrics {
 public:
  using Clock = std::chrono::steady_clock;

  /// @param training  outlives it  @param began  when this job did
  RunMetrics(const RunPlan& plan, const Training& training, Clock::time_point began);

  /// @param seconds  that the step took
  void record(const StepReport& report, double seconds);
  /// After the last step that was finished. @param metric  the value of train.metric, where there is one
  void record(const std::string& split, const Evaluation& evaluation, std::optional<double> metric);
  void flush();

 private:
  template <class Write>
  void write(const Write& write);
  double seconds_gone() const { return std::chrono::duration<double>(Clock::now() - began_).count(); }

  const Training& training_;
  Clock::time_point began_;
  MetricsWriter lines_;
  bool warned_ = false;
};

}  // namespace shoal
