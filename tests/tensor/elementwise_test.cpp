#include "shoal/tensor/elementwise.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

namespace shoal {
namespace {

struct Case {
  Unary f;
  std::function<double(double)> reference;
  bool positive = false;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {Unary::relu, [](double x) { return x > 0 ? x : 0; }},
      {Unary::leaky_relu, [](double x) { return x > 0 ? x : 0.01 * x; }},
      {Unary::tanh, [](double x) { return std::tanh(x); }},
      {Unary::sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }},
      {Unary::silu, [](double x) { return x / (1 + std::exp(-x)); }},
      {Unary::gelu, [](double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }},
      {Unary::exp, [](double x) { return std::exp(x); }},
      {Unary::log, [](double x) { return std::log(x); }, true},
      {Unary::sqrt, [](double x) { return std::sqrt(x); }, true},
      {Unary::square, [](double x) { return x * x; }},
      {Unary::scale, [](double x) { return 0.01 * x; }},
      {Unary::shift, [](double x) { return 0.01 + x; }},
      {Unary::reciprocal, [](double x) { return 1 / x; }, true},
  };
  return all;
}

std::vector<double> points(bool positive) {
  std::vector<double> x;
  for (double v = -8; v <= 8; v += 0.0371) x.push_back(positive ? std::fabs(v) + 0.05 : v);
  return x;
}

TEST(Elementwise, FunctionsEqualTheCLibrary) {
  for (const Case& c : cases()) {
    const auto x = points(c.positive);
    std::vector<double> y(x.size());
    apply(c.f, 0.01, static_cast<std::int64_t>(x.size()), x.data(), y.data());
    std::vector<float> xf(x.begin(), x.end()), yf(x.size());
    apply(c.f, 0.01f, static_cast<std::int64_t>(x.size()), xf.data(), yf.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
      EXPECT_NEAR(y[i], c.reference(x[i]), 1e-14 * std::max(1.0, std::fabs(y[i])))
          << static_cast<int>(c.f) << " at " << x[i];
      const double expected = c.reference(static_cast<double>(xf[i]));
      EXPECT_NEAR(yf[i], expected, 3e-7 * std::max(0.3, std::fabs(expected)))
          << static_cast<int>(c.f) << " at " << x[i];
    }
  }
}

/// Floats of all sizes and signs, infinities and NaN among them.
std::vector<float> floats_of_all_kinds() {
  std::vector<float> x;
  for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32); bits += 32749)
    x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  for (float v = -15.0f; v < 15.0f; v += 0.00037f) x.push_back(v);
  return x;
}

bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) || (std::isnan(a) && std::isnan(b));
}

constexpr Unary in_vectors[] = {Unary::leaky_relu, Unary::tanh, Unary::sigmoid, Unary::gelu, Unary::silu, Unary::exp};

/// In units in the last place of the exact value, subnormal ones too.
double error_of(float value, double exact) {
  const double unit = exact == 0.0 ? 0x1p-149 : std::ldexp(1.0, std::max(std::ilogb(exact) - 23, -149));
  return std::fabs(static_cast<double>(value) - exact) / unit;
}

TEST(Elementwise, FloatsAreTwoUnitsInTheLastPlaceFromTheFunction) {
  const std::vector<Case> subjects = {
      {Unary::tanh, [](double x) { return std::tanh(x); }},
      {Unary::sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }},
      {Unary::silu, [](double x) { return x / (1 + std::exp(-x)); }},
      {Unary::gelu, [](double x) { return 0.5 * x * std::erfc(-x * std::sqrt(0.5)); }},
      {Unary::exp, [](double x) { return std::exp(x); }},
  };
  const std::vector<float> x = floats_of_all_kinds();
  std::vector<float> y(x.size());
  for (const Case& c : subjects) {
    apply(c.f, 0.0f, static_cast<std::int64_t>(x.size()), x.data(), y.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double exact = c.reference(static_cast<double>(x[i]));
      if (std::isnan(x[i])) {
        ASSERT_TRUE(std::isnan(y[i])) << static_cast<int>(c.f);
      } else if (std::fabs(exact) > static_cast<double>(std::numeric_limits<float>::max())) {
        ASSERT_TRUE(std::isinf(y[i]) && std::signbit(y[i]) == std::signbit(exact)) << static_cast<int>(c.f);
      } else if (!std::isnan(exact)) {  // gelu and silu of -infinity: 0 here, infinity times 0 there
        ASSERT_LE(error_of(y[i], exact), 2.0) << static_cast<int>(c.f) << " at " << x[i];
      }
    }
  }
}

