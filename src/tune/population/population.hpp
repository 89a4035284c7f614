#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tune/sampler.hpp"

namespace shoal {

/// What a member was in one generation: whose training it is, and with which hyperparameters.
struct Forebear {
  std::int64_t member = 0;
  Place place;
};

/// The members of population-based training, generation by generation. A function of (settings, seed, first places) and
/// of how the members were ranked after each generation.
/// Source: Jaderberg et al., Population based training of neural networks (2017).
class Population {
 public:
  explicit Population(std::vector<Place> first);

  /// Begins the next generation. Those that are cut off (settings.population.exploit of all, one or more, half at most)
  /// and those that failed go on from one of as many of the best, drawn by the seed, with its place moved a step; all
  /// others go on as they are. None that is moved has the values of another that goes on from the same weights, which
  /// would be one model twice, as long as the space has others.
  /// @param from_best  all members
  /// @param good       how many of them, from the first on, did not fail; above 0
  void breed(const SweepSettings& settings, std::uint64_t seed, std::span<const std::int64_t> from_best,
             std::int64_t good);

  const std::vector<Place>& places(std::int64_t generation) const;
  /// Of a member as it is in a generation, from the first on: whose training led there. The last is the member itself.
  std::vector<Forebear> lineage(std::int64_t member, std::int64_t generation) const;

 private:
  struct Generation {
    std::vector<std::int64_t> parents;  // whose training each member goes on with
    std::vector<Place> places;
  };
  /// The weights that a member begins a generation with, by the first member that has them, and its values.
  using Training = std::pair<std::int64_t, std::string>;
  static Place place_of_its_own(const SweepSettings& settings, std::uint64_t seed, std::int64_t generation,
                                std::int64_t member, const Place& from, std::int64_t weights,
                                std::span<const Training> others);

  std::vector<Generation> generations_;
  std::vector<std::int64_t> weights_;  // that members begin the generation under way with: see Training
};

/// How many members are cut off.
std::int64_t cut_off(double share, std::int64_t members);

/// A place near `from`: each hyperparameter that may change in a training a tenth of its scale up or down, turned round
/// at an end; choices drawn anew once in four times. The others stay, for the weights that are copied need them.
/// @param attempt  above 0: another such place, by steps of 0.05 to 0.2 of a scale
Place moved_place(const std::vector<Dimension>& space, std::uint64_t seed, std::int64_t generation, std::int64_t member,
                  const Place& from, std::int64_t attempt = 0);

}  // namespace shoal
