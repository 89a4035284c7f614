#include "nn/sum_plans.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace shoal {
namespace {

/// Sums at a time, so that few are left over of each kind, and numbers of the images that they are made of: these stay
/// in the second-level cache.
constexpr std::int64_t sums_at_a_time = 256;
constexpr std::int64_t numbers_at_a_time = 16'384;

/// What is summed over, laid out (height, width, channels).
struct SummedImage {
  std::int64_t height = 1;
  std::int64_t width = 1;
  std::int64_t channels = 1;
  bool channelwise = false;

  std::int64_t size() const { return height * width * channels; }
};

std::vector<Stretch> stretches_of(const SummedImage& image, const TapRun& y, const TapRun& x, std::int64_t row) {
  std::vector<Stretch> made;
  for (std::int64_t i = y.first; i < y.end && x.first < x.end; ++i) {
    const std::int64_t line = (i - y.first) * image.width;
    const std::int64_t tap = i * x.all + x.first;
    const std::int64_t count = x.end - x.first;
    if (!image.channelwise) {
      made.push_back({line * image.channels, count * image.channels, row + tap * image.channels});
      continue;
    }
    for (std::int64_t j = 0; j < count; ++j)
      made.push_back({(line + j) * image.channels, image.channels, row + tap + j});
  }
  return made;
}

/// @param first_row  of the weight, where the taps of y and x begin
template <class F>
SumPlans plans_of(const SummedImage& image, const std::vector<TapRun>& y, const std::vector<TapRun>& x, F first_row) {
  std::map<std::array<std::int64_t, 5>, SumPlan> plans;
  std::int64_t result = 0;
  for (const TapRun& v : y) {
    for (const TapRun& h : x) {
      const std::int64_t row = first_row(v, h);
      SumPlan& plan = plans[{row, v.first, v.end, h.first, h.end}];
      if (plan.from.empty()) plan.stretches = stretches_of(image, v, h, row);
      plan.from.push_back((v.position * image.width + h.position) * image.channels);
      plan.to.push_back(result++);
    }
  }
  const std::int64_t samples =
      std::min(sums_at_a_time / std::max<std::int64_t>(1, result), numbers_at_a_time / image.size());
  SumPlans made{std::max<std::int64_t>(1, samples), {}};
  for (auto& [key, plan] : plans) {
    plan.places_each = std::ssize(plan.to);
    for (std::int64_t place = 0; place < (made.samples - 1) * plan.places_each; ++place) {
      const auto of_sample_before = static_cast<std::size_t>(place);
      plan.from.push_back(plan.from[of_sample_before] + image.size());
      plan.to.push_back(plan.to[of_sample_before] + result);
    }
    made.plans.push_back(std::move(plan));
  }
  // Those that go through the images row by row come first, as memory is read ahead.
  std::stable_sort(made.plans.begin(), made.plans.end(),
                   [](const SumPlan& a, const SumPlan& b) { return a.places_each > b.places_each; });
  return made;
}

template <class F>
std::vector<TapRun> runs(std::int64_t count, F run) {
  std::vector<TapRun> made;
  for (std::int64_t i = 0; i < count; ++i) made.push_back(run(i));
  return made;
}

}  // namespace

SumPlans sums_of_outputs(const ConvolutionShape& s) {
  const SummedImage image{s.y.laid_out(), s.x.laid_out(), s.image_channels(s.group_channels()), s.channelwise()};
  return plans_of(image, runs(s.y.out, [&](std::int64_t i) { return s.y.taps_of_output(i); }),
                  runs(s.x.out, [&](std::int64_t j) { return s.x.taps_of_output(j); }),
                  [](const TapRun&, const TapRun&) { return std::int64_t{0}; });
}

SumPlans sums_of_inputs(const ConvolutionShape& s) {
  std::map<std::array<std::int64_t, 2>, std::int64_t> first_rows;
  std::int64_t rows = 0;
  for (std::int64_t py = 0; py < s.y.phases(); ++py) {
    for (std::int64_t px = 0; px < s.x.phases(); ++px) {
      first_rows[{py, px}] = rows;
      rows += s.y.taps(py) * s.x.taps(px) * s.group_units();
    }
  }
  const SummedImage image{s.y.out, s.x.out, s.image_channels(s.group_units()), s.channelwise()};
  return plans_of(image, runs(s.y.in, [&](std::int64_t i) { return s.y.taps_of_input(i); }),
                  runs(s.x.in, [&](std::int64_t j) { return s.x.taps_of_input(j); }),
                  [&](const TapRun& y, const TapRun& x) {
                    return first_rows.at({y.phase, x.phase});
                  });
}

std::vector<TapRows> sums_of_weight(const ConvolutionShape& s, std::int64_t first_channel, std::int64_t first,
                                    std::int64_t count) {
  std::vector<TapRows> made;
  const std::int64_t channels = s.group_channels();
  for (std::int64_t row = first; row < first + count; row += made.back().count) {
    const std::int64_t tap = row / channels;
    const std::int64_t channel = first_channel + row % channels;
    const std::int64_t end = std::min((tap + 1) * channels, row + panel_width - channel % panel_width);
    const std::int64_t y = tap / s.x.kernel;
    const std::int64_t x = tap % s.x.kernel;
    const std::int64_t top = s.y.first_output(y);
    const std::int64_t left = s.x.first_output(x);
    const std::int64_t width = s.x.end_output(x) - left;
    made.push_back({row, std::min(first + count, end) - row, channel, top, width > 0 ? s.y.end_output(y) : 0, left,
                    width, s.y.input(top, y) * s.x.in + s.x.input(left, x)});
  }
  return made;
}

}  // namespace shoal
