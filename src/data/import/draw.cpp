#include "draw.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "shoal/core/random.hpp"

namespace shoal {
namespace {

constexpr std::int64_t mixed = std::numeric_limits<std::int64_t>::max();

RowValues or_zeros(const RowValues& values) {
  if (values) return values;
  return [] { return [] { return std::int64_t{0}; }; };
}

/// A group of rows that stay together.
struct Group {
  std::int64_t stratum = 0;
  std::uint64_t key = 0;
  std::int64_t number = 0;  // in the order of their first rows
  std::int64_t rows = 1;
};

/// Groups by what they are called.
using GroupNumbers = std::unordered_map<std::int64_t, std::int64_t>;

std::vector<Group> groups_of(const Drawing& from, const RandomSource& source, GroupNumbers& numbers) {
  std::vector<Group> groups;
  const auto next_class = or_zeros(from.classes)();
  const auto next_group = from.groups();
  for (std::int64_t row = 0; row < from.rows; ++row) {
    const std::int64_t stratum = next_class();
    const auto next = static_cast<std::int64_t>(groups.size());
    const auto [found, is_new] = numbers.emplace(next_group(), next);
    if (is_new) {
      groups.push_back({stratum, source.bits(static_cast<std::uint64_t>(next)), next, 1});
      continue;
    }
    Group& group = groups[static_cast<std::size_t>(found->second)];
    ++group.rows;
    if (group.stratum != stratum) group.stratum = mixed;
  }
  return groups;
}

/// Groups [first, last) of a sorted list: those of one stratum.
struct GroupStratum {
  std::size_t first = 0;
  std::size_t last = 0;
};

std::vector<GroupStratum> strata_of(const std::vector<Group>& groups) {
  std::vector<GroupStratum> strata;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i == 0 || groups[i].stratum != groups[i - 1].stratum) strata.push_back({i, i});
    strata.back().last = i + 1;
  }
  return strata;
}

/// Which groups are drawn, by number.
std::vector<bool> drawn_groups(std::vector<Group> groups, std::int64_t count) {
  std::sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
    return std::tuple(a.stratum, a.key, a.number) < std::tuple(b.stratum, b.key, b.number);
  });
  const std::vector<GroupStratum> strata = strata_of(groups);
  std::vector<std::int64_t> sizes;
  std::vector<std::uint64_t> first_keys;
  for (const GroupStratum& stratum : strata) {
    first_keys.push_back(groups[stratum.first].key);
    std::int64_t size = 0;
    for (std::size_t g = stratum.first; g < stratum.last; ++g) size += groups[g].rows;
    sizes.push_back(size);
  }
  const std::vector<std::int64_t> goals = shares(sizes, first_keys, count);

  std::vector<bool> drawn(groups.size(), false);
  std::int64_t owed = 0;  // what groups that do not fit leave to the next stratum
  for (std::size_t s = 0; s < strata.size(); ++s) {
    owed += goals[s];
    for (std::size_t g = strata[s].first; g < strata[s].last; ++g) {
      if (std::abs(owed - groups[g].rows) >= std::abs(owed)) continue;
      drawn[static_cast<std::size_t>(groups[g].number)] = true;
      owed -= groups[g].rows;
    }
  }
  return drawn;
}

Drawn draw_groups(const Drawing& from, std::int64_t count, const RandomSource& source) {
  GroupNumbers numbers;
  const std::vector<bool> is_drawn = drawn_groups(groups_of(from, source, numbers), count);
  Drawn drawn{RowSet(from.rows)};
  std::set<std::int64_t> all;
  std::set<std::int64_t> there;
  const auto next_class = or_zeros(from.classes)();
  const auto next_group = from.groups();
  for (std::int64_t row = 0; row < from.rows; ++row) {
    const std::int64_t its_class = next_class();
    all.insert(its_class);
    if (!is_drawn[static_cast<std::size_t>(numbers.at(next_group()))]) continue;
    drawn.rows.insert(row);
    there.insert(its_class);
  }
  drawn.classes = std::ssize(all);
  drawn.absent = std::ssize(all) - std::ssize(there);
  return drawn;
}

/// Finds the rows of each class that have the smallest keys, and keeps in memory those alone whose keys are next to the
/// last of them.
class RowDraw {
 public:
  RowDraw(const Drawing& from, const RandomSource& source) : from_(from), source_(source) {
    std::map<std::int64_t, Stratum> strata;
    for_each_row([&](std::int64_t, std::int64_t its_class, std::uint64_t key) {
      Stratum& stratum = strata[its_class];
      ++stratum.rows;
      stratum.first_key = std::min(stratum.first_key, key);
    });
    for (const auto& [its_class, stratum] : strata) {
      places_.emplace(its_class, strata_.size());
      strata_.push_back(stratum);
    }
    // Keys by their first bits: as many kinds as make a million counters.
    constexpr std::size_t most_counters = std::size_t{1} << 20;
    bits_ = std::max(1, static_cast<int>(std::bit_width(most_counters / strata_.size())) - 1);
  }

