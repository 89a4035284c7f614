#include "shoal/graph/initializer.hpp"

#include <algorithm>
#include <cmath>

#include "graph/initial_rows.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/random.hpp"
#include "shoal/tensor/random_rows.hpp"

namespace shoal {

namespace {

/// What a random number is multiplied by.
double factor_of(const Initializer& initializer, std::int64_t rows, std::int64_t columns) {
  switch (initializer.kind) {
    case Initializer::Kind::constant: break;
    case Initializer::Kind::normal: return initializer.parameter;
    case Initializer::Kind::he: return std::sqrt(2.0 / static_cast<double>(rows));
    case Initializer::Kind::xavier:
      return std::sqrt(6.0 / (static_cast<double>(rows) + initializer.receptive * static_cast<double>(columns)));
  }
  return 0.0;
}

}  // namespace

double Initializer::value(std::uint64_t seed, std::uint32_t lane, std::int64_t rows, std::int64_t columns,
                          std::int64_t row, std::int64_t column) const {
  if (kind == Kind::constant) return parameter;
  const RandomSource source(seed, Purpose::initialise, 0, lane);
  const auto item = static_cast<std::uint64_t>(row);
  const auto element = static_cast<std::uint64_t>(column);
  const double factor = factor_of(*this, rows, columns);
  return kind == Kind::xavier ? factor * (2.0 * source.uniform(item, element) - 1.0)
                              : factor * source.normal(item, element);
}

void initialize_row(const Initializer& initializer, std::uint64_t seed, std::uint32_t lane, std::int64_t rows,
                    std::int64_t row, std::span<double> numbers) {
  if (initializer.kind == Initializer::Kind::constant) {
    std::fill(numbers.begin(), numbers.end(), initializer.parameter);
    return;
  }
  const RandomSource source(seed, Purpose::initialise, 0, lane);
  const double factor = factor_of(initializer, rows, std::ssize(numbers));
  if (initializer.kind == Initializer::Kind::xavier) {
    draw_uniforms(source, static_cast<std::uint64_t>(row), numbers);
    for (double& number : numbers) number = factor * (2.0 * number - 1.0);
  } else {
    draw_normals(source, static_cast<std::uint64_t>(row), numbers);
    for (double& number : numbers) number = factor * number;
  }
}

Initializer initializer_by_name(const std::string& name) {
  if (name == "zeros") return zeros();
  if (name == "normal") return normal();
  if (name == "he") return he();
  if (name == "xavier") return xavier();
  throw Error(ExitStatus::usage, "unknown initialisation \"" + name + "\"; use auto, he, xavier, zeros or normal");
}

}  // namespace shoal
