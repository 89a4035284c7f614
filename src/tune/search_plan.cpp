#include "tune/search_plan.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <numeric>
#include <tuple>
#include <utility>

#include "shoal/tune/search_space.hpp"
#include "tune/model/proposals.hpp"

namespace shoal {
namespace {

constexpr std::array widths = {1.0, 0.4, 0.16};  // of the boxes of coarse_to_fine, by round
constexpr std::int64_t least_round = 4;          // trials

std::int64_t power(std::int64_t base, std::int64_t exponent) {
  std::int64_t result = 1;
  for (std::int64_t i = 0; i < exponent; ++i) result *= base;
  return result;
}

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

bool lies_in(const Place& place, const std::vector<Dimension>& space) {
  return place.size() == space.size() && std::ranges::all_of(place, [](double u) { return u >= 0.0 && u <= 1.0; });
}

/// Up to the first that is damaged: what follows was decided on with it.
std::vector<std::vector<Place>> sound_rounds(std::vector<std::vector<Place>> rounds,
                                             const std::vector<Dimension>& space) {
  const auto damaged = std::ranges::find_if_not(rounds, [&](const std::vector<Place>& places) {
    return std::ranges::all_of(places, [&](const Place& place) { return lies_in(place, space); });
  });
  rounds.erase(damaged, rounds.end());
  return rounds;
}

}  // namespace

SearchPlan::SearchPlan(const SweepSettings& settings, std::uint64_t seed, std::int64_t epochs,
                       std::vector<std::vector<Place>> decided)
    : settings_(settings), seed_(seed), epochs_(epochs), decided_(sound_rounds(std::move(decided), settings.space)) {
  if (learns(settings.search)) {
    settings_.round = std::max<std::int64_t>(1, settings.round);
    rounds_ = 1 + (settings.trials - round_size(0) + settings_.round - 1) / settings_.round;
  }
  if (settings.search == Search::coarse_to_fine)
    rounds_ = std::clamp<std::int64_t>(settings.trials / least_round, 1, static_cast<std::int64_t>(widths.size()));
  if (settings.successive_halving.enabled) {
    const auto [enabled, eta, least] = settings.successive_halving;
    for (std::int64_t most = epochs / eta; most >= least; most /= eta) ++rungs_;
  }
  if (settings.population.enabled()) {
    const std::int64_t generation = settings.population.epochs_of_generation(epochs);
    rungs_ = (epochs + generation - 1) / generation;
  }
  begin_round(0, {});
  if (settings.population.enabled()) population_.emplace(places_);
}

std::int64_t SearchPlan::trials_to_choose(const SweepSettings& settings) {
  if (settings.search == Search::coarse_to_fine) return 2 * least_round;
  return learns(settings.search) ? first_round(settings) + 1 : 0;
}

const Place& SearchPlan::place(std::int64_t trial, std::int64_t rung) const {
  return (population_ ? population_->places(rung) : places_)[at(trial)];
}

std::int64_t SearchPlan::epochs_of_rung(std::int64_t rung) const {
  if (settings_.population.enabled())
    return std::min(epochs_, (rung + 1) * settings_.population.epochs_of_generation(epochs_));
  return settings_.successive_halving.enabled ? epochs_ / power(settings_.successive_halving.eta, rungs_ - 1 - rung)
                                              : 0;
}

std::int64_t SearchPlan::round_size(std::int64_t round) const {
  if (learns(settings_.search)) {
    const std::int64_t first = std::min(settings_.trials, first_round(settings_));
    return round == 0
               ? first
               : std::clamp<std::int64_t>(settings_.trials - first - (round - 1) * settings_.round, 0, settings_.round);
  }
  return settings_.trials / rounds_ + (round < settings_.trials % rounds_ ? 1 : 0);
}

/// Of a round to come: as if no trial of it were to equal an earlier one.
std::int64_t SearchPlan::trained_in(std::int64_t round) const {
  return at(round) < trained_.size() ? trained_[at(round)] : round_size(round);
}

std::int64_t SearchPlan::taken_over() const {
  return static_cast<std::int64_t>(originals_.size()) -
         std::accumulate(trained_.begin(), trained_.end(), std::int64_t{0});
}

std::int64_t SearchPlan::rung_size(std::int64_t round, std::int64_t rung) const {
  const std::int64_t all = trained_in(round);
  return settings_.successive_halving.enabled
             ? std::max(std::min<std::int64_t>(1, all), all / power(settings_.successive_halving.eta, rung))
             : all;
}

std::int64_t SearchPlan::round_of(std::int64_t trial) const {
  std::int64_t round = 0;
  for (std::int64_t first = round_size(0); first <= trial; first += round_size(round)) ++round;
  return round;
}

std::int64_t SearchPlan::total_jobs() const {
  std::int64_t jobs = 0;
  for (std::int64_t round = 0; round < rounds_; ++round) {
    for (std::int64_t rung = 0; rung < rungs_; ++rung) jobs += rung_size(round, rung);
  }
  return jobs * settings_.models();
}

std::int64_t SearchPlan::total_work() const {
  if (!rungs_set_epochs()) return total_jobs();
  std::int64_t work = 0;
  for (std::int64_t round = 0; round < rounds_; ++round) {
    for (std::int64_t rung = 0; rung < rungs_; ++rung)
      work += rung_size(round, rung) * (epochs_of_rung(rung) - (rung > 0 ? epochs_of_rung(rung - 1) : 0));
  }
  return work * settings_.models();
}

std::vector<std::vector<Place>> SearchPlan::later_rounds() const {
  std::vector<std::vector<Place>> later;
  for (std::size_t trial = 0; trial < places_.size(); ++trial) {
    const std::int64_t round = round_of(static_cast<std::int64_t>(trial));
    later.resize(at(round));
    if (round > 0) later.back().push_back(places_[trial]);
  }
  for (std::size_t round = later.size(); round < decided_.size(); ++round) later.push_back(decided_[round]);
  return later;
}

std::vector<Place> SearchPlan::learned_places(std::int64_t round, const std::vector<Standing>& standings) const {
  const std::size_t count = at(round_size(round));
  std::vector<Place> places;
  if (at(round) <= decided_.size()) places = decided_[at(round - 1)];
  if (places.size() < count) {
    const std::vector<Place> anew = proposals(settings_, seed_, places_, standings, round_size(round));
    places.insert(places.end(), anew.begin() + static_cast<std::ptrdiff_t>(places.size()), anew.end());
  }
  places.resize(count);
  return places;
}

void SearchPlan::begin_round(std::int64_t round, const std::vector<Standing>& standings) {
  std::vector<Place> survivors;
  std::vector<Place> learned;
  if (round > 0 && learns(settings_.search)) {
    learned = learned_places(round, standings);
  } else if (round > 0) {
    std::vector<std::int64_t> all(standings.size());
    std::iota(all.begin(), all.end(), 0);
    const std::int64_t kept = std::max<std::int64_t>(2, round_size(round) / 4);
    for (const std::int64_t trial : from_best(std::move(all), standings)) {
      const Standing& standing = standings[at(trial)];  // one that takes another's result has none of its own
      if (!standing.failed && standing.rung >= 0 && static_cast<std::int64_t>(survivors.size()) < kept)
        survivors.push_back(places_[at(trial)]);
    }
    for (const Place& centre : survivors) {
      SearchBox& box = boxes_.emplace_back(SearchBox{round, centre, widths[at(round)]});
      for (std::size_t d = 0; d < centre.size(); ++d) {
        if (settings_.space[d].scale != Scale::choices) box.low[d] = box_low(centre[d], box.width);
      }
    }
  }
  std::vector<std::int64_t> trials;
  for (std::int64_t i = 0; i < round_size(round); ++i) {
    const auto trial = static_cast<std::int64_t>(places_.size());
    // Where all trials so far failed, the search goes on in the whole space.
    if (add_trial(!learned.empty()    ? learned[at(i)]
                  : survivors.empty() ? first_place(settings_, seed_, trial)
                                      : finer_place(settings_, seed_, trial, survivors, widths[at(round)])))
      trials.push_back(trial);
  }
  trained_.push_back(static_cast<std::int64_t>(trials.size()));
  stage_.round = round;
  begin_rung(0, std::move(trials));
}

/// False for one that equals an earlier trial. Values are compared as they are written, so after rounding. Members of a
/// population that begin alike part later.
bool SearchPlan::add_trial(Place place) {
  const auto trial = static_cast<std::int64_t>(places_.size());
  std::string values = values_at(settings_.space, place);
  places_.push_back(std::move(place));
  const std::int64_t first = by_values_.emplace(std::move(values), trial).first->second;
  originals_.push_back(settings_.population.enabled() ? trial : first);
  return originals_.back() == trial;
}

void SearchPlan::begin_rung(std::int64_t rung, std::vector<std::int64_t> trials) {
  stage_.rung = rung;
  stage_.epochs = epochs_of_rung(rung);
  stage_.promoted = rung + 1 < rungs_ ? rung_size(stage_.round, rung + 1) : 0;
  stage_.trials = std::move(trials);
}

/// False where nobody is left to copy.
bool SearchPlan::breed(const std::vector<Standing>& standings) {
  const std::vector<std::int64_t> ranked = from_best(stage_.trials, standings);
  const auto good =
      std::count_if(ranked.begin(), ranked.end(), [&](auto trial) { return !standings[at(trial)].failed; });
  if (stage_.rung + 1 == rungs_ || good == 0) return false;
  population_->breed(settings_, seed_, ranked, good);
  places_ = population_->places(stage_.rung + 1);
  begin_rung(stage_.rung + 1, stage_.trials);
  return true;
}

bool SearchPlan::advance(const std::vector<Standing>& standings) {
  assert(standings.size() == places_.size());
  if (population_) return breed(standings);
  std::vector<std::int64_t> next;
  for (const std::int64_t trial : from_best(stage_.trials, standings)) {
    if (!standings[at(trial)].failed && static_cast<std::int64_t>(next.size()) < stage_.promoted) next.push_back(trial);
  }
  if (!next.empty()) {
    std::sort(next.begin(), next.end());
    begin_rung(stage_.rung + 1, std::move(next));
    return true;
  }
  std::vector<Standing> known = standings;
  while (stage_.round + 1 < rounds_) {
    known.resize(places_.size());  // trials that take an earlier one's result have no standing of their own
    begin_round(stage_.round + 1, known);
    if (!stage_.trials.empty()) return true;  // else all of that round equal earlier trials
  }
  return false;
}

std::vector<std::int64_t> from_best(std::vector<std::int64_t> trials, const std::vector<Standing>& standings) {
  std::sort(trials.begin(), trials.end(), [&](std::int64_t a, std::int64_t b) {
    const Standing& x = standings[at(a)];
    const Standing& y = standings[at(b)];
    if (x.failed || y.failed) return std::tie(x.failed, a) < std::tie(y.failed, b);
    return std::tie(y.rung, x.score, a) < std::tie(x.rung, y.score, b);
  });
  return trials;
}

std::optional<std::int64_t> best_trial(const std::vector<Standing>& standings) {
  std::vector<std::int64_t> trials;
  for (std::size_t t = 0; t < standings.size(); ++t) {
    if (standings[t].rung >= 0 && !standings[t].failed) trials.push_back(static_cast<std::int64_t>(t));
  }
  if (trials.empty()) return std::nullopt;
  return from_best(std::move(trials), standings).front();
}

}  // namespace shoal
