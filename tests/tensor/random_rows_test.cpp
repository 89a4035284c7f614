#include "shoal/tensor/random_rows.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <vector>

#include "shoal/core/error.hpp"
#include "shoal/tensor/isa.hpp"

namespace shoal {
namespace {

/// Runs the check with each instruction set of this processor.
void with_each_set(const std::function<void()>& check) {
  int tried = 0;
  for (const char* name : {"avx512", "avx2", "neon", "scalar"}) {
    setenv("SHOAL_ISA", name, 1);
    try {
      select_instruction_set();
    } catch (const Error&) {
      continue;  // not of this processor
    }
    ++tried;
    const ::testing::ScopedTrace trace(__FILE__, __LINE__, name);
    check();
  }
  unsetenv("SHOAL_ISA");
  EXPECT_GE(tried, 1);
}

// Their words cross 2^32 within a row.
constexpr std::uint64_t items[] = {0, 77, (std::uint64_t{1} << 32) - 1, (std::uint64_t{5} << 40) + 3};
constexpr std::uint64_t blocks[] = {0, 1, 8, 13, (std::uint64_t{1} << 32) - 3, std::uint64_t{9} << 35};

template <class T>
void check_factors() {
  const RandomSource source(3, Purpose::dropout, 12, 1);
  constexpr std::uint64_t threshold = 0x4ccccccc;
  for (const std::uint64_t item : items) {
    for (const std::uint64_t first : blocks) {
      for (std::int64_t count = 0; count <= 100; ++count) {
        std::vector<RowOfWords> rows;  // more than are made together, by some
        for (std::uint64_t r = 0; r < 1 + (first + item) % 11; ++r) rows.push_back({item + 5 * r, first + 2 * r});
        const std::int64_t numbers = std::ssize(rows) * count;
        std::vector<T> factors(static_cast<std::size_t>(numbers) + 1, T{-1});
        draw_factors<T>(source, rows, threshold, T{1.5}, count, factors.data());
        for (std::int64_t i = 0; i < numbers; ++i) {
          const RowOfWords& row = rows[static_cast<std::size_t>(i / count)];
          const auto word = static_cast<std::size_t>(i % count);
          const auto words = source.block(row.item, row.first_block + word / 4);
          ASSERT_EQ(factors[static_cast<std::size_t>(i)], words[word % 4] < threshold ? T{0} : T{1.5})
              << "item " << item << ", block " << first << ", number " << i << " of rows of " << count;
        }
        ASSERT_EQ(factors.back(), T{-1}) << "written beyond the end";
      }
    }
  }
}

TEST(RandomRows, FactorsAreThoseOfTheWordsOneByOne) {
  with_each_set([] {
    check_factors<float>();
    check_factors<double>();
  });
}

TEST(RandomRows, NormalsAndUniformsHaveTheBitsOfThoseOneByOne) {
  const RandomSource source(8, Purpose::initialise, 0, 5);
  std::vector<double> expected(2000000);  // tails, to where one in two million lies
  for (std::size_t i = 0; i < expected.size(); ++i) expected[i] = source.normal(1, i);
  EXPECT_LT(*std::min_element(expected.begin(), expected.end()), -5.0) << "the far tail was not met";
  with_each_set([&] {
    for (const std::uint64_t item : items) {
      for (std::size_t count = 0; count <= 70; ++count) {
        std::vector<double> normals(count + 1, -9.0);
        std::vector<double> uniforms(count + 1, -9.0);
        draw_normals(source, item, std::span(normals).first(count));
        draw_uniforms(source, item, std::span(uniforms).first(count));
        for (std::size_t i = 0; i < count; ++i) {
          ASSERT_EQ(normals[i], source.normal(item, i)) << "item " << item << ", number " << i << " of " << count;
          ASSERT_EQ(uniforms[i], source.uniform(item, i)) << "item " << item << ", number " << i << " of " << count;
        }
        ASSERT_EQ(normals.back(), -9.0);
        ASSERT_EQ(uniforms.back(), -9.0);
      }
    }
    std::vector<double> many(expected.size());
    draw_normals(source, 1, many);
    EXPECT_EQ(many, expected);
  });
}

}  // namespace
}  // namespace shoal