TEST(Elementwise, SlopesOfFloatsAreNearTheDerivative) {
  const std::vector<Case> subjects = {
      {Unary::silu,
       [](double x) {
         const double share = 1 / (1 + std::exp(-x));
         return share * (1 + x / (1 + std::exp(x)));
       }},
      {Unary::gelu,
       [](double x) { return 0.5 * std::erfc(-x * std::sqrt(0.5)) + x * 0.3989422804014327 * std::exp(-0.5 * x * x); }},
  };
  const std::vector<float> x = floats_of_all_kinds();
  const std::vector<float> dy(x.size(), 1.0f);
  std::vector<float> dx(x.size());
  for (const Case& c : subjects) {
    apply_derivative(c.f, 0.0f, static_cast<std::int64_t>(x.size()), x.data(), x.data(), dy.data(), dx.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double v = std::clamp(static_cast<double>(x[i]), -200.0, 200.0);
      if (std::isnan(v)) {
        ASSERT_TRUE(std::isnan(dx[i])) << static_cast<int>(c.f);
      } else {
        ASSERT_NEAR(dx[i], c.reference(v), 4 * 0x1p-24) << static_cast<int>(c.f) << " at " << x[i];
      }
    }
  }
}

TEST(Elementwise, AnElementsBitsDoNotDependOnItsPlace) {
  const std::vector<float> x = floats_of_all_kinds();
  const std::vector<float> dy(x.size(), 1.0f);
  std::vector<float> y(x.size()), dx(x.size());
  for (const Unary f : in_vectors) {
    apply(f, 0.01f, static_cast<std::int64_t>(x.size()), x.data(), y.data());
    apply_derivative(f, 0.01f, static_cast<std::int64_t>(x.size()), x.data(), y.data(), dy.data(), dx.data());
    for (std::size_t i = 0; i < x.size(); i += 7) {
      float alone = 0, slope = 0;
      apply(f, 0.01f, 1, &x[i], &alone);
      apply_derivative(f, 0.01f, 1, &x[i], &alone, &dy[i], &slope);
      ASSERT_TRUE(same_bits(y[i], alone)) << static_cast<int>(f) << " at " << x[i];
      ASSERT_TRUE(same_bits(dx[i], slope)) << static_cast<int>(f) << " at " << x[i];
    }
  }
}

TEST(Elementwise, VectorsEndWhereTheExtentDoes) {
  const std::vector<float> x(3 * panel_width, 0.7f);
  for (const Unary f : in_vectors) {
    float expected = 0;
    apply(f, 0.01f, 1, x.data(), &expected);
    for (const Extent extent : {Extent(1), Extent(13), Extent(47), Extent::of(3, 16), Extent::of(3, 17)}) {
      std::vector<float> y(x.size(), 7.0f);
      apply(f, 0.01f, extent, x.data(), y.data());
      for (std::size_t i = 0; i < y.size(); ++i) {
        const auto at = static_cast<std::int64_t>(i);
        const bool inside = extent.rows == 1 ? at < extent.width : at % panel_width < extent.width;
        EXPECT_TRUE(same_bits(y[i], inside ? expected : 7.0f)) << static_cast<int>(f) << " at " << i;
      }
    }
  }
}

template <class T>
void expect_sums_of_two_rows() {
  for (const std::int64_t n : {0, 1, 7, 37, 1024}) {
    std::vector<T> a, b, sum(static_cast<std::size_t>(n) + 1, T{-1});
    for (std::int64_t i = 0; i < n; ++i) {
      a.push_back(T{0.1F} * static_cast<T>(i));
      b.push_back(static_cast<T>(3 - i * i));
    }
    add(n, a.data(), b.data(), sum.data());
    std::vector<T> onto = b;
    add_to(n, a.data(), onto.data());
    for (std::size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(sum[i], a[i] + b[i]) << i << " of " << n;
      EXPECT_EQ(onto[i], a[i] + b[i]) << i << " of " << n;
    }
    EXPECT_EQ(sum.back(), T{-1}) << n;
  }
}

TEST(Elementwise, SumsOfTwoRows) {
  expect_sums_of_two_rows<float>();
  expect_sums_of_two_rows<double>();
}

