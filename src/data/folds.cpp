#include "shoal/data/folds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <numeric>
#include <span>
#include <tuple>
#include <unordered_map>

#include "data/import/draw.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/random.hpp"
#include "shoal/data/epoch_order.hpp"

namespace shoal {
namespace {

// Lane 0 of what is held out is for a fraction, 1 and 2 are for importers.
constexpr std::uint32_t fold_lane = 3;
constexpr std::int64_t rows_at_once = 65536;

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Classes one after the other, each in random order, are dealt out like cards.
void deal_rows(std::int64_t folds, const RandomSource& source, const std::vector<std::int64_t>& classes,
               std::vector<std::int32_t>& fold_of) {
  struct Card {
    std::int64_t of_class;
    std::uint64_t key;
    std::size_t row;
  };
  std::vector<Card> cards;
  cards.reserve(fold_of.size());
  for (std::size_t row = 0; row < fold_of.size(); ++row)
    cards.push_back({classes.empty() ? 0 : classes[row], source.bits(row), row});
  std::sort(cards.begin(), cards.end(), [](const Card& a, const Card& b) {
    return std::tie(a.of_class, a.key, a.row) < std::tie(b.of_class, b.key, b.row);
  });
  for (std::size_t i = 0; i < cards.size(); ++i) fold_of[cards[i].row] = static_cast<std::int32_t>(i % at(folds));
}

/// Numbers from 0, in the order in which values are met first.
std::vector<std::size_t> numbered(const std::vector<std::int64_t>& values, std::size_t& count) {
  std::unordered_map<std::int64_t, std::size_t> numbers;
  std::vector<std::size_t> result;
  result.reserve(values.size());
  for (const std::int64_t value : values) result.push_back(numbers.emplace(value, numbers.size()).first->second);
  count = numbers.size();
  return result;
}

void deal_groups(std::int64_t folds, const RandomSource& source, const std::vector<std::int64_t>& classes,
                 const std::vector<std::int64_t>& groups, std::vector<std::int32_t>& fold_of) {
  struct Group {
    std::int64_t rows = 0;
    std::map<std::size_t, std::int64_t> of_class = {};  // rows
  };
  std::size_t count = 0;
  std::size_t kinds = 1;
  const std::vector<std::size_t> group_of = numbered(groups, count);
  const std::vector<std::size_t> class_of =
      classes.empty() ? std::vector<std::size_t>(groups.size(), 0) : numbered(classes, kinds);
  std::vector<Group> all(count);
  std::vector<std::int64_t> rows_of_class(kinds);
  for (std::size_t row = 0; row < groups.size(); ++row) {
    Group& group = all[group_of[row]];
    ++group.rows;
    ++group.of_class[class_of[row]];
    ++rows_of_class[class_of[row]];
  }
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tuple(-all[a].rows, source.bits(a), a) < std::tuple(-all[b].rows, source.bits(b), b);
  });
  // What each fold has of each class; to have squares of shares summed over folds as small as can be, a group goes
  // where the sum over its classes of (its rows)(the fold's rows) / (all rows) is the least.
  std::vector<std::vector<std::int64_t>> held(at(folds), std::vector<std::int64_t>(kinds));
  std::vector<std::int64_t> sizes(at(folds));
  std::vector<std::size_t> chosen(count);
  for (const std::size_t g : order) {
    std::size_t best = 0;
    double least = 0.0;
    for (std::size_t fold = 0; fold < at(folds); ++fold) {
      double crowd = 0.0;
      for (const auto& [kind, rows] : all[g].of_class)
        crowd += static_cast<double>(rows) * static_cast<double>(held[fold][kind]) /
                 static_cast<double>(rows_of_class[kind]);
      if (fold > 0 && std::tie(crowd, sizes[fold]) >= std::tie(least, sizes[best])) continue;
      best = fold;
      least = crowd;
    }
    chosen[g] = best;
    sizes[best] += all[g].rows;
    for (const auto& [kind, rows] : all[g].of_class) held[best][kind] += rows;
  }
  for (std::size_t row = 0; row < groups.size(); ++row) fold_of[row] = static_cast<std::int32_t>(chosen[group_of[row]]);
}

std::string note_on(const std::vector<std::int64_t>& classes, std::int64_t folds,
                    const std::vector<std::string>& names) {
  std::map<std::int64_t, std::int64_t> counts;
  for (const std::int64_t c : classes) ++counts[c];
  std::erase_if(counts, [&](const auto& one) { return one.second >= folds; });
  if (counts.empty()) return "";
  const auto [first, rows] = *counts.begin();
  const std::string name = at(first) < names.size() ? names[at(first)] : std::to_string(first);
  const std::string more = counts.size() == 1 ? "" : fmt::format(", and {} more", counts.size() - 1);
  return fmt::format("class \"{}\" has {}{}: fewer than {} folds, so that some are validated without it", name,
                     counted(rows, "row"), more, folds);
}

