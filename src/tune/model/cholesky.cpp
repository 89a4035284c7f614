#include "tune/model/cholesky.hpp"

#include <cassert>
#include <cmath>
#include <utility>

#include "shoal/core/elementary.hpp"

namespace shoal {
namespace {

/// y -= factor x, for `count` elements.
void subtract_scaled(double* y, const double* x, double factor, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) y[i] -= factor * x[i];
}

}  // namespace

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

Cholesky::Cholesky(const std::vector<double>& a, std::size_t n) : n_(n), columns_(n) {
  assert(a.size() == n * n);
  for (std::size_t j = 0; j < n; ++j) {
    columns_[j].resize(n - j);
    for (std::size_t i = j; i < n; ++i) columns_[j][i - j] = a[i * n + j];
  }
  for (std::size_t j = 0; j < n; ++j) {
    std::vector<double>& column = columns_[j];
    if (!(column[0] > 0.0)) {
      ok_ = false;
      return;
    }
    const double pivot = std::sqrt(column[0]);
    column[0] = pivot;
    for (std::size_t i = 1; i < column.size(); ++i) column[i] /= pivot;
    for (std::size_t k = j + 1; k < n; ++k) subtract_scaled(columns_[k].data(), &column[k - j], column[k - j], n - k);
  }
}

bool Cholesky::append(std::span<const double> row) {
  assert(row.size() == n_ + 1);
  std::vector<double> l(row.begin(), row.end() - 1);
  solve_lower(l);
  double rest = row.back();
  for (const double x : l) rest -= x * x;
  if (!(rest > 0.0)) return false;
  for (std::size_t j = 0; j < n_; ++j) columns_[j].push_back(l[j]);
  columns_.push_back({std::sqrt(rest)});
  ++n_;
  return true;
}

void Cholesky::solve_lower(std::span<double> b) const {
  assert(b.size() == n_);
  for (std::size_t j = 0; j < n_; ++j) {
    b[j] /= columns_[j][0];
    subtract_scaled(b.data() + j + 1, columns_[j].data() + 1, b[j], n_ - j - 1);
  }
}

void Cholesky::solve_upper(std::span<double> b) const {
  assert(b.size() == n_);
  for (std::size_t j = n_; j-- > 0;) {
    const std::vector<double>& column = columns_[j];
    // Four sums at a time do not wait for each other; which element goes to which is fixed.
    double sums[4] = {0.0, 0.0, 0.0, 0.0};
    for (std::size_t i = 1; i < column.size(); ++i) sums[i % 4] += column[i] * b[j + i];
    b[j] = (b[j] - ((sums[0] + sums[1]) + (sums[2] + sums[3]))) / column[0];
  }
}

double Cholesky::half_log_determinant() const {
  double sum = 0.0;
  for (const auto& column : columns_) sum += elementary::log(column[0]);
  return sum;
}

std::vector<double> Cholesky::inverse() const {
  // Row r of M = L^-1 has r + 1 elements: M_r = (e_r - sum over k < r of L_rk M_k) / L_rr. Then A^-1 = M^T M.
  std::vector<double> m(n_ * n_, 0.0);
  for (std::size_t r = 0; r < n_; ++r) {
    double* row = &m[r * n_];
    row[r] = 1.0;
    for (std::size_t k = 0; k < r; ++k) subtract_scaled(row, &m[k * n_], columns_[k][r - k], k + 1);
    for (std::size_t c = 0; c <= r; ++c) row[c] /= columns_[r][0];
  }
  std::vector<double> result(n_ * n_, 0.0);
  for (std::size_t r = 0; r < n_; ++r) {
    const double* row = &m[r * n_];
    for (std::size_t i = 0; i <= r; ++i) subtract_scaled(&result[i * n_], row, -row[i], i + 1);
  }
  for (std::size_t i = 0; i < n_; ++i) {
    for (std::size_t j = 0; j < i; ++j) result[j * n_ + i] = result[i * n_ + j];
  }
  return result;
}

}  // namespace shoal
