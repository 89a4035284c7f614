#include "show/report/thin_curve.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace shoal {
namespace {

CurvePoints noisy(std::int64_t count) {
  CurvePoints points;
  for (std::int64_t i = 0; i < count; ++i)
    points.push_back({i + 1, std::sin(static_cast<double>(i) * 12.9898) * 43758.5453 - 3.0});
  return points;
}

bool holds(const CurvePoints& points, const RunView::Point& wanted) {
  return std::any_of(points.begin(), points.end(),
                     [&](const RunView::Point& p) { return p.step == wanted.step && p.value == wanted.value; });
}

TEST(ThinCurve, EachColumnKeepsItsFirstLastLeastAndGreatest) {
  const CurvePoints points = noisy(10000);
  const CurvePoints thin = thin_curve(points, 1, 10000, 100);
  EXPECT_LE(thin.size(), 400U);
  EXPECT_TRUE(std::is_sorted(thin.begin(), thin.end(), [](auto& a, auto& b) { return a.step < b.step; }));
  for (std::size_t column = 0; column < 100; ++column) {
    // Of steps 1 to 10,000 on [1, 10000], column c holds those with floor((step - 1) / 9999 * 100) = c.
    CurvePoints within;
    for (const RunView::Point& p : points) {
      if (std::min(99.0, std::floor(static_cast<double>(p.step - 1) / 9999.0 * 100.0)) == static_cast<double>(column))
        within.push_back(p);
    }
    const auto [least, greatest] =
        std::minmax_element(within.begin(), within.end(), [](auto& a, auto& b) { return a.value < b.value; });
    for (const RunView::Point& p : {within.front(), within.back(), *least, *greatest}) EXPECT_TRUE(holds(thin, p));
  }
}

TEST(ThinCurve, FewPointsStayAsTheyAre) {
  for (const std::int64_t count : {1, 2, 5}) EXPECT_EQ(thin_curve(noisy(count), 1, count, 100).size(), count);
  EXPECT_TRUE(thin_curve({}, 0, 0, 100).empty());
}

TEST(ThinCurve, AGapIsNoLine) {
  CurvePoints points = noisy(100);
  points.erase(points.begin() + 40, points.begin() + 60);
  const auto parts = split_at_gaps(points);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].back().step, 40);
  EXPECT_EQ(parts[1].front().step, 61);
  // Every tenth step from 101 on: farther apart for good, which is no gap.
  CurvePoints wider = noisy(100);
  for (std::int64_t step = 110; step < 300; step += 10) wider.push_back({step, 1.0});
  EXPECT_EQ(split_at_gaps(wider).size(), 1U);
}

TEST(ThinCurve, JsonHasNullsAtGapsAndNoNumberThatIsNone) {
  CurvePoints points;
  for (const std::int64_t step : {1, 2, 3, 20, 21, 22}) points.push_back({step, 0.5});
  points[4].value = std::numeric_limits<double>::infinity();
  EXPECT_EQ(curve_json(points).text(), R"({"step":[1,2,3,null,20,null,22],"value":[0.5,0.5,0.5,null,0.5,null,0.5]})");
  points[4].value = 0.25;
  EXPECT_EQ(curve_json(points).text(), R"({"step":[1,2,3,null,20,21,22],"value":[0.5,0.5,0.5,null,0.5,0.25,0.5]})");
  EXPECT_EQ(curve_json({}).text(), R"({"step":[],"value":[]})");
}

TEST(ThinCurve, ManyPointsHaveACourseOfMeans) {
  CurvePoints points;
  for (std::int64_t step = 1; step <= 3000; ++step) points.push_back({step, step % 2 == 0 ? 1.0 : 3.0});
  const Json json = curve_json(points);
  EXPECT_EQ(json.at("per_mean").integer(), 20);
  for (const Json& mean : json.at("mean").at("value").items()) EXPECT_NEAR(std::stod(mean.text()), 2.0, 0.1);
}

}  // namespace
}  // namespace shoal
