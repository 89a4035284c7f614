#include "shoal/nn/convolution.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "../gradient_check.hpp"
#include "shoal/core/error.hpp"
#include "shoal/graph/expressions.hpp"

namespace shoal {
namespace {

struct Case {
  std::string name;
  std::int64_t channels, height, width, units;
  ConvolutionOptions options;
  bool bias = true;

  std::int64_t weight_rows() const { return options.kernel_height * options.kernel_width * channels / options.groups; }
};

const std::vector<Case> cases = {
    {"three", 3, 7, 5, 4, {3, 3, 1, true, 1}},
    {"valid", 2, 6, 7, 3, {3, 3, 1, false, 1}},
    {"stride", 2, 7, 6, 3, {3, 3, 2, true, 1}},
    {"stride_valid", 2, 8, 7, 3, {3, 3, 2, false, 1}},
    {"stride_three", 1, 9, 8, 2, {5, 5, 3, true, 1}},
    {"one_of_two", 3, 5, 4, 2, {1, 1, 2, true, 1}},
    {"one", 3, 5, 4, 2, {1, 1, 1, true, 1}},
    {"five", 2, 6, 5, 3, {5, 5, 1, true, 1}, false},
    {"seven", 1, 5, 9, 2, {7, 7, 2, true, 1}},
    {"even", 2, 5, 6, 2, {2, 4, 1, true, 1}},
    {"flat", 3, 5, 7, 4, {1, 5, 1, true, 1}},
    {"tall_stride", 2, 9, 6, 3, {5, 3, 2, true, 1}},
    {"flat_stride_valid", 2, 6, 9, 3, {3, 5, 2, false, 1}},
    {"channelwise_tall", 3, 6, 5, 3, {5, 1, 1, true, 3}},
    {"wide", 35, 3, 4, 34, {3, 3, 1, true, 1}},
    {"groups", 6, 5, 4, 4, {3, 3, 1, true, 2}},
    {"groups_stride", 6, 5, 5, 9, {3, 3, 2, true, 3}},
    {"channelwise", 34, 4, 5, 34, {3, 3, 1, true, 34}},
    {"channelwise_stride", 3, 6, 5, 3, {3, 3, 2, true, 3}},
    {"multiplier", 3, 5, 4, 6, {3, 3, 1, true, 3}},
    {"one_of_three_valid", 2, 8, 7, 3, {1, 1, 3, false, 1}},
    {"one_of_two_groups", 4, 5, 6, 6, {1, 1, 2, true, 2}},
    {"one_of_two_channelwise", 3, 5, 6, 3, {1, 1, 2, true, 3}},
    {"flat_stride", 2, 7, 6, 3, {1, 3, 2, true, 1}},
    {"tall_one_of_two", 2, 7, 6, 3, {3, 1, 2, true, 1}},
    // Images whose weight's gradient takes several chains.
    {"high", 2, 23, 17, 3, {3, 3, 1, true, 1}},
    {"high_stride", 2, 33, 38, 2, {3, 3, 2, true, 1}},
    {"high_gaps", 1, 32, 41, 2, {2, 2, 3, false, 1}},
    {"high_channelwise", 3, 23, 17, 3, {3, 3, 1, true, 3}},
    {"high_one_of_two", 2, 33, 38, 2, {1, 1, 2, true, 1}},
    // Strides of which no input has the last phases, and channels of several panels.
    {"low_stride", 40, 1, 9, 3, {2, 2, 2, true, 1}},
    {"narrow_stride", 40, 9, 1, 3, {2, 2, 2, true, 1}},
    {"point_stride", 70, 1, 1, 2, {3, 3, 3, true, 1}},
    {"low_groups", 80, 1, 5, 4, {2, 2, 2, true, 2}},
    {"low_channelwise", 70, 1, 5, 70, {2, 2, 2, true, 70}},
    // Channels that fill the rows of their panel, whose images are read where they lie, and others with many a tap.
    {"sixteen", 16, 9, 7, 16, {3, 3, 1, true, 1}},
    {"sixteen_stride", 16, 7, 8, 32, {3, 3, 2, true, 1}},
    {"sixteen_one_of_two", 16, 7, 8, 16, {1, 1, 2, true, 1}},
    {"full_panel", 32, 5, 6, 16, {5, 5, 1, true, 1}},
    {"full_panel_high", 32, 19, 17, 3, {3, 3, 2, true, 1}},
    {"full_groups", 64, 4, 5, 64, {3, 3, 1, true, 2}},
    {"many_groups", 40, 5, 4, 34, {3, 3, 1, true, 2}},
    // A kernel larger than the image.
    {"small_image", 16, 2, 3, 16, {7, 5, 1, true, 1}},
    {"small_image_stride", 17, 2, 3, 4, {7, 7, 3, true, 1}},
};

class Convolution : public testing::TestWithParam<Case> {
 public:
  Convolution() {
    const Case& c = GetParam();
    x = graph.input("x", image_shape(c.channels, c.height, c.width));
    // Through a variable, so that the gradient of the input is checked as well.
    scale = graph.variable("scale", {c.channels}, constant(1.0));
    const Value weight = graph.variable("weight", {c.weight_rows(), c.units}, he());
    const Value scaled = x * scale;
    y = c.bias ? convolution(scaled, weight, graph.variable("bias", {c.units}, zeros()), c.options)
               : convolution(scaled, weight, c.options);
  }

