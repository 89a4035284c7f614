#include "shoal/tensor/gemm.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <initializer_list>
#include <random>

#include "shoal/tensor/buffer.hpp"
#include "shoal/tensor/product_columns.hpp"

namespace shoal {
namespace {

template <class T>
using RowMajor = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class T>
struct Packed {
  Buffer<T> memory;
  Panels<T> panels;

  explicit Packed(const RowMajor<T>& m)
      : memory(padded_size(m.rows(), m.cols())), panels{memory.data(), m.rows(), m.cols()} {
    pack(std::span<const T>(m.data(), static_cast<std::size_t>(m.size())), panels, m.rows());
  }
};

template <class T>
RowMajor<T> random_matrix(std::int64_t rows, std::int64_t columns, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal;
  RowMajor<T> m(rows, columns);
  for (std::int64_t i = 0; i < m.size(); ++i) m.data()[i] = static_cast<T>(normal(generator));
  return m;
}

template <class T>
class Gemm : public testing::Test {
 protected:
  static constexpr double tolerance = sizeof(T) == 4 ? 1e-5 : 1e-13;
};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(Gemm, Scalars);

TYPED_TEST(Gemm, ProductEqualsEigen) {
  using T = TypeParam;
  for (std::int64_t rows : {1, 2, 7, 8, 9, 33, 64}) {
    for (std::int64_t depth : {1, 5, 31, 32, 33, 100, 784}) {
      for (std::int64_t columns : {1, 10, 32, 70}) {
        const auto a = random_matrix<T>(rows, depth, 1);
        const auto b = random_matrix<T>(depth, columns, 2);
        const auto bias = random_matrix<T>(1, columns, 3);
        Packed<T> pa(a), pb(b), pbias(bias), pc(RowMajor<T>::Zero(rows, columns));
        for (std::int64_t p = 0; p < pb.panels.panels(); ++p) {
          product_panel<T>(rows, depth, pa.panels.data, rows * panel_width, pb.panels.tile(p), pbias.panels.tile(p),
                           pc.panels.tile(p));
        }
        RowMajor<T> c(rows, columns);
        unpack(Panels<const T>(pc.panels), rows, std::span<T>(c.data(), static_cast<std::size_t>(c.size())));
        const RowMajor<double> expected =
            (a.template cast<double>() * b.template cast<double>()).rowwise() + bias.row(0).template cast<double>();
        const double bound = this->tolerance * std::sqrt(double(depth)) * 8;
        ASSERT_LE((c.template cast<double>() - expected).cwiseAbs().maxCoeff(), bound)
            << rows << " " << depth << " " << columns;
        for (std::int64_t r = 0; r < rows; ++r) {
          for (std::int64_t i = pc.panels.width(pc.panels.panels() - 1); i < panel_width; ++i) {
            ASSERT_EQ(pc.panels.tile(pc.panels.panels() - 1, r)[i], T{0}) << "padding";
          }
        }
      }
    }
  }
}

TYPED_TEST(Gemm, FewColumnsHaveTheBitsOfAWholePanel) {
  using T = TypeParam;
  for (std::int64_t rows : {1, 7, 8, 9, 65}) {
    for (std::int64_t depth : {3, 100, 784}) {
      const Packed<T> a(random_matrix<T>(rows, depth, 1)), b(random_matrix<T>(depth, 32, 2)),
          bias(random_matrix<T>(1, 32, 3));
      for (const T* start : std::initializer_list<const T*>{bias.panels.data, nullptr}) {
        std::vector<T> whole(static_cast<std::size_t>(rows * panel_width));
        product_panel<T>(rows, depth, a.panels.data, rows * panel_width, b.panels.data, start, whole.data());
        for (std::int64_t width : {1, 3, 8, 9, 16, 17, 32}) {
          std::vector<T> few(whole.size());
          product_columns<T>(rows, depth, width, a.panels.data, rows * panel_width, b.panels.data, start, few.data());
          for (std::size_t i = 0; i < few.size(); ++i) {
            if (static_cast<std::int64_t>(i) % panel_width >= width) continue;
            ASSERT_EQ(few[i], whole[i]) << rows << ' ' << depth << ' ' << width << ' ' << i;
          }
        }
      }
    }
  }
}

TYPED_TEST(Gemm, ARowHasTheSameBitsWhateverStandsBesideIt) {
  using T = TypeParam;
  const auto a = random_matrix<T>(64, 100, 1);
  const auto b = random_matrix<T>(100, 32, 2);
  Packed<T> pa(a), pb(b);
  Buffer<T> whole(64 * panel_width);
  product_panel<T>(64, 100, pa.panels.data, 64 * panel_width, pb.panels.data, nullptr, whole.data());
  for (std::int64_t rows : {1, 2, 3, 5, 7, 13, 32}) {
    for (std::int64_t first = 0; first + rows <= 64; ++first) {
      Buffer<T> part(rows * panel_width);
      product_panel<T>(rows, 100, pa.panels.tile(0, first), 64 * panel_width, pb.panels.data, nullptr, part.data());
      ASSERT_TRUE(std::equal(part.span().begin(), part.span().end(), whole.data() + first * panel_width));
    }
  }
}

TYPED_TEST(Gemm, GradientEqualsEigen) {
  using T = TypeParam;
  for (std::int64_t rows : {1, 31, 32, 255, 256, 257, 1000}) {
    for (std::int64_t units : {1, 7, 8, 13, 32}) {
      const auto x = random_matrix<T>(rows, 32, 1);
      const auto d = random_matrix<T>(rows, 32, 2);
      Packed<T> px(x), pd(d);
      Buffer<T> g(units * panel_width);
      gradient_panel<T>(rows, rows, px.panels.data, units, pd.panels.data, g.data());
      const RowMajor<double> expected =
          x.template cast<double>().leftCols(units).transpose() * d.template cast<double>();
      for (std::int64_t i = 0; i < units; ++i) {
        for (std::int64_t j = 0; j < 32; ++j) {
          ASSERT_NEAR(g.data()[i * panel_width + j], expected(i, j), this->tolerance * std::sqrt(double(rows)) * 8);
        }
      }
    }
  }
}

/// A gradient's parts over runs of rows, joined as the test says.
template <class T>
class GradientParts {
 public:
  explicit GradientParts(std::int64_t rows)
      : rows_(rows), x_(random_matrix<T>(rows, 32, 1)), d_(random_matrix<T>(rows, 32, 2)) {}
  Buffer<T> over(std::int64_t first, std::int64_t last, std::int64_t leaf_rows) const {
    Buffer<T> g(4 * panel_width);
    last = std::min(last, rows_);
    gradient_panel<T>(last - first, leaf_rows, x_.panels.tile(0, first), 4, d_.panels.tile(0, first), g.data());
    return g;
  }

