#include "tune/model/parzen.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <set>
#include <utility>

#include "shoal/core/elementary.hpp"
#include "shoal/core/random.hpp"

namespace shoal {
namespace {

constexpr std::size_t most_good = 25;
constexpr double share_of_good = 0.2;
constexpr double width_of_one = 0.1;  // of the kernel of one trial alone
constexpr double least_width = 0.02;
constexpr std::uint64_t draws_a_trial = 24;

/// The share of a normal distribution that lies in [0, 1].
double inside(double centre, double width) {
  return elementary::normal_distribution((1.0 - centre) / width) - elementary::normal_distribution(-centre / width);
}

/// A mixture of kernels, each a product over dimensions: a normal distribution cut to [0, 1] for a number, for a choice
/// the kernel's own with more than an equal part. The last kernel covers the space.
class Density {
 public:
  Density(const ModelSpace& space, Points centres) : space_(&space), centres_(std::move(centres)) {
    const auto n = static_cast<double>(centres_.size());
    const auto size = static_cast<double>(space.size());
    width_ = n > 0.0 ? width_of_one * elementary::exp(-elementary::log(n) / (size + 4.0)) : 1.0;
    width_ = std::max(width_, least_width);
    for (const auto& centre : centres_) {
      double log_norm = 0.0;
      for (std::size_t d = 0; d < space.size(); ++d) {
        if (!space.categorical()[d]) log_norm -= elementary::log(width_ * inside(centre[d], width_));
      }
      log_norms_.push_back(log_norm);
    }
  }

  void add(const std::vector<double>& point) {
    Points centres = centres_;
    centres.push_back(point);
    *this = Density(*space_, std::move(centres));
  }

  double log_at(const std::vector<double>& x) const {
    std::vector<double> logs;
    double whole = 0.0;
    for (std::size_t d = 0; d < x.size(); ++d) {
      if (space_->categorical()[d]) whole -= elementary::log(static_cast<double>(space_->levels(d)));
    }
    logs.push_back(whole);
    for (std::size_t k = 0; k < centres_.size(); ++k) {
      double log = log_norms_[k];
      for (std::size_t d = 0; d < x.size(); ++d) {
        if (space_->categorical()[d]) {
          log += elementary::log(x[d] == centres_[k][d] ? 1.0 - stray() + stray_part(d) : stray_part(d));
        } else {
          const double z = (x[d] - centres_[k][d]) / width_;
          log -= 0.5 * z * z + log_of_sqrt_2pi;
        }
      }
      logs.push_back(log);
    }
    const double most = *std::max_element(logs.begin(), logs.end());
    double sum = 0.0;
    for (const double log : logs) sum += elementary::exp(log - most);
    return most + elementary::log(sum / static_cast<double>(logs.size()));
  }

  /// Draws number `index` of a trial.
  std::vector<double> draw(std::uint64_t seed, std::uint64_t trial, std::uint64_t index) const {
    const auto source = [&](std::size_t lane) {
      return RandomSource(seed, Purpose::search, 3, static_cast<std::uint32_t>(lane));
    };
    const auto kernel = source(space_->size()).below(centres_.size() + 1, trial, index);
    Place place(space_->size());
    for (std::size_t d = 0; d < place.size(); ++d) {
      const RandomSource draws = source(d);
      const std::uint64_t first = index * tries;
      place[d] = draws.uniform(trial, first);
      if (kernel == centres_.size()) continue;
      if (space_->categorical()[d]) {
        if (draws.uniform(trial, first + 1) >= stray())
          place[d] = (centres_[kernel][d] + 0.5) / static_cast<double>(space_->levels(d));
        continue;
      }
      for (std::uint64_t t = 0; t < tries; ++t) {  // at least every second one is inside, or the last is put there
        place[d] = centres_[kernel][d] + width_ * draws.normal(trial, first + t);
        if (place[d] >= 0.0 && place[d] <= 1.0) break;
      }
      place[d] = std::clamp(place[d], 0.0, 1.0);
    }
    return space_->point(place);
  }

 private:
  static constexpr double log_of_sqrt_2pi = 0.9189385332046727;
  static constexpr std::uint64_t tries = 16;
  /// How likely a choice is drawn from all: as the prior's one trial among those that there are.
  double stray() const { return 1.0 / (1.0 + static_cast<double>(centres_.size())); }
  double stray_part(std::size_t d) const { return stray() / static_cast<double>(space_->levels(d)); }

  const ModelSpace* space_;
  Points centres_;
  double width_ = 1.0;
  std::vector<double> log_norms_;
};

}  // namespace

std::vector<Place> parzen_choices(const std::vector<Dimension>& dimensions, std::uint64_t seed,
                                  const Evidence& evidence, std::int64_t count) {
  const ModelSpace space(dimensions);
  std::vector<std::size_t> order;
  std::set<std::vector<double>> known;
  for (std::size_t i = 0; i < evidence.places.size(); ++i) {
    order.push_back(i);
    known.insert(space.point(evidence.places[i]));
  }
  const auto score = [&](std::size_t i) {
    return evidence.scores[i].value_or(std::numeric_limits<double>::infinity());
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return score(a) < score(b); });
  const std::size_t good = std::min<std::size_t>(
      most_good, static_cast<std::size_t>(std::ceil(share_of_good * static_cast<double>(order.size()))));
  Points best;
  Points others;
  for (std::size_t i = 0; i < order.size(); ++i)
    (i < good && evidence.scores[order[i]] ? best : others).push_back(space.point(evidence.places[order[i]]));
  Density above(space, best);
  Density below(space, others);
  std::vector<Place> places;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto trial = static_cast<std::uint64_t>(evidence.places.size()) + static_cast<std::uint64_t>(i);
    std::vector<double> next;
    double most = 0.0;
    bool next_is_known = true;
    for (std::uint64_t c = 0; c < draws_a_trial; ++c) {
      std::vector<double> point = above.draw(seed, trial, c);
      const double gain = above.log_at(point) - below.log_at(point);
      const bool is_known = known.contains(point);
      if (!next.empty() && (is_known > next_is_known || (is_known == next_is_known && gain <= most))) continue;
      next = std::move(point);
      most = gain;
      next_is_known = is_known;
    }
    known.insert(next);
    places.push_back(space.place(next));
    below.add(next);  // as if it were none of the best
  }
  return places;
}

}  // namespace shoal
