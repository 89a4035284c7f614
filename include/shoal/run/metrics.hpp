#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "shoal/io/file.hpp"

namespace shoal {

/// One update, as metrics.jsonl has it.
struct StepRecord {
  std::int64_t step = 0;   ///< finished updates
  std::int64_t epoch = 0;  ///< from 1
  double loss = 0;         ///< mean over the global batch before the update, without L2
  double learning_rate = 0;
  double samples_per_second = 0;
  double time = 0;  ///< seconds since the job began; of no comparison between runs
};

/// One evaluation of a split.
struct EvaluationRecord {
  std::int64_t step = 0;
  std::int64_t epoch = 0;
  std::string split;
  double loss = 0;
  std::optional<double> accuracy;  ///< 0 to 1; none without classes
  double time = 0;                 ///< as in a step's line
  std::string metric = {};         ///< that of train.metric, such as "auc", where it is neither; written behind them
  double value = 0;                ///< of it
};

/// A JSON object on one line, with its newline, keys in the order above. The loss has 9 significant digits, the
/// time milliseconds, other numbers as many as it takes to read them back. JSON has no NaN or infinity: such a key is
/// left out.
std::string to_json_line(const StepRecord& record);
std::string to_json_line(const EvaluationRecord& record);

/// What a line of metrics.jsonl says. Nothing for one that is none, such as a torn last one. What a line lacks is NaN:
/// it was not finite, or not measured.
using MetricsLine = std::variant<StepRecord, EvaluationRecord>;
std::optional<MetricsLine> parse_metrics_line(std::string_view line);

/// Puts it behind the others, or in the place of the last one where that is of the same step: a run ends with two where
/// batch norm gets exact statistics, of which only the latter is what its checkpoint does.
void add_evaluation(std::vector<EvaluationRecord>& evaluations, EvaluationRecord evaluation);

/// Appends to metrics.jsonl in batches: a line is in the file at the latest one second after it was recorded, as far as
/// records keep coming at their pace, and at once after an evaluation. Failures to write throw Error(input_output).
class MetricsWriter {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  /// The file may have no torn last line: see lines_until.
  explicit MetricsWriter(const std::string& path, Clock clock = std::chrono::steady_clock::now);
  MetricsWriter(const MetricsWriter&) = delete;
  MetricsWriter& operator=(const MetricsWriter&) = delete;
  ~MetricsWriter();  ///< flushes; flush() reports what this cannot

  /// From now on all lines go to an event file as well, see metrics_events.hpp. @param began  when this job did
  void add_events(const std::string& event_file, double began);

  void record(const StepRecord& record);
  void record(const EvaluationRecord& record);
  void flush();

  /// What a resumed run keeps of the file: no lines after `step`, none that are not whole (a torn last one).
  static std::string lines_until(std::int64_t step, const std::string& text);

 private:
  AppendFile file_;
  std::optional<AppendFile> events_;
  double began_ = 0.0;
  Clock clock_;
  std::string pending_;
  std::chrono::steady_clock::time_point flushed_;
  std::chrono::steady_clock::time_point recorded_;
};

}  // namespace shoal
