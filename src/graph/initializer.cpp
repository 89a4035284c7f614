#include "shoal/graph/initializer.hpp"

#include <cmath>

#include "shoal/core/error.hpp"
#include "shoal/core/random.hpp"

namespace shoal {

double Initializer::value(std::uint64_t seed, std::uint32_t lane, std::int64_t rows, std::int64_t columns,
                          std::int64_t row, std::int64_t column) const {
  const RandomSource source(seed, Purpose::initialise, 0, lane);
  const auto item = static_cast<std::uint64_t>(row);
  const auto element = static_cast<std::uint64_t>(column);
  switch (kind) {
    case Kind::constant: return parameter;
    case Kind::normal: return parameter * source.normal(item, element);
    case Kind::he: return std::sqrt(2.0 / static_cast<double>(rows)) * source.normal(item, element);
    case Kind::xavier:
      return std::sqrt(6.0 / (static_cast<double>(rows) + receptive * static_cast<double>(columns))) *
             (2.0 * source.uniform(item, element) - 1.0);
  }
  return 0.0;
}

Initializer initializer_by_name(const std::string& name) {
  if (name == "zeros") return zeros();
  if (name == "normal") return normal();
  if (name == "he") return he();
  if (name == "xavier") return xavier();
  throw Error(ExitStatus::usage, "unknown initialisation \"" + name + "\"; use auto, he, xavier, zeros or normal");
}

}  // namespace shoal