/// What read(rows, values) gives, of all rows of a split; it is called for some at a time.
template <class T, class Read>
std::vector<std::int64_t> of_all_rows(const Split& split, const Read& read) {
  std::vector<std::int64_t> all;
  std::vector<std::int64_t> rows;
  std::vector<T> values;
  for (std::int64_t first = 0; first < split.rows(); first += rows_at_once) {
    rows.resize(at(std::min(rows_at_once, split.rows() - first)));
    std::iota(rows.begin(), rows.end(), first);
    values.resize(rows.size());
    read(rows, values);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

std::vector<std::int64_t> split_labels(const Split& split) {
  if (!split.has_labels()) return {};
  return of_all_rows<std::int32_t>(split, [&](const auto& rows, auto& labels) { split.read_labels(rows, labels); });
}

std::vector<std::int64_t> split_groups(const Split& split) {
  if (!split.has_groups()) return {};
  return of_all_rows<std::int64_t>(split, [&](const auto& rows, auto& groups) { split.read_groups(rows, groups); });
}

}  // namespace

std::vector<std::int64_t> FoldPlan::rows_in(std::int64_t fold) const {
  std::vector<std::int64_t> rows;
  for (std::size_t row = 0; row < fold_of.size(); ++row) {
    if (fold_of[row] == fold) rows.push_back(static_cast<std::int64_t>(row));
  }
  return rows;
}

std::vector<std::int64_t> FoldPlan::rows_outside(std::int64_t fold) const {
  std::vector<std::int64_t> rows;
  for (std::size_t row = 0; row < fold_of.size(); ++row) {
    if (fold_of[row] != fold) rows.push_back(static_cast<std::int64_t>(row));
  }
  return rows;
}

void deal_folds(std::int64_t folds, std::uint64_t seed, const std::vector<std::int64_t>& classes,
                const std::vector<std::int64_t>& groups, std::vector<std::int32_t>& fold_of) {
  const RandomSource source(seed, Purpose::hold_out, 0, fold_lane);
  if (groups.empty()) {
    deal_rows(folds, source, classes, fold_of);
  } else {
    deal_groups(folds, source, classes, groups, fold_of);
  }
}

FoldPlan plan_folds(const Split& split, std::int64_t folds, std::uint64_t seed,
                    const std::vector<std::string>& class_names) {
  if (split.rows() < folds)
    throw Error(ExitStatus::usage, fmt::format("{} folds of the {} of split \"{}\" leave some empty; use fewer folds",
                                               folds, counted(split.rows(), "row"), split.name()));
  const std::vector<std::int64_t> classes = split_labels(split);
  const std::vector<std::int64_t> groups = split_groups(split);
  if (split.has_groups()) {
    std::vector<std::int64_t> different = groups;
    std::sort(different.begin(), different.end());
    const auto count = std::unique(different.begin(), different.end()) - different.begin();
    if (count < folds)
      throw Error(ExitStatus::usage,
                  fmt::format("the rows of split \"{}\" are of {}, which {} folds cannot share; use fewer folds",
                              split.name(), counted(count, "group"), folds));
  }
  FoldPlan plan{std::vector<std::int32_t>(at(split.rows())), split.has_groups(), note_on(classes, folds, class_names)};
  deal_folds(folds, seed, classes, groups, plan.fold_of);
  return plan;
}

std::vector<std::int64_t> hold_out_of(const Split& split, double fraction, std::uint64_t seed) {
  const std::int64_t count = fraction_count(split.rows(), fraction);
  if (!split.has_groups() || count <= 0 || count >= split.rows()) return hold_out(seed, split.rows(), fraction);
  const auto values = [](std::vector<std::int64_t> all) -> RowValues {
    if (all.empty()) return {};
    return [held = std::make_shared<const std::vector<std::int64_t>>(std::move(all))] {
      return [at = held->begin(), held]() mutable { return *at++; };
    };
  };
  const RowSet drawn =
      draw_rows({split.rows(), values(split_labels(split)), values(split_groups(split))}, count, seed, 0).rows;
  std::vector<std::int64_t> rows;
  for (std::int64_t row = drawn.after(-1); row < drawn.rows(); row = drawn.after(row)) rows.push_back(row);
  return rows;
}

}  // namespace shoal
