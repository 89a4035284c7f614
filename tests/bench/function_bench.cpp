// Functions of one value on this thread, in nanoseconds an element, forward and derivative, and how far single
// precision is from the function in double precision, in units in the last place, subnormal results included:
//   function_bench [elements] [rounds] [stride]
// By default 8,192 elements, which stay in the first and second cache, and the error of each 1021st float. A stride of
// 1 tries every one, which takes minutes.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <vector>

#include "shoal/tensor/elementwise.hpp"
#include "shoal/tensor/isa.hpp"

namespace {

using namespace shoal;
using Clock = std::chrono::steady_clock;

struct MeasuredFunction {
  const char* name;
  Unary f;
  double (*exact)(double);
};

double erfc_gelu(double x) { return x == 0 ? x : 0.5 * x * std::erfc(-x * 0.70710678118654752); }

constexpr MeasuredFunction subjects[] = {
    {"relu", Unary::relu, [](double x) { return x > 0 ? x : 0.0; }},
    {"leaky_relu", Unary::leaky_relu, [](double x) { return x > 0 ? x : static_cast<double>(0.01f) * x; }},
    {"tanh", Unary::tanh, [](double x) { return std::tanh(x); }},
    {"sigmoid", Unary::sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }},
    {"gelu", Unary::gelu, erfc_gelu},
    {"silu", Unary::silu, [](double x) { return x / (1 + std::exp(-x)); }},
    {"exp", Unary::exp, [](double x) { return std::exp(x); }},
};

/// The largest error over every stride-th float whose function is finite.
double worst_error(const MeasuredFunction& subject, std::uint64_t stride) {
  constexpr std::uint64_t floats = std::uint64_t{1} << 32;
  constexpr std::uint64_t block = std::uint64_t{1} << 24;
  double worst = 0.0;
  std::vector<float> x, y;
  for (std::uint64_t begin = 0; begin < floats; begin += block) {
    x.clear();
    for (std::uint64_t bits = (begin + stride - 1) / stride * stride; bits < begin + block; bits += stride) {
      const auto v = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
      if (std::isfinite(v)) x.push_back(v);
    }
    y.resize(x.size());
    apply(subject.f, 0.01f, static_cast<std::int64_t>(x.size()), x.data(), y.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double exact = subject.exact(static_cast<double>(x[i]));
      if (std::fabs(exact) > static_cast<double>(std::numeric_limits<float>::max())) continue;
      const int place = exact == 0.0 ? -149 : std::max(std::ilogb(exact) - 23, -149);
      const double error = std::fabs(static_cast<double>(y[i]) - exact) * std::ldexp(1.0, -place);
      if (!(error <= worst)) worst = error;
    }
  }
  return worst;
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t n = argc > 1 ? std::atoll(argv[1]) : 8192;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 301;
  const std::uint64_t stride = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1021;
  const auto size = static_cast<std::size_t>(n);
  std::vector<float> x(size), y(size), dy(size, 1.0f), dx(size);
  for (std::size_t i = 0; i < size; ++i) x[i] = -6.0f + 12.0f * static_cast<float>(i) / static_cast<float>(n);
  fmt::print("{}, {} elements, the least of {} rounds\n{:<12}{:>12}{:>14}{:>12}\n", instruction_set(), n, rounds,
             "function", "ns forward", "ns derivative", "worst ulp");
  for (const MeasuredFunction& subject : subjects) {
    std::vector<double> forward, backward;
    for (int round = 0; round < rounds; ++round) {
      const auto begun = Clock::now();
      apply(subject.f, 0.01f, n, x.data(), y.data());
      const auto between = Clock::now();
      apply_derivative(subject.f, 0.01f, n, x.data(), y.data(), dy.data(), dx.data());
      forward.push_back(std::chrono::duration<double, std::nano>(between - begun).count() / static_cast<double>(n));
      backward.push_back(std::chrono::duration<double, std::nano>(Clock::now() - between).count() /
                         static_cast<double>(n));
    }
    fmt::print("{:<12}{:>12.3f}{:>14.3f}{:>12.2f}\n", subject.name, *std::min_element(forward.begin(), forward.end()),
               *std::min_element(backward.begin(), backward.end()), worst_error(subject, stride));
  }
}
