#include "draw.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <numeric>
#include <set>
#include <tuple>
#include <unordered_map>

#include "shoal/core/random.hpp"

namespace shoal {
namespace {

constexpr std::int64_t mixed = std::numeric_limits<std::int64_t>::max();

struct Unit {
  std::int64_t stratum = 0;
  std::uint64_t key = 0;
  std::int64_t number = 0;  // of the row, or of the group in the order of their first rows
  std::int64_t rows = 1;
};

/// The groups of `from` in the order of their first rows; number_of gets that of each row.
std::vector<Unit> group_units(const Drawing& from, std::vector<std::int64_t>& number_of) {
  std::vector<Unit> units;
  std::unordered_map<std::int64_t, std::int64_t> numbers;
  for (std::size_t row = 0; row < from.groups.size(); ++row) {
    const std::int64_t stratum = from.classes.empty() ? 0 : from.classes[row];
    const auto next = static_cast<std::int64_t>(units.size());
    const auto [found, is_new] = numbers.emplace(from.groups[row], next);
    number_of.push_back(found->second);
    if (is_new) {
      units.push_back({stratum, 0, next, 1});
      continue;
    }
    Unit& unit = units[static_cast<std::size_t>(found->second)];
    ++unit.rows;
    if (unit.stratum != stratum) unit.stratum = mixed;
  }
  return units;
}

std::vector<Unit> row_units(const Drawing& from) {
  std::vector<Unit> units(static_cast<std::size_t>(from.rows));
  for (std::size_t row = 0; row < units.size(); ++row) {
    units[row].number = static_cast<std::int64_t>(row);
    if (!from.classes.empty()) units[row].stratum = from.classes[row];
  }
  return units;
}

/// Units [first, last) of a sorted list: those of one stratum.
struct Stratum {
  std::size_t first = 0;
  std::size_t last = 0;
};

std::vector<Stratum> strata_of(const std::vector<Unit>& units) {
  std::vector<Stratum> strata;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (i == 0 || units[i].stratum != units[i - 1].stratum) strata.push_back({i, i});
    strata.back().last = i + 1;
  }
  return strata;
}

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
  std::vector<std::int64_t> number_of;  // the unit of a row; empty: the row itself
  std::vector<Unit> units = from.groups.empty() ? row_units(from) : group_units(from, number_of);
  for (Unit& unit : units) unit.key = source.bits(static_cast<std::uint64_t>(unit.number));
  std::sort(units.begin(), units.end(), [](const Unit& a, const Unit& b) {
    return std::tuple(a.stratum, a.key, a.number) < std::tuple(b.stratum, b.key, b.number);
  });

  const std::vector<Stratum> strata = strata_of(units);
  std::vector<std::int64_t> sizes;
  std::vector<std::uint64_t> first_keys;
  for (const Stratum& stratum : strata) {
    first_keys.push_back(units[stratum.first].key);
    std::int64_t size = 0;
    for (std::size_t u = stratum.first; u < stratum.last; ++u) size += units[u].rows;
    sizes.push_back(size);
  }
  const std::vector<std::int64_t> goals = shares(sizes, first_keys, count);

  Drawn drawn;
  std::vector<bool> is_drawn(units.size(), false);  // by number
  std::int64_t owed = 0;                            // what groups that do not fit leave to the next stratum
  for (std::size_t s = 0; s < strata.size(); ++s) {
    owed += goals[s];
    for (std::size_t u = strata[s].first; u < strata[s].last; ++u) {
      if (std::abs(owed - units[u].rows) >= std::abs(owed)) continue;
      is_drawn[static_cast<std::size_t>(units[u].number)] = true;
      owed -= units[u].rows;
    }
  }
  for (std::int64_t row = 0; row < from.rows; ++row) {
    const auto unit = static_cast<std::size_t>(number_of.empty() ? row : number_of[static_cast<std::size_t>(row)]);
    if (is_drawn[unit]) drawn.rows.push_back(row);
  }
  if (!from.classes.empty()) {
    std::set<std::int64_t> there;
    for (const std::int64_t row : drawn.rows) there.insert(from.classes[static_cast<std::size_t>(row)]);
    drawn.classes = std::ssize(std::set<std::int64_t>(from.classes.begin(), from.classes.end()));
    drawn.absent = drawn.classes - std::ssize(there);
  }
  return drawn;
}

}  // namespace shoal
