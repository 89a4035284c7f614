// sweep.h5: every array has a row per trial, in the order of their numbers.
//   trial round rung epochs                    whole numbers
//   place                                      from 1; 0: failed
//   status                                     0 done, 1 stopped, 2 failed (attribute status_names)
//   metric/<name>                              at the end; NaN: none
//   hyperparameters/<key>                      numbers, or for choices which one (attribute choices/<key>)
//   deviation/<name>                           with folds: beside the metrics, which are then means over folds
//   fold/epochs, fold/<name>                   with folds: (trials, folds), at the end of each; -1 and NaN: none
//   curve/epoch, curve/<name>                  (trials, points), padded with -1 and NaN
//   same_as                                    the trial whose result it took, -1: none; where any did
//   reason                                     (trials, bytes) text padded with zeros
//   lineage/member, lineage/<key>              with a population (trials, generations): whose training led there, and
//                                              its hyperparameters; padded with -1 and NaN
#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "shoal/io/h5_file.hpp"
#include "tune/results/results.hpp"

namespace shoal {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

struct Measure {
  std::string name;
  std::function<double(const CurvePoint&)> at;
};

std::vector<Measure> measures(Metric metric) {
  std::vector<Measure> all = {
      {"train.loss", [](const CurvePoint& p) { return p.train_loss.value_or(none); }},
      {"train.accuracy", [](const CurvePoint& p) { return p.train_accuracy.value_or(none); }},
      {"validation.loss", [](const CurvePoint& p) { return p.validation_loss.value_or(none); }},
      {"validation.accuracy", [](const CurvePoint& p) { return p.validation_accuracy.value_or(none); }}};
  if (!stands_apart(metric))
    all.push_back({to_string(metric), [](const CurvePoint& p) { return p.metric.value_or(none); }});
  return all;
}

class Writer {
 public:
  Writer(const SweepTable& table, const std::string& path) : table_(table), file_(path) {}

  /// One value per trial, or `width` of them: value(row, i).
  template <class T, class Value>
  void array(const std::string& path, const Value& value, std::int64_t width = 0) {
    std::vector<T> all;
    for (const TrialRow& row : table_.rows) {
      for (std::int64_t i = 0; i < std::max<std::int64_t>(1, width); ++i)
        all.push_back(static_cast<T>(value(row, static_cast<std::size_t>(i))));
    }
    std::vector<std::int64_t> shape = {static_cast<std::int64_t>(table_.rows.size())};
    if (width > 0) shape.push_back(width);
    file_.create_array(path, element_type_of<T>(), shape);
    file_.write_rows(path, 0, std::as_bytes(std::span(all)));
  }

  void write();

 private:
  void write_lineage();
  void write_folds(const Measure& measure);

  const SweepTable& table_;
  H5Writer file_;
};

void Writer::write_lineage() {
  std::size_t generations = 0;
  for (const TrialRow& row : table_.rows) generations = std::max(generations, row.lineage.size());
  if (generations == 0) return;
  const auto width = static_cast<std::int64_t>(generations);
  array<std::int64_t>(
      "lineage/member",
      [](const TrialRow& row, std::size_t g) { return g < row.lineage.size() ? row.lineage[g].member : -1; }, width);
  for (std::size_t d = 0; d < table_.settings.space.size(); ++d) {
    array<double>(
        "lineage/" + table_.settings.space[d].key,
        [d](const TrialRow& row, std::size_t g) { return g < row.lineage.size() ? row.lineage[g].numbers[d] : none; },
        width);
  }
}

void Writer::write_folds(const Measure& measure) {
  array<double>("deviation/" + measure.name,
                [&](const TrialRow& row, std::size_t) { return row.deviation ? measure.at(*row.deviation) : none; });
  array<double>(
      "fold/" + measure.name,
      [&](const TrialRow& row, std::size_t f) {
        const CurvePoint* p = f < row.folds.size() ? row.folds[f].result() : nullptr;
        return p != nullptr ? measure.at(*p) : none;
      },
      table_.settings.folds);
}

void Writer::write() {
  const std::vector<std::string> statuses = {"done", "stopped", "failed"};
  array<std::int64_t>("trial", [](const TrialRow& row, std::size_t) { return row.trial; });
  array<std::int64_t>("round", [](const TrialRow& row, std::size_t) { return row.round; });
  array<std::int64_t>("rung", [](const TrialRow& row, std::size_t) { return row.rung; });
  array<std::int64_t>("epochs",
                      [](const TrialRow& row, std::size_t) { return row.curve.empty() ? 0 : row.curve.back().epoch; });
  array<std::int64_t>("place", [](const TrialRow& row, std::size_t) { return row.place.value_or(0); });
  if (any_taken_over(table_))
    array<std::int64_t>("same_as", [](const TrialRow& row, std::size_t) { return row.same_as.value_or(-1); });
  array<std::int64_t>("status", [&](const TrialRow& row, std::size_t) {
    return std::find(statuses.begin(), statuses.end(), row.status) - statuses.begin();
  });
  file_.set_attribute("status_names", statuses);
  file_.set_attribute("metric", to_string(table_.settings.metric));

  std::size_t points = 1;
  std::size_t bytes = 1;
  for (const TrialRow& row : table_.rows) {
    points = std::max(points, row.curve.size());
    bytes = std::max(bytes, row.reason.size());
  }
  const auto width = static_cast<std::int64_t>(points);
  for (const Measure& measure : measures(table_.settings.metric)) {
    array<double>("metric/" + measure.name,
                  [&](const TrialRow& row, std::size_t) { return row.result() ? measure.at(*row.result()) : none; });
    if (table_.settings.folded()) write_folds(measure);
    array<double>(
        "curve/" + measure.name,
        [&](const TrialRow& row, std::size_t i) { return i < row.curve.size() ? measure.at(row.curve[i]) : none; },
        width);
  }
  array<std::int64_t>(
      "curve/epoch", [](const TrialRow& row, std::size_t i) { return i < row.curve.size() ? row.curve[i].epoch : -1; },
      width);
  if (table_.settings.folded())
    array<std::int64_t>(
        "fold/epochs",
        [](const TrialRow& row, std::size_t f) {
          return f < row.folds.size() && !row.folds[f].curve.empty() ? row.folds[f].curve.back().epoch : -1;
        },
        table_.settings.folds);
  for (std::size_t d = 0; d < table_.settings.space.size(); ++d) {
    const Dimension& dimension = table_.settings.space[d];
    array<double>("hyperparameters/" + dimension.key, [&](const TrialRow& row, std::size_t) { return row.numbers[d]; });
    if (dimension.scale != Scale::choices) continue;
    std::vector<std::string> choices;
    std::transform(dimension.choices.begin(), dimension.choices.end(), std::back_inserter(choices), plain);
    file_.set_attribute("choices/" + dimension.key, choices);
  }
  write_lineage();
  array<std::uint8_t>(
      "reason", [](const TrialRow& row, std::size_t i) { return i < row.reason.size() ? row.reason[i] : '\0'; },
      static_cast<std::int64_t>(bytes));
  file_.finish();
}

}  // namespace

void write_h5(const SweepTable& table, const std::string& path) { Writer(table, path).write(); }

}  // namespace shoal
