#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "shoal/config/sweep_settings.hpp"
#include "tune/model/gaussian_process.hpp"
#include "tune/sampler.hpp"

namespace shoal {

/// What is known when a round of a search by a model begins.
struct Evidence {
  std::vector<Place> places;                  ///< of all trials so far
  std::vector<std::optional<double>> scores;  ///< as many, lower is better; none of a trial that failed
};

/// A search space as models see it: a point has one coordinate a dimension, the place from 0 to 1 of what is really
/// trained (the middle of its cell for whole numbers), and the number of the choice.
class ModelSpace {
 public:
  explicit ModelSpace(const std::vector<Dimension>& space);

  std::vector<double> point(const Place& place) const;
  /// A place of what the point says.
  Place place(const std::vector<double>& point) const;
  /// To the nearest point that can be trained, from coordinates in [0, 1] of numbers.
  void settle(std::vector<double>& point) const;

  std::size_t size() const { return space_.size(); }
  const Categorical& categorical() const { return categorical_; }
  bool whole(std::size_t d) const { return levels_[d] != 0; }
  /// How many values a choice or a whole number has; 0: no end of them.
  std::int64_t levels(std::size_t d) const { return levels_[d]; }
  /// The coordinate of value `level` of those.
  double at_level(std::size_t d, std::int64_t level) const;
  std::int64_t level_of(std::size_t d, double coordinate) const;

 private:
  std::vector<Dimension> space_;
  Categorical categorical_;
  std::vector<std::int64_t> levels_;
};

}  // namespace shoal
