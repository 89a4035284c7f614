#include "tune/model/model_space.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>

#include "shoal/tune/search_space.hpp"

namespace shoal {

ModelSpace::ModelSpace(const std::vector<Dimension>& space) : space_(space) {
  for (const Dimension& d : space) {
    categorical_.push_back(d.scale == Scale::choices);
    const std::int64_t most = most_levels(d);
    levels_.push_back(most == std::numeric_limits<std::int64_t>::max() ? 0 : most);
  }
}

std::vector<double> ModelSpace::point(const Place& place) const {
  std::vector<double> result = place;
  for (std::size_t d = 0; d < result.size(); ++d) {
    if (categorical_[d]) result[d] = number_at(space_[d], place[d]);
  }
  settle(result);
  return result;
}

void ModelSpace::settle(std::vector<double>& point) const {
  for (std::size_t d = 0; d < point.size(); ++d) {
    if (!categorical_[d]) point[d] = settled_place(space_[d], point[d]);
  }
}

Place ModelSpace::place(const std::vector<double>& point) const {
  Place result = point;
  for (std::size_t d = 0; d < result.size(); ++d) {
    if (categorical_[d]) result[d] = (point[d] + 0.5) / static_cast<double>(levels_[d]);
  }
  return result;
}

double ModelSpace::at_level(std::size_t d, std::int64_t level) const {
  const auto number = static_cast<double>(level);
  return categorical_[d] ? number : place_of(space_[d], space_[d].min + number);
}

std::int64_t ModelSpace::level_of(std::size_t d, double coordinate) const {
  if (categorical_[d]) return static_cast<std::int64_t>(coordinate);
  if (space_[d].min == space_[d].max) return 0;
  return static_cast<std::int64_t>(number_at(space_[d], coordinate) - space_[d].min);
}

}  // namespace shoal
