#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace shoal {

/// How a run is shown: not at all (ranks above 0), as lines (files, pipes, dumb terminals), or as a bar.
enum class ProgressStyle { none, lines, bar, coloured_bar };

/// terminal: whether standard error is one; term, no_color: those environment variables, null when unset.
/// Source: no-color.org (any value but the empty one).
ProgressStyle choose_progress_style(bool terminal, const char* term, const char* no_color);
/// The same, asked of standard error and the environment.
ProgressStyle choose_progress_style();

/// From where to where a run goes.
struct ProgressRange {
  std::int64_t epochs = 0;
  std::int64_t steps_per_epoch = 1;  ///< above 0
  std::int64_t first_step = 0;       ///< finished updates at the start, above 0 on resume
  std::int64_t last_step = 0;        ///< finished updates at the end
};

/// What is shown. Losses are means over samples, accuracies 0 to 1.
struct ProgressState {
  std::int64_t step = 0;   ///< finished updates
  std::int64_t epoch = 0;  ///< from 1
  double loss = 0;
  std::optional<double> accuracy;         ///< of training, where it is known
  std::optional<double> validation_loss;  ///< of the latest evaluation
  std::optional<double> validation_accuracy;
  std::int64_t samples = 0;  ///< of this update; samples/s is the mean of the last second or more
  double seconds = 0;        ///< that it took
};

/// "0:07", "12:40", "3:02:01".
std::string format_duration(double seconds);
/// `epoch 3/20  loss 0.1234  validation loss 0.1 accuracy 0.9712  41234 samples/s`
std::string format_epoch_line(const ProgressRange& range, const ProgressState& state);
/// In the middle of an epoch: `epoch 3/20  step 37/118  loss 0.1234  41234 samples/s  0:42 left`
std::string format_step_line(const ProgressRange& range, const ProgressState& state, double seconds_left);
/// `epoch 3/20 [=====>     ]  37/118  loss 0.1234  ...  0:42 left`, without colours, of at most `columns` characters:
/// the bar gets shorter first, then samples/s goes; the time left stays.
std::string format_bar(const ProgressRange& range, const ProgressState& state, double seconds_left, int columns);

/// Shows how a run gets on: a bar that is redrawn at most 10 times a second, or a line an epoch and about every 10 s
/// in between.
class Progress {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;
  using Write = std::function<void(std::string_view)>;

  Progress(const ProgressRange& range, ProgressStyle style);
  /// For tests. line: takes a log line, without its newline; raw: takes what is sent to the terminal.
  Progress(const ProgressRange& range, ProgressStyle style, Write line, Write raw, Clock clock, int columns);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  void step(const ProgressState& state);       ///< after every update
  void end_epoch(const ProgressState& state);  ///< after an epoch and its evaluation: one line that stays
  void clear();                                ///< wipes the bar, before other lines are logged

 private:
  ProgressState smoothed(ProgressState state) const;
  void count(const ProgressState& state);
  double seconds_left(std::int64_t step, std::chrono::steady_clock::time_point now) const;

  ProgressRange range_;
  ProgressStyle style_;
  Write line_;
  Write raw_;
  Clock clock_;
  int columns_;  // 0: ask the terminal
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point shown_;
  bool bar_is_drawn_ = false;
  /// Updates, added up until they have taken a second, and those before them.
  struct Sum {
    std::int64_t samples = 0;
    double seconds = 0;
  };
  Sum recent_;
  Sum before_;
};

}  // namespace shoal
