#pragma once

#include <cstdint>
#include <string>

namespace shoal {

/// How a parameter starts; element (i, j) is a function of (seed, parameter number, i, j) alone.
struct Initializer {
  enum class Kind { constant, normal, he, xavier };
  Kind kind = Kind::constant;
  double parameter = 0.0;  ///< the constant, or the standard deviation of `normal`
  double receptive = 1.0;  ///< outputs that use each column of the weight: positions of a convolution's kernel / groups

  /// Value of element (row, column) of a (rows, columns) parameter.
  double value(std::uint64_t seed, std::uint32_t lane, std::int64_t rows, std::int64_t columns, std::int64_t row,
               std::int64_t column) const;
};

inline Initializer zeros() { return {}; }
inline Initializer constant(double value) { return {Initializer::Kind::constant, value}; }
inline Initializer normal(double deviation = 0.01) { return {Initializer::Kind::normal, deviation}; }
/// Normal with variance 2 / inputs. Source: He et al., Delving deep into rectifiers (2015).
inline Initializer he() { return {Initializer::Kind::he}; }
/// Uniform in +-sqrt(6 / (inputs + units)). Source: Glorot & Bengio, Understanding the difficulty ... (2010).
inline Initializer xavier() { return {Initializer::Kind::xavier}; }

/// By name: zeros, normal, he, xavier. @throws Error (usage) naming those there are.
Initializer initializer_by_name(const std::string& name);

}  // namespace shoal