TEST(Elementwise, DerivativesEqualCentralDifferencesInDoublePrecision) {
  for (const Case& c : cases()) {
    const auto x = points(c.positive);
    const auto n = static_cast<std::int64_t>(x.size());
    constexpr double h = 1e-5;
    std::vector<double> y(x.size()), high(x), low(x), dx(x.size()), dy(x.size(), 1.5);
    for (double& v : high) v += h;
    for (double& v : low) v -= h;
    apply(c.f, 0.01, n, high.data(), high.data());
    apply(c.f, 0.01, n, low.data(), low.data());
    apply(c.f, 0.01, n, x.data(), y.data());
    apply_derivative(c.f, 0.01, n, x.data(), y.data(), dy.data(), dx.data());
    std::vector<float> xf(x.begin(), x.end()), yf(x.size()), dyf(x.size(), 1.5f), dxf(x.size());
    apply(c.f, 0.01f, n, xf.data(), yf.data());
    apply_derivative(c.f, 0.01f, n, xf.data(), yf.data(), dyf.data(), dxf.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double expected = 1.5 * (high[i] - low[i]) / (2 * h);
      EXPECT_NEAR(dx[i], expected, 1e-7 * std::max(1.0, std::fabs(expected)))
          << static_cast<int>(c.f) << " at " << x[i];
      EXPECT_NEAR(dxf[i], expected, 1e-5 * std::max(1.0, std::fabs(expected)))
          << static_cast<int>(c.f) << " at " << x[i];
    }
  }
}

TEST(Elementwise, FloatFunctionsHoldAtTheExtremes) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> x = {-infinity, -1000, -100, -90, 0, 90, 100, 1000, infinity, std::nanf("")};
  std::vector<float> y(x.size());
  const auto run = [&](Unary f) { apply(f, 0.01f, static_cast<std::int64_t>(x.size()), x.data(), y.data()); };
  run(Unary::exp);
  EXPECT_EQ(y[0], 0);
  EXPECT_EQ(y[1], 0);
  EXPECT_GT(y[2], 0);
  EXPECT_EQ(y[4], 1);
  EXPECT_EQ(y[6], infinity);
  EXPECT_TRUE(std::isnan(y[9]));
  run(Unary::tanh);
  EXPECT_EQ(y[0], -1);
  EXPECT_EQ(y[7], 1);
  EXPECT_TRUE(std::isnan(y[9]));
  run(Unary::sigmoid);
  EXPECT_EQ(y[1], 0);
  EXPECT_EQ(y[4], 0.5f);
  EXPECT_EQ(y[8], 1);
  run(Unary::relu);
  EXPECT_TRUE(std::isnan(y[9]));  // a NaN must not be hidden
}

TEST(Elementwise, PairsAndTheirDerivatives) {
  constexpr std::int64_t rows = 3;
  std::vector<double> a(rows * 32), row(32), y(rows * 32), dy(rows * 32), dx(rows * 32);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = 0.3 + 0.01 * static_cast<double>(i);
  for (std::size_t i = 0; i < row.size(); ++i) row[i] = 1.5 - 0.02 * static_cast<double>(i);
  for (std::size_t i = 0; i < dy.size(); ++i) dy[i] = 0.5 + 0.03 * static_cast<double>(i % 7);
  const auto value = [](Binary f, double u, double v) {
    switch (f) {
      case Binary::add: return u + v;
      case Binary::subtract: return u - v;
      case Binary::multiply: return u * v;
      case Binary::divide: return u / v;
    }
    return 0.0;
  };
  for (Binary f : {Binary::add, Binary::subtract, Binary::multiply, Binary::divide}) {
    const Operand<double> left{a.data()};
    const Operand<double> right{row.data(), 0};
    combine(f, rows, 32, left, right, y.data());
    for (std::size_t i = 0; i < y.size(); ++i) EXPECT_EQ(y[i], value(f, a[i], row[i % 32]));
    for (int operand : {0, 1}) {
      combine_derivative(f, operand, rows, 32, left, right, dy.data(), dx.data());
      for (std::size_t i = 0; i < y.size(); ++i) {
        const double h = 1e-6;
        const double du = operand == 0 ? h : 0;
        const double dv = operand == 1 ? h : 0;
        const double slope = (value(f, a[i] + du, row[i % 32] + dv) - value(f, a[i] - du, row[i % 32] - dv)) / (2 * h);
        EXPECT_NEAR(dx[i], slope * dy[i], 1e-8);
      }
    }
  }
}

TEST(Elementwise, PaddingIsZeroedAndNothingElse) {
  std::vector<float> tile(2 * 32, 1.0f);
  zero_padding(2, 10, tile.data());
  for (std::size_t i = 0; i < tile.size(); ++i) EXPECT_EQ(tile[i], i % 32 < 10 ? 1.0f : 0.0f);
}

}  // namespace
}  // namespace shoal
