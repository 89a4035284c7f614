#include "tune/folds/folds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <set>

namespace shoal {
namespace {

double mean_of(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double sample_deviation(const std::vector<double>& values) {
  const double middle = mean_of(values);
  double sum = 0.0;
  for (const double value : values) sum += (value - middle) * (value - middle);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

/// A point made of several, measure by measure; what one of them lacks it lacks.
CurvePoint over(const std::vector<const CurvePoint*>& points, double (*statistic)(const std::vector<double>&)) {
  const auto each = [&](std::optional<double> CurvePoint::*measure) -> std::optional<double> {
    std::vector<double> values;
    for (const CurvePoint* point : points) {
      if (!(point->*measure)) return std::nullopt;
      values.push_back(*(point->*measure));
    }
    return statistic(values);
  };
  std::int64_t epoch = 0;
  for (const CurvePoint* point : points) epoch = std::max(epoch, point->epoch);
  return {epoch,
          each(&CurvePoint::train_loss),
          each(&CurvePoint::train_accuracy),
          each(&CurvePoint::validation_loss),
          each(&CurvePoint::validation_accuracy),
          each(&CurvePoint::metric)};
}

std::vector<CurvePoint> mean_curve(const std::vector<Outcome>& folds) {
  std::set<std::int64_t> epochs;
  std::int64_t first = 0;
  for (const Outcome& fold : folds) {
    first = std::max(first, fold.curve.front().epoch);
    for (const CurvePoint& point : fold.curve) epochs.insert(point.epoch);
  }
  std::vector<CurvePoint> means;
  std::vector<std::size_t> at(folds.size());  // the latest point of each fold
  for (auto epoch = epochs.lower_bound(first); epoch != epochs.end(); ++epoch) {
    std::vector<const CurvePoint*> points;
    for (std::size_t f = 0; f < folds.size(); ++f) {
      const std::vector<CurvePoint>& curve = folds[f].curve;
      while (at[f] + 1 < curve.size() && curve[at[f] + 1].epoch <= *epoch) ++at[f];
      points.push_back(&curve[at[f]]);
    }
    means.push_back(over(points, mean_of));
  }
  return means;
}

}  // namespace

std::vector<TrialPart> parts_of(const std::vector<std::int64_t>& trials, const SweepSettings& settings) {
  std::vector<TrialPart> parts;
  for (const std::int64_t trial : trials) {
    if (!settings.folded()) parts.push_back({trial, 0});
    for (std::int64_t fold = 1; fold <= settings.folds; ++fold) parts.push_back({trial, fold});
  }
  return parts;
}

Outcome combine_folds(std::vector<Outcome> folds) {
  assert(!folds.empty());
  std::sort(folds.begin(), folds.end(), [](const Outcome& a, const Outcome& b) { return a.fold < b.fold; });
  Outcome all;
  all.trial = folds.front().trial;
  all.rung = folds.front().rung;
  const auto failed = std::find_if(folds.begin(), folds.end(), [](const Outcome& fold) { return fold.failed; });
  if (failed != folds.end()) {
    all.failed = true;
    all.reason = fmt::format("fold {}/{}: {}", failed->fold, folds.size(), failed->reason);
  } else {
    all.curve = mean_curve(folds);
  }
  for (const Outcome& fold : folds) all.seconds += fold.seconds;
  all.folds = std::move(folds);
  return all;
}

CurvePoint deviation_of(std::span<const Outcome> folds) {
  std::vector<const CurvePoint*> points;
  for (const Outcome& fold : folds) points.push_back(&fold.curve.back());
  return over(points, sample_deviation);
}

std::optional<Outcome> FoldGatherer::take(Outcome part) {
  if (!folded_) return part;
  const std::pair key(part.trial, part.rung);
  std::vector<Outcome>& parts = waiting_[key];
  parts.push_back(std::move(part));
  if (static_cast<std::int64_t>(parts.size()) < models_) return std::nullopt;
  Outcome whole = combine_folds(std::move(parts));
  waiting_.erase(key);
  return whole;
}

}  // namespace shoal
