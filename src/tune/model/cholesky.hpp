#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace shoal {

/// Sum of products, in the order of the index.
double dot(std::span<const double> a, std::span<const double> b);

/// The lower triangular factor L of a symmetric positive definite matrix A = L L^T.
/// Plain loops of single products and sums, each element's in the order of its index, and no library's: Eigen's kernels
/// take other orders by the processor and by the address of the data, and trials that follow from such sums would be
/// others on other machines. A sum is carried element by element through whole rows, so that compilers can use vectors
/// without changing a bit. Source: Golub and Van Loan, Matrix Computations, 4th edition (2013), algorithm 4.2.2.
class Cholesky {
 public:
  /// a: n x n, row after row; the lower triangle is read. ok() is false where a pivot is not positive.
  Cholesky(const std::vector<double>& a, std::size_t n);

  bool ok() const { return ok_; }
  std::size_t size() const { return n_; }
  /// Adds a row and a column to A: `row` is A's new last row, n + 1 long. False, and nothing is added, where the new
  /// pivot is not positive.
  bool append(std::span<const double> row);
  /// L^-1 b, in place.
  void solve_lower(std::span<double> b) const;
  /// L^-T b, in place.
  void solve_upper(std::span<double> b) const;
  /// Sum of the logarithms of the diagonal of L: half of log det A.
  double half_log_determinant() const;
  /// A^-1, whole, row after row.
  std::vector<double> inverse() const;

 private:
  std::size_t n_;
  bool ok_ = true;
  std::vector<std::vector<double>> columns_;  // of L, each from its diagonal element down
};

}  // namespace shoal
