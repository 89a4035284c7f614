#include "shoal/tensor/random_rows.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "shoal/core/inverse_normal.hpp"
#include "shoal/tensor/targets.hpp"
#include "tensor/both_types.hpp"

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type
#define DRAW_FACTORS(T)                                                                                               \
  (const RandomSource& source, std::span<const RowOfWords> rows, std::uint64_t threshold, T kept, std::int64_t count, \
   T* factors)
// NOLINTEND(bugprone-macro-parentheses)

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/random_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace shoal {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr std::int64_t words_of_block = 4;
constexpr std::int64_t chunk_words = 32;  // that are made at a time
constexpr std::int64_t chunk_blocks = chunk_words / words_of_block;

#if HWY_TARGET != HWY_SCALAR

constexpr std::size_t lanes = hn::MaxLanes(hn::ScalableTag<std::uint64_t>());
static_assert(chunk_blocks % lanes == 0, "a chunk is whole vectors");
// A round waits for the products of the one before, so several rows go side by side; more of them are slower again.
constexpr std::size_t rows_together = lanes < 4 ? 1 : (lanes == 4 ? 2 : 8);

/// A chunk of words of each row: Philox4x32-10 with a block in each 64-bit lane, of as many vectors as the chunks have.
/// The upper halves of lanes hold what is not looked at until the end. Words come in order: those of a block before
/// those of the next.
template <std::size_t rows>
HWY_INLINE void vectors_of_blocks(const RandomSource& source, const RowOfWords* row, std::uint64_t offset,
                                  std::uint32_t* words) {
  const hn::ScalableTag<std::uint64_t> d;
  const hn::Repartition<std::uint32_t, decltype(d)> d32;
  constexpr std::size_t of_row = chunk_blocks / lanes;
  constexpr std::size_t vectors = rows * of_row;
  using V = decltype(hn::Zero(d));
  const auto half = [&](V v) { return hn::BitCast(d32, v); };
  // Pairs of lanes are stored one half of them behind the other.
  HWY_ALIGN static constexpr std::uint64_t places[8] = {0, lanes / 2,     1, lanes / 2 + 1,
                                                        2, lanes / 2 + 2, 3, lanes / 2 + 3};
  V c0[vectors];
  V c1[vectors];
  V c2[vectors];
  V c3[vectors];
  for (std::size_t v = 0; v < vectors; ++v) {
    const RowOfWords& from = row[v / of_row];
    c0[v] = hn::Set(d, from.item);
    c1[v] = hn::Set(d, from.item >> 32);
    c2[v] = hn::Add(hn::Set(d, from.first_block + offset + v % of_row * lanes), hn::Load(d, places));
    c3[v] = hn::ShiftRight<32>(c2[v]);
  }
  const auto m0 = half(hn::Set(d, std::uint64_t{0xD2511F53}));
  const auto m1 = half(hn::Set(d, std::uint64_t{0xCD9E8D57}));
  V k0 = hn::Set(d, std::uint64_t{source.key()[0]});
  V k1 = hn::Set(d, std::uint64_t{source.key()[1]});
  for (int round = 0; round < 10; ++round) {
    for (std::size_t v = 0; v < vectors; ++v) {
      const V p0 = hn::MulEven(half(c0[v]), m0);
      const V p1 = hn::MulEven(half(c2[v]), m1);
      c0[v] = hn::Xor(hn::Xor(hn::ShiftRight<32>(p1), c1[v]), k0);
      c1[v] = p1;
      c2[v] = hn::Xor(hn::Xor(hn::ShiftRight<32>(p0), c3[v]), k1);
      c3[v] = p0;
    }
    k0 = hn::Add(k0, hn::Set(d, std::uint64_t{0x9E3779B9}));
    k1 = hn::Add(k1, hn::Set(d, std::uint64_t{0xBB67AE85}));
  }
  const V low = hn::Set(d, std::uint64_t{0xffffffff});
  for (std::size_t v = 0; v < vectors; ++v) {
    const V a = hn::Or(hn::And(c0[v], low), hn::ShiftLeft<32>(c1[v]));
    const V b = hn::Or(hn::And(c2[v], low), hn::ShiftLeft<32>(c3[v]));
    std::uint32_t* const to = words + v * lanes * words_of_block;
    hn::StoreU(half(hn::InterleaveLower(d, a, b)), d32, to);
    hn::StoreU(half(hn::InterleaveUpper(d, a, b)), d32, to + 2 * lanes);
  }
}

#else

constexpr std::size_t rows_together = 1;

template <std::size_t>
void vectors_of_blocks(const RandomSource& source, const RowOfWords* row, std::uint64_t offset, std::uint32_t* words) {
  for (std::uint64_t b = 0; b < chunk_blocks; ++b) {
    const auto block = source.block(row->item, row->first_block + offset + b);
    std::copy(block.begin(), block.end(), words + b * words_of_block);
  }
}

#endif

/// So many rows of factors.
template <std::size_t together, class T>
HWY_INLINE void rows_of_factors(const RandomSource& source, const RowOfWords* row, std::uint32_t below, T kept,
                                std::int64_t count, T* HWY_RESTRICT factors) {
  HWY_ALIGN std::uint32_t words[together * chunk_words];
  for (std::int64_t done = 0; done < count; done += chunk_words) {
    vectors_of_blocks<together>(source, row, static_cast<std::uint64_t>(done / words_of_block), words);
    for (std::size_t r = 0; r < together; ++r) {
      const std::uint32_t* const of_row = words + r * chunk_words;
      T* HWY_RESTRICT to = factors + static_cast<std::int64_t>(r) * count + done;
      const auto factor = [&](std::int64_t i) { return of_row[i] < below ? T{0} : kept; };
      if (count - done >= chunk_words) {
        for (std::int64_t i = 0; i < chunk_words; ++i) to[i] = factor(i);
      } else {
        for (std::int64_t i = 0; i < count - done; ++i) to[i] = factor(i);
      }
    }
  }
}

template <class T>
void draw_factors_target(const RandomSource& source, std::span<const RowOfWords> rows, std::uint64_t threshold, T kept,
                         std::int64_t count, T* HWY_RESTRICT factors) {
  if (threshold > std::numeric_limits<std::uint32_t>::max()) {
    std::fill_n(factors, count * std::ssize(rows), T{0});
    return;
  }
  const auto below = static_cast<std::uint32_t>(threshold);
  std::size_t r = 0;
  for (; r + rows_together <= rows.size(); r += rows_together) {
    rows_of_factors<rows_together>(source, &rows[r], below, kept, count, factors);
    factors += static_cast<std::int64_t>(rows_together) * count;
  }
  for (; r < rows.size(); ++r, factors += count) rows_of_factors<1>(source, &rows[r], below, kept, count, factors);
}

SHOAL_KERNEL(draw_factors, DRAW_FACTORS, (source, rows, threshold, kept, count, factors))

constexpr std::int64_t chunk_numbers = chunk_words / 2;

HWY_INLINE std::uint64_t bits_at(const std::uint32_t* words, std::int64_t i) {
  return (static_cast<std::uint64_t>(words[2 * i + 1]) << 32) | words[2 * i];
}

/// elementary::erf() of numbers inside of (-6, 6), in step: a sum that has its last term waits for the others. In
/// vectors by hand: a compiler makes branches of it.
HWY_INLINE void erf_of_chunk(const double* x, double* HWY_RESTRICT erf) {
  const hn::CappedTag<double, chunk_numbers> d;
  using V = decltype(hn::Zero(d));
  constexpr std::size_t width = hn::MaxLanes(hn::CappedTag<double, chunk_numbers>());
  constexpr std::size_t vectors = chunk_numbers / width;
  static_assert(chunk_numbers % width == 0, "a chunk is whole vectors");
  V z[vectors];
  V term[vectors];
  V sum[vectors];
  for (std::size_t v = 0; v < vectors; ++v) {
    const V at = hn::LoadU(d, x + v * width);
    z[v] = hn::Mul(hn::Mul(hn::Set(d, 2.0), at), at);
    term[v] = sum[v] = hn::Set(d, 1.0);
  }
  const V little = hn::Set(d, 1e-17);
  V most = hn::Set(d, 1.0);
  for (int n = 1; n < 200 && !hn::AllFalse(d, hn::Gt(most, hn::Zero(d))); ++n) {
    const V divisor = hn::Set(d, 2.0 * n + 1.0);
    most = hn::Zero(d);
    for (std::size_t v = 0; v < vectors; ++v) {
      const V next = hn::Mul(term[v], hn::Div(z[v], divisor));
      const auto more = hn::Gt(term[v], hn::Mul(sum[v], little));
      term[v] = hn::IfThenElseZero(more, next);
      sum[v] = hn::IfThenElse(more, hn::Add(sum[v], next), sum[v]);
      most = hn::Max(most, term[v]);
    }
  }
  double sums[chunk_numbers];
  for (std::size_t v = 0; v < vectors; ++v) hn::StoreU(sum[v], d, sums + v * width);
  for (std::int64_t i = 0; i < chunk_numbers; ++i)
    erf[i] = 1.1283791670955126 * x[i] * elementary::exp(-x[i] * x[i]) * sums[i];
}

/// See RandomSource::normal().
HWY_INLINE void normals_of_chunk(const std::uint32_t* words, double* HWY_RESTRICT numbers) {
  double p[chunk_numbers];
  double low[chunk_numbers];
  double x[chunk_numbers];
  double at[chunk_numbers];
  double erf[chunk_numbers];
  for (std::int64_t i = 0; i < chunk_numbers; ++i) p[i] = RandomSource::inside_unit(bits_at(words, i));
  for (std::int64_t i = 0; i < chunk_numbers; ++i) {
    low[i] = p[i] > 0.5 ? 1.0 - p[i] : p[i];
    x[i] = inverse_normal::middle(low[i]);
  }
  for (std::int64_t i = 0; i < chunk_numbers; ++i) {  // one of twenty
    if (low[i] < inverse_normal::tail_ends) x[i] = inverse_normal::tail(low[i]);
  }
  for (std::int64_t i = 0; i < chunk_numbers; ++i) {
    at[i] = inverse_normal::for_erf(x[i] > inverse_normal::polished_from ? x[i] : inverse_normal::polished_from);
  }
  erf_of_chunk(at, erf);
  for (std::int64_t i = 0; i < chunk_numbers; ++i) {
    const double polished = inverse_normal::polished(x[i], low[i], erf[i]);
    const double best = x[i] > inverse_normal::polished_from ? polished : x[i];
    numbers[i] = p[i] > 0.5 ? -best : best;
  }
}

/// Of a whole row by chunks: make(words, chunk of numbers).
template <class Make>
HWY_INLINE void by_chunks(const RandomSource& source, std::uint64_t item, std::int64_t count, double* numbers,
                          const Make& make) {
  HWY_ALIGN std::uint32_t words[chunk_words];
  double last[chunk_numbers];
  const RowOfWords row{item, 0};
  std::uint64_t block = 0;
  for (std::int64_t done = 0; done < count; done += chunk_numbers, block += chunk_blocks) {
    vectors_of_blocks<1>(source, &row, block, words);
    const bool whole = count - done >= chunk_numbers;
    make(words, whole ? numbers + done : last);
    if (!whole) std::copy_n(last, count - done, numbers + done);
  }
}

void normals(const RandomSource& source, std::uint64_t item, std::int64_t count, double* numbers) {
  by_chunks(source, item, count, numbers,
            [](const std::uint32_t* words, double* out) { normals_of_chunk(words, out); });
}

void uniforms(const RandomSource& source, std::uint64_t item, std::int64_t count, double* numbers) {
  by_chunks(source, item, count, numbers, [](const std::uint32_t* words, double* out) {
    for (std::int64_t i = 0; i < chunk_numbers; ++i) out[i] = RandomSource::on_unit(bits_at(words, i));
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace shoal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shoal {

SHOAL_DISPATCH(draw_factors, DRAW_FACTORS, (source, rows, threshold, kept, count, factors))

HWY_EXPORT(normals);
HWY_EXPORT(uniforms);

void draw_normals(const RandomSource& source, std::uint64_t item, std::span<double> numbers) {
  HWY_DYNAMIC_DISPATCH(normals)(source, item, std::ssize(numbers), numbers.data());
}

void draw_uniforms(const RandomSource& source, std::uint64_t item, std::span<double> numbers) {
  HWY_DYNAMIC_DISPATCH(uniforms)(source, item, std::ssize(numbers), numbers.data());
}

}  // namespace shoal
#endif
