#include "tune/model/cholesky.hpp"

#include <gtest/gtest.h>

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <cmath>

namespace shoal {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Positive definite, well conditioned.
Matrix sample(Eigen::Index n) {
  Matrix m(n, n);
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < n; ++j)
      m(i, j) = std::exp(-0.3 * std::abs(static_cast<double>(i - j))) + (i == j ? 0.1 : 0.0);
  }
  return m;
}

std::vector<double> values_of(const Matrix& m) { return {m.data(), m.data() + m.size()}; }
Eigen::VectorXd vector_of(const std::vector<double>& v) {
  return Eigen::Map<const Eigen::VectorXd>(v.data(), static_cast<Eigen::Index>(v.size()));
}

TEST(Cholesky, IsEigensUpToRounding) {
  for (const Eigen::Index n : {1, 2, 5, 40}) {
    const Matrix a = sample(n);
    const Cholesky factor(values_of(a), static_cast<std::size_t>(n));
    ASSERT_TRUE(factor.ok());
    const Eigen::LLT<Matrix> oracle(a);
    const Eigen::VectorXd b = Eigen::VectorXd::LinSpaced(n, -1.0, 2.0);
    std::vector<double> x(b.data(), b.data() + n);
    factor.solve_lower(x);
    EXPECT_LT((vector_of(x) - oracle.matrixL().solve(b)).norm(), 1e-12);
    factor.solve_upper(x);
    EXPECT_LT((vector_of(x) - oracle.solve(b)).norm(), 1e-11);
    const Matrix l = oracle.matrixL();
    EXPECT_NEAR(factor.half_log_determinant(), l.diagonal().array().log().sum(), 1e-12 * static_cast<double>(n));
    const std::vector<double> inverse = factor.inverse();
    EXPECT_LT((Eigen::Map<const Matrix>(inverse.data(), n, n) * a - Matrix::Identity(n, n)).norm(), 1e-11);
  }
}

TEST(Cholesky, ARowAddedIsThatOfTheWholeMatrix) {
  const Matrix whole = sample(12);
  Cholesky grown(values_of(whole.topLeftCorner(11, 11)), 11);
  const std::vector<double> all = values_of(whole);
  ASSERT_TRUE(grown.append(std::span(all).last(12)));
  EXPECT_EQ(grown.size(), 12U);
  const Cholesky once(all, 12);
  std::vector<double> x(12, 1.0);
  std::vector<double> y = x;
  grown.solve_lower(x);
  once.solve_lower(y);
  for (std::size_t i = 0; i < 12; ++i) EXPECT_NEAR(x[i], y[i], 1e-13);
}

TEST(Cholesky, RefusesWhatIsNotPositiveDefinite) {
  EXPECT_FALSE(Cholesky({1.0, 0.0, 2.0, 1.0}, 2).ok());
  EXPECT_FALSE(Cholesky({std::nan("")}, 1).ok());
  Cholesky one({1.0}, 1);
  EXPECT_FALSE(one.append(std::vector{2.0, 1.0}));
  EXPECT_EQ(one.size(), 1U);
}

}  // namespace
}  // namespace shoal
