#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shoal/config/config.hpp"
#include "shoal/run/metrics.hpp"
#include "shoal/run/nudges.hpp"
#include "shoal/tune/sweep_pace.hpp"
#include "shoal/tune/sweep_view.hpp"

namespace shoal {

/// A run as its files show it.
struct RunView {
  struct Point {
    std::int64_t step = 0;
    double value = 0;
  };

  std::string run;
  bool under_way = false;  ///< a process trains it now
  bool paused = false;     ///< and waits, since somebody has asked it to
  Config start;
  Config now;  ///< of the next step
  NudgeJournal journal;
  std::vector<Point> loss;  ///< of batches, before their update
  std::vector<EvaluationRecord> evaluations;
  std::optional<StepRecord> last;
  std::optional<StepRecord> first;   ///< that the job which recorded `last` has recorded
  double seconds_before = 0.0;       ///< of the jobs before that one
  std::int64_t steps_per_epoch = 0;  ///< 0: not known yet

  /// Updates of the whole run, as its settings are now; 0: not known yet.
  std::int64_t total_steps() const;
};

/// Follows a run, its own or another host's, by reading config.toml, metrics.jsonl, nudges.jsonl and lock.
class RunFollower {
 public:
  /// @throws Error  no_input: no run there
  explicit RunFollower(const std::string& run);
  RunFollower(RunFollower&&) noexcept;
  ~RunFollower();

  /// Reads what is new since; of metrics.jsonl only the lines that were added.
  const RunView& refresh();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A sweep as its files show it.
struct SweepFrame {
  SweepView view;
  SweepPace pace;
};

/// Follows a sweep like a run.
class SweepFollower {
 public:
  /// @throws Error  no_input: no sweep there
  explicit SweepFollower(std::string folder);

  /// Reads it again where it has changed.
  const SweepFrame& refresh();

 private:
  std::string folder_;
  std::string stamp_;
  SweepFrame frame_;
};

/// How a view is drawn.
struct FrameStyle {
  int rows = 24;
  int columns = 80;
  bool braille = true;  ///< else ASCII alone
  bool coloured = false;
};

/// Learning curves, hyperparameters and nudges as lines of at most `columns` characters, `rows` at most; on little
/// space what matters less is left out.
std::vector<std::string> draw_frame(const RunView& view, const FrameStyle& style);
/// Trials done, under way and failed, the best so far and how it came about, in the same way.
std::vector<std::string> draw_frame(const SweepFrame& sweep, const FrameStyle& style);

}  // namespace shoal