 private:
  std::int64_t rows_;
  Packed<T> x_, d_;
};

TYPED_TEST(Gemm, LongLeavesAreCutEvery256RowsAndJoinedByTheTree) {
  using T = TypeParam;
  const std::int64_t rows = 256 * 5 + 17;
  const GradientParts<T> parts(rows);
  std::vector<Buffer<T>> chains;
  for (std::int64_t first = 0; first < rows; first += 256) chains.push_back(parts.over(first, first + 256, 256));
  const Buffer<T> g = parts.over(0, rows, rows);
  for (std::int64_t i = 0; i < g.size(); ++i) {
    const auto c = [&](std::size_t chain) { return chains[chain].data()[i]; };
    ASSERT_EQ(g.data()[i], ((c(0) + c(1)) + (c(2) + c(3))) + (c(4) + c(5)));
  }
}

TYPED_TEST(Gemm, LeavesOfARunAreJoinedByTheTreeAfterTheirChains) {
  using T = TypeParam;
  // Five leaves of 700 rows (three chains each), the last one short.
  const GradientParts<T> parts(700 * 4 + 30);
  std::vector<Buffer<T>> leaves;
  for (std::int64_t first = 0; first < 700 * 5; first += 700) leaves.push_back(parts.over(first, first + 700, 700));
  const Buffer<T> g = parts.over(0, 700 * 5, 700);
  for (std::int64_t i = 0; i < g.size(); ++i) {
    const auto l = [&](std::size_t leaf) { return leaves[leaf].data()[i]; };
    ASSERT_EQ(g.data()[i], ((l(0) + l(1)) + (l(2) + l(3))) + l(4));
  }
}

TYPED_TEST(Gemm, TransposeTile) {
  using T = TypeParam;
  for (std::int64_t rows : {1, 3, 4, 7, 31, 32}) {
    for (std::int64_t columns : {1, 4, 10, 32}) {
      const auto in = random_matrix<T>(rows, 40, 1);
      std::vector<T> out(static_cast<std::size_t>(columns * 35), T{9});
      transpose_tile<T>(rows, columns, in.data(), 40, out.data(), 35);
      for (std::int64_t c = 0; c < columns; ++c) {
        for (std::int64_t r = 0; r < 35; ++r)
          ASSERT_EQ(out[static_cast<std::size_t>(c * 35 + r)], r < rows ? in(r, c) : T{9}) << r << " " << c;
      }
    }
  }
}

}  // namespace
}  // namespace shoal