  Drawn draw(std::int64_t count) {
    std::vector<std::int64_t> sizes;
    std::vector<std::uint64_t> first_keys;
    for (const Stratum& stratum : strata_) {
      sizes.push_back(stratum.rows);
      first_keys.push_back(stratum.first_key);
    }
    const std::vector<std::int64_t> goals = shares(sizes, first_keys, count);
    find_last_kinds(goals);

    Drawn drawn{RowSet(from_.rows), std::ssize(strata_), std::ranges::count(goals, 0)};
    std::vector<Candidate> candidates;
    for_each_row([&](std::int64_t row, std::int64_t its_class, std::uint64_t key) {
      const std::size_t s = places_.at(its_class);
      if (kind_of(key) < strata_[s].last_kind) drawn.rows.insert(row);
      if (kind_of(key) == strata_[s].last_kind) candidates.push_back({s, key, row});
    });
    std::ranges::sort(candidates);
    std::vector<std::int64_t> left;
    for (const Stratum& stratum : strata_) left.push_back(stratum.of_last_kind);
    for (const auto& [s, key, row] : candidates) {
      if (left[s]-- > 0) drawn.rows.insert(row);
    }
    return drawn;
  }

 private:
  struct Stratum {
    std::int64_t rows = 0;
    std::uint64_t first_key = std::numeric_limits<std::uint64_t>::max();
    std::size_t last_kind = 0;      // of the keys that are drawn: of smaller ones all are
    std::int64_t of_last_kind = 0;  // how many are drawn
  };
  using Candidate = std::tuple<std::size_t, std::uint64_t, std::int64_t>;  // stratum, key, row

  template <class Take>
  void for_each_row(const Take& take) const {
    const auto next_class = or_zeros(from_.classes)();
    for (std::int64_t row = 0; row < from_.rows; ++row)
      take(row, next_class(), source_.bits(static_cast<std::uint64_t>(row)));
  }

  std::size_t kind_of(std::uint64_t key) const {
    return static_cast<std::size_t>(key >> (std::numeric_limits<std::uint64_t>::digits - bits_));
  }

  void find_last_kinds(const std::vector<std::int64_t>& goals) {
    const std::size_t kinds = std::size_t{1} << bits_;
    std::vector<std::int64_t> counts(strata_.size() * kinds);
    for_each_row([&](std::int64_t, std::int64_t its_class, std::uint64_t key) {
      ++counts[places_.at(its_class) * kinds + kind_of(key)];
    });
    for (std::size_t s = 0; s < strata_.size(); ++s) {
      Stratum& stratum = strata_[s];
      stratum.of_last_kind = goals[s];
      const std::int64_t* const of_kind = counts.data() + s * kinds;
      while (stratum.of_last_kind > of_kind[stratum.last_kind]) stratum.of_last_kind -= of_kind[stratum.last_kind++];
    }
  }

  const Drawing& from_;
  const RandomSource& source_;
  std::unordered_map<std::int64_t, std::size_t> places_;  // of classes
  std::vector<Stratum> strata_;                           // by class
  int bits_ = 1;
};

}  // namespace

std::vector<std::int64_t> shares(std::span<const std::int64_t> sizes, std::span<const std::uint64_t> first_keys,
                                 std::int64_t count) {
  __extension__ using Wide = unsigned __int128;
  const std::int64_t all = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
  assert(count < all);
  std::vector<std::int64_t> result;
  std::vector<std::int64_t> remainders;
  for (const std::int64_t size : sizes) {
    const Wide part = static_cast<Wide>(count) * static_cast<Wide>(size);
    result.push_back(static_cast<std::int64_t>(part / static_cast<Wide>(all)));
    remainders.push_back(static_cast<std::int64_t>(part % static_cast<Wide>(all)));
  }
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tuple(-remainders[a], first_keys[a], a) < std::tuple(-remainders[b], first_keys[b], b);
  });
  std::int64_t left = count - std::accumulate(result.begin(), result.end(), std::int64_t{0});
  for (const std::int64_t kept : {1, 0}) {
    for (bool given = true; given && left > 0;) {
      given = false;
      for (const std::size_t s : order) {
        if (left == 0) break;
        if (result[s] + kept >= sizes[s]) continue;
        ++result[s];
        --left;
        given = true;
      }
    }
  }
  return result;
}

Drawn draw_rows(const Drawing& from, std::int64_t count, std::uint64_t seed, std::uint32_t lane) {
  assert(count > 0 && count < from.rows);
  const RandomSource source(seed, Purpose::hold_out, 0, lane);
  Drawn drawn = from.groups ? draw_groups(from, count, source) : RowDraw(from, source).draw(count);
  if (!from.classes) drawn.classes = drawn.absent = 0;
  return drawn;
}

}  // namespace shoal
