#include "show/report/thin_curve.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

namespace shoal {
namespace {

constexpr std::size_t columns_of_page = 800;  // of pixels, in a window of 1280
constexpr std::size_t columns_of_means = 150;
constexpr std::size_t many_points = 3 * columns_of_means;
constexpr std::int64_t gap = 3;  // times as far apart as on either side

std::size_t column_of(std::int64_t step, std::int64_t first, std::int64_t last, std::size_t columns) {
  if (last <= first) return 0;
  const double share = static_cast<double>(step - first) / static_cast<double>(last - first);
  return std::min(columns - 1, static_cast<std::size_t>(share * static_cast<double>(columns)));
}

/// Calls with [begin, end) of the points that fall on one column.
template <class Visit>
void each_column(const CurvePoints& points, std::int64_t first, std::int64_t last, std::size_t columns,
                 const Visit& visit) {
  for (auto begin = points.begin(); begin != points.end();) {
    const std::size_t column = column_of(begin->step, first, last, columns);
    const auto end = std::find_if(begin, points.end(), [&](const RunView::Point& p) {
      return column_of(p.step, first, last, columns) != column;
    });
    visit(begin, end);
    begin = end;
  }
}

Json arrays_of(const std::vector<CurvePoints>& parts) {
  Json steps = Json::array();
  Json values = Json::array();
  for (const CurvePoints& part : parts) {
    if (&part != &parts.front()) {
      steps.push(Json());
      values.push(Json());
    }
    for (const RunView::Point& p : part) {
      steps.push(p.step);
      values.push(Json::shortest(p.value, curve_digits));
    }
  }
  return Json::object({{"step", std::move(steps)}, {"value", std::move(values)}});
}

}  // namespace

std::vector<CurvePoints> split_at_gaps(const CurvePoints& points) {
  std::vector<CurvePoints> parts;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto stride = [&](std::size_t at) { return points[at].step - points[at - 1].step; };
    const bool after_gap =
        i > 1 && i + 1 < points.size() && stride(i) > gap * stride(i - 1) && stride(i) > gap * stride(i + 1);
    if (i == 0 || after_gap) parts.emplace_back();
    parts.back().push_back(points[i]);
  }
  return parts;
}

CurvePoints thin_curve(const CurvePoints& points, std::int64_t first, std::int64_t last, std::size_t columns) {
  CurvePoints thin;
  each_column(points, first, last, columns, [&](auto begin, auto end) {
    const auto less = [](const RunView::Point& a, const RunView::Point& b) { return a.value < b.value; };
    const auto [least, greatest] = std::minmax_element(begin, end, less);
    for (const auto at : std::set{begin, least, greatest, std::prev(end)}) thin.push_back(*at);
  });
  return thin;
}

CurvePoints mean_curve(const CurvePoints& points, std::int64_t first, std::int64_t last, std::size_t columns) {
  CurvePoints means;
  each_column(points, first, last, columns, [&](auto begin, auto end) {
    double sum = 0.0;
    for (auto at = begin; at != end; ++at) sum += at->value;
    const auto count = std::distance(begin, end);
    means.push_back({(begin->step + std::prev(end)->step) / 2, sum / static_cast<double>(count)});
  });
  return means;
}

Json curve_json(const CurvePoints& given) {
  CurvePoints points;
  std::set<std::int64_t> breaks;  // steps of the first points behind values that are not finite
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (!std::isfinite(given[i].value)) continue;
    if (i > 0 && !std::isfinite(given[i - 1].value)) breaks.insert(given[i].step);
    points.push_back(given[i]);
  }
  if (breaks.size() > columns_of_page) breaks.clear();  // more parts than can be seen
  if (points.empty()) return arrays_of({});
  const std::int64_t first = points.front().step;
  const std::int64_t last = points.back().step;
  std::vector<CurvePoints> parts;
  for (const CurvePoints& part : split_at_gaps(points)) {
    parts.emplace_back();
    for (const RunView::Point& p : part) {
      if (breaks.contains(p.step) && !parts.back().empty()) parts.emplace_back();
      parts.back().push_back(p);
    }
  }
  std::vector<CurvePoints> means;
  for (CurvePoints& part : parts) {
    means.push_back(mean_curve(part, first, last, columns_of_means));
    part = thin_curve(part, first, last, columns_of_page);
  }
  Json json = arrays_of(parts);
  if (points.size() < many_points) return json;
  json.set("mean", arrays_of(means));
  json.set("per_mean", static_cast<std::int64_t>((points.size() + columns_of_means - 1) / columns_of_means));
  return json;
}

}  // namespace shoal
