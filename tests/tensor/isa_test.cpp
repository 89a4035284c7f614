#include "shoal/tensor/isa.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "shoal/core/error.hpp"
#include "shoal/core/hash.hpp"
#include "shoal/core/random.hpp"
#include "shoal/tensor/buffer.hpp"
#include "shoal/tensor/columns.hpp"
#include "shoal/tensor/convolution.hpp"
#include "shoal/tensor/elementwise.hpp"
#include "shoal/tensor/gemm.hpp"

namespace shoal {
namespace {

/// Hash of every kernel's result on fixed numbers.
std::string kernel_hash() {
  const RandomSource source(1, Purpose::initialise);
  Buffer<float> x(70 * 64), w(64 * 32), c(70 * 32), g(32 * 32), sum(32), low(32), y(70 * 32);
  Buffer<double> mean(32), m2(32);
  for (std::int64_t i = 0; i < x.size(); ++i)
    x.data()[i] = static_cast<float>(2 * source.normal(0, static_cast<std::uint64_t>(i)));
  for (std::int64_t i = 0; i < w.size(); ++i)
    w.data()[i] = static_cast<float>(source.normal(1, static_cast<std::uint64_t>(i)));
  Hash hash;
  const auto add = [&](const auto& buffer) { hash.add(std::as_bytes(buffer.span())); };
  constexpr std::int64_t depth = 1100;  // instruction sets cut it at places of their own
  Buffer<float> a(10 * 35 * 32), b(depth * 32), long_product(10 * 32);
  for (Buffer<float>* buffer : {&a, &b}) {
    for (std::int64_t i = 0; i < buffer->size(); ++i)
      buffer->data()[i] = static_cast<float>(source.normal(2, static_cast<std::uint64_t>(i)));
  }
  for (const float* bias : {static_cast<const float*>(nullptr), static_cast<const float*>(w.data())}) {
    product_panel<float>(10, depth, a.data(), 10 * 32, b.data(), bias, long_product.data());
    add(long_product);
  }
  product_panel<float>(70, 64, x.data(), 70 * 32, w.data(), w.data(), c.data());
  add(c);
  gradient_panel<float>(70, 30, x.data(), 32, c.data(), g.data());
  add(g);
  for (const auto& [width, pitch] : {std::pair{32, 32}, std::pair{11, 32}, std::pair{11, 16}}) {
    column_sum<float>(70, 30, width, c.data(), sum.data(), pitch);
    add(sum);
    column_moments<float>(70, width, c.data(), mean.data(), m2.data(), pitch);
    add(mean);
    add(m2);
    const NormalizePanel<float> panel{sum.data(), low.data(), w.data(), w.data(), w.data()};
    normalize_panel_sums<float>(70, width, x.data(), c.data(), panel, mean.data(), m2.data(), pitch);
    add(m2);
    normalize_panel_gamma<float>(70, 30, width, x.data(), c.data(), panel, g.data(), pitch);
    add(g);
    normalize_panel(70, width, c.data(), panel, y.data(), pitch);
    add(y);
    normalize_panel_backward<float>(70, width, x.data(), c.data(), panel, w.data(), w.data() + 32, w.data() + 64,
                                    y.data(), pitch);
    add(y);
  }
  std::vector<const float*> from;
  std::vector<std::int64_t> place, place_of_result;
  for (std::int64_t r = 0; r < 10; ++r) {
    from.push_back(a.data() + r * 40);
    place.push_back(r * 40);
    place_of_result.push_back(r);
  }
  const Places places{place, place_of_result};
  const std::vector<Stretch> stretches{{3, 500, 0}, {900, 300, 500}, {5000, 300, 800}};
  const std::vector<PositionLine<float>> lines{{a.data(), x.data(), 30}, {a.data() + 3000, x.data() + 960, 25}};
  for (const std::int64_t width : {3, 11, 20, 32}) {
    for (const NextRows<float>& next : {NextRows<float>(), NextRows<float>{x.data(), 2, width}}) {
      gathered_product<float>(places, a.data(), stretches, b.data(), w.data(), width, next, long_product.data());
      for (const std::int64_t row : places.to)
        hash.add(std::as_bytes(std::span(long_product.data() + row * 32, static_cast<std::size_t>(width))));
      if (width > narrow_pitch) continue;
      gathered_product<float>(places, a.data(), stretches, b.data(), w.data(), width, next, y.data(), narrow_pitch);
      for (const std::int64_t row : places.to) {
        for (std::int64_t i = 0; i < width; ++i)
          EXPECT_EQ(y.data()[row * narrow_pitch + i], long_product.data()[row * 32 + i]);
      }
    }
    std::fill_n(g.data(), g.size(), 0.5f);
    add_line_gradient<float>(lines, {40, 32, 32}, 29, width, g.data());
    for (std::int64_t u = 0; u < 29; ++u)
      hash.add(std::as_bytes(std::span(g.data() + u * 32, static_cast<std::size_t>(width))));
    std::fill_n(y.data(), y.size(), 0.5f);
    copy_columns<float>(20, width, x.data(), 64, y.data(), width + 3);
    add(y);
  }
  const std::vector<Stretch> taps{{0, 32, 0}, {32, 32, 1}, {400, 32, 2}};
  channelwise_product<float>(places, a.data(), taps, b.data(), w.data(), long_product.data());
  add(long_product);
  add_channelwise_gradient<float>(10, from.data(), 32, x.data(), g.data());
  add(g);
  for (int f = 0; f <= static_cast<int>(Unary::reciprocal); ++f) {
    apply(static_cast<Unary>(f), 0.1f, y.size(), x.data(), y.data());
    add(y);
    apply_derivative(static_cast<Unary>(f), 0.1f, y.size(), x.data(), y.data(), x.data() + 70 * 32, c.data());
    if (static_cast<Unary>(f) != Unary::log && static_cast<Unary>(f) != Unary::sqrt) add(c);
  }
  // Floats of all sizes and signs: in all branches of the functions. A NaN's sign is the processor's own.
  std::vector<float> all;
  for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32); bits += 65521)
    all.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  for (float v = -15.0f; v < 15.0f; v += 0.0011f) all.push_back(v);
  std::vector<float> value(all.size()), slope(all.size());
  const std::vector<float> ones(all.size(), 1.0f);
  for (const Unary f : {Unary::tanh, Unary::sigmoid, Unary::gelu, Unary::silu, Unary::exp}) {
    const auto n = static_cast<std::int64_t>(all.size());
    apply(f, 0.0f, n, all.data(), value.data());
    apply_derivative(f, 0.0f, n, all.data(), value.data(), ones.data(), slope.data());
    for (std::vector<float>* out : {&value, &slope}) {
      for (float& v : *out) v = std::isnan(v) ? 0.5f : v;
      hash.add(std::as_bytes(std::span<const float>(*out)));
    }
  }
  return hash.hex();
}

TEST(InstructionSet, AllGiveTheSameBits) {
  const std::string expected = kernel_hash();
  int tried = 0;
  for (const char* name : {"avx512", "avx2", "neon", "scalar"}) {
    setenv("SHOAL_ISA", name, 1);
    try {
      select_instruction_set();
    } catch (const Error&) {
      continue;  // not of this processor
    }
    ++tried;
    EXPECT_EQ(instruction_set(), name);
    EXPECT_EQ(kernel_hash(), expected) << name;
  }
  unsetenv("SHOAL_ISA");
  EXPECT_GE(tried, 1);
}

TEST(InstructionSet, AnUnknownOneIsRefusedWithThoseThatThereAre) {
  setenv("SHOAL_ISA", "sse9", 1);
  try {
    select_instruction_set();
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), ExitStatus::usage);
    EXPECT_NE(std::string(e.what()).find("scalar"), std::string::npos);
  }
  unsetenv("SHOAL_ISA");
}

}  // namespace
}  // namespace shoal