  Graph graph;
  Value x, y, scale;
};

/// The sum as it is defined, in the order that is promised.
double reference_convolution(const Case& c, const Panels<double>& x, const Panels<double>& weight, double bias,
                             std::int64_t sample, std::int64_t i, std::int64_t j, std::int64_t unit) {
  const ConvolutionOptions& o = c.options;
  const std::int64_t top = o.same_padding ? (o.kernel_height - 1) / 2 : 0;
  const std::int64_t left = o.same_padding ? (o.kernel_width - 1) / 2 : 0;
  const std::int64_t each = c.channels / o.groups;
  const std::int64_t group = unit / (c.units / o.groups);
  double sum = bias;
  for (std::int64_t h = 0; h < o.kernel_height; ++h) {
    for (std::int64_t w = 0; w < o.kernel_width; ++w) {
      const std::int64_t row = i * o.stride + h - top;
      const std::int64_t column = j * o.stride + w - left;
      const bool inside = row >= 0 && row < c.height && column >= 0 && column < c.width;
      for (std::int64_t k = 0; k < each; ++k) {
        const double value = inside ? x.at((sample * c.height + row) * c.width + column, group * each + k) : 0.0;
        sum = std::fma(value, weight.at((h * o.kernel_width + w) * each + k, unit), sum);
      }
    }
  }
  return sum;
}

TEST_P(Convolution, IsTheSumInItsOrder) {
  const Case& c = GetParam();
  constexpr std::int64_t samples = 3;
  const Value total = sum(y);
  GradientCheck check(graph, total, samples, 2);
  for (std::int64_t k = 0; k < c.channels; ++k) graph.parameters()[0].in(check.parameters.data()).at(0, k) = 1.0;
  check.fill_normal(x);
  check.value();
  const ValueShape& shape = y.shape();
  for (std::int64_t s = 0; s < samples; ++s) {
    for (std::int64_t i = 0; i < shape.height(); ++i) {
      for (std::int64_t j = 0; j < shape.width; ++j) {
        for (std::int64_t u = 0; u < c.units; ++u) {
          const double bias = c.bias ? graph.parameters()[2].in(check.parameters.data()).at(0, u) : 0.0;
          ASSERT_EQ(check.executor.value(y).at((s * shape.height() + i) * shape.width + j, u),
                    reference_convolution(c, check.executor.input(x), graph.parameters()[1].in(check.parameters.data()),
                                          bias, s, i, j, u))
              << s << ' ' << i << ' ' << j << ' ' << u;
        }
      }
    }
  }
}

/// Of one sample a leaf. In each: chains of whole image rows, about 64 positions, added up in order.
double reference_gradient(const Case& c, const Panels<double>& x, const Panels<double>& dy, const ValueShape& out,
                          std::int64_t sample, std::int64_t row, std::int64_t unit) {
  const ConvolutionOptions& o = c.options;
  const std::int64_t each = c.channels / o.groups;
  const std::int64_t channel = unit / (c.units / o.groups) * each + row % each;
  const std::int64_t top = row / each / o.kernel_width - (o.same_padding ? (o.kernel_height - 1) / 2 : 0);
  const std::int64_t left = row / each % o.kernel_width - (o.same_padding ? (o.kernel_width - 1) / 2 : 0);
  const std::int64_t image_rows = std::max<std::int64_t>(1, 64 / out.width);
  double sum = 0.0;
  for (std::int64_t first = 0; first < out.height(); first += image_rows) {
    double chain = 0.0;
    for (std::int64_t p = first * out.width; p < std::min(first + image_rows, out.height()) * out.width; ++p) {
      const std::int64_t i = p / out.width * o.stride + top;
      const std::int64_t j = p % out.width * o.stride + left;
      const bool inside = i >= 0 && i < c.height && j >= 0 && j < c.width;
      const double value = inside ? x.at((sample * c.height + i) * c.width + j, channel) : 0.0;
      chain = std::fma(value, dy.at(sample * out.rows + p, unit), chain);
    }
    sum += chain;
  }
  return sum;
}

TEST_P(Convolution, SumsTheGradientOfItsWeightInOrder) {
  const Case& c = GetParam();
  const Value factor = graph.input("factor", y.shape());
  const Value total = sum(y * factor);
  GradientCheck check(graph, total, 2, 1);
  for (std::int64_t k = 0; k < c.channels; ++k) graph.parameters()[0].in(check.parameters.data()).at(0, k) = 1.0;
  check.fill_normal(x);
  check.fill_normal(factor, 0.0, 2);
  check.value();
  Buffer<double> gradient(graph.parameter_size());
  double* partial = gradient.data();
  check.executor.backward(std::span<double* const>(&partial, 1));
  const Panels<double> found = graph.parameters()[1].in(gradient.data());
  const auto expected = [&](std::int64_t sample, std::int64_t row, std::int64_t unit) {
    return reference_gradient(c, check.executor.input(x), check.executor.input(factor), y.shape(), sample, row, unit);
  };
  for (std::int64_t row = 0; row < c.weight_rows(); ++row) {
    for (std::int64_t unit = 0; unit < c.units; ++unit)
      ASSERT_EQ(found.at(row, unit), expected(0, row, unit) + expected(1, row, unit)) << row << ' ' << unit;
  }
}

TEST_P(Convolution, HasItsDerivatives) {
  const Value total = sum(square(y));
  GradientCheck check(graph, total, 3, 2);
  check.fill_normal(x, 0.1);
  check.expect_derivatives(2e-5, 1e-5, GetParam().weight_rows() * GetParam().units > 1000 ? 89 : 1);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Convolution, testing::ValuesIn(cases),
                         [](const auto& info) { return info.param.name; });

/// Else not even a number would come of a weight that is infinite.
TEST(ConvolutionEdges, TapsOutsideAddNothing) {
  Graph graph;
  const Value x = graph.input("x", image_shape(16, 3, 3));
  const Value y = convolution(x, graph.variable("weight", {144, 2}, zeros()), ConvolutionOptions{});
  GradientCheck check(graph, sum(y), 2, 1);
  check.fill(x, [](std::int64_t, std::int64_t) { return 1.0; });
  const Panels<double> weight = graph.parameters()[0].in(check.parameters.data());
  for (std::int64_t r = 0; r < 144; ++r) weight.at(r, 1) = r < 16 ? std::numeric_limits<double>::infinity() : 1.0;
  check.value();
  const auto value = [&](std::int64_t i, std::int64_t j) { return check.executor.value(y).at(i * 3 + j, 1); };
  EXPECT_EQ(value(0, 0), 64.0);
  EXPECT_EQ(value(0, 2), 64.0);
  EXPECT_EQ(value(2, 0), 64.0);
  EXPECT_EQ(value(0, 1), 96.0);
  EXPECT_EQ(value(1, 0), 96.0);
  EXPECT_EQ(value(1, 1), std::numeric_limits<double>::infinity());
}

/// Kernels, strides and images of all small sizes, with more channels than a panel has.
TEST(NarrowConvolutions, HaveTheirDerivatives) {
  for (const std::int64_t height : {1, 2, 3}) {
    for (const std::int64_t kernel : {1, 2, 3, 4}) {
      for (const std::int64_t stride : {1, 2, 3, 4, 5}) {
        SCOPED_TRACE(testing::Message() << "height " << height << ", kernel " << kernel << ", stride " << stride);
        Graph graph;
        const Value x = graph.input("x", image_shape(33, height, 4));
        const Value scale = graph.variable("scale", {33}, constant(1.0));
        const Value weight = graph.variable("weight", {kernel * kernel * 33, 2}, he());
        GradientCheck check(graph, sum(square(convolution(x * scale, weight, {kernel, kernel, stride, true, 1}))), 2,
                            1);
        check.fill_normal(x, 0.1);
        check.expect_derivatives(2e-5, 1e-5, 16);  // the last of scale's is in the second panel
      }
    }
  }
}

/// The gradients of leaves do not depend on who does which: a run of leaves is what its parts make.
TEST(ConvolutionLeaves, MeetInTheTree) {
  Graph graph;
  const Value x = graph.input("x", image_shape(5, 9, 8));
  const Value w = graph.variable("weight", {45, 40}, he());
  const Value hidden = convolution(x, w, ConvolutionOptions{});
  const Value v = graph.variable("deep", {360, 7}, he());
  const Value total = sum(square(convolution(hidden, v, {3, 3, 2, true, 1})));
  LocalTreeSum sums;
  Executor<float> executor(graph, 8, sums);
  Buffer<float> parameters(graph.parameter_size()), whole(graph.parameter_size()), left(graph.parameter_size()),
      right(graph.parameter_size());
  graph.initialize(3, parameters.span());
  executor.bind(parameters.data(), {});
  const auto fill = [&](std::int64_t first, std::int64_t count) {
    const Panels<float> panels = executor.input(x);
    for (std::int64_t r = 0; r < count * 72; ++r)
      for (std::int64_t c = 0; c < 5; ++c)
        panels.at(r, c) = static_cast<float>(std::sin(static_cast<double>((first * 72 + r) * 5 + c)));
  };
  const auto run = [&](const LeafShare& share, std::int64_t first, float* out) {
    fill(first, share.samples());
    executor.forward({&share, share.range(), true, 1, 1, {}}, total);
    executor.backward(std::span<float* const>(&out, 1));
  };
  const LeafCut cut{8, 2};
  run(LeafShare(cut), 0, whole.data());
  run(LeafShare(cut, 4, 2, 0), 0, left.data());
  run(LeafShare(cut, 4, 2, 1), 4, right.data());
  for (std::int64_t i = 0; i < whole.size(); ++i) ASSERT_EQ(whole.data()[i], left.data()[i] + right.data()[i]) << i;
}

TEST(ConvolutionErrors, NameBothShapes) {
  Graph graph;
  const Value x = graph.input("x", image_shape(3, 4, 4));
  const Value w = graph.variable("w", {18, 8}, he());
  try {
    convolution(x, w, ConvolutionOptions{});
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "conv: the weight is (18, 8); for (samples, 3, 4, 4) it must be (27, 8)");
  }
  EXPECT_THROW(convolution(x, w, {5, 5, 1, false, 1}), Error);
  EXPECT_THROW(convolution(x, w, {3, 3, 1, true, 2}), Error);
}

}  // namespace
}  // namespace shoal
