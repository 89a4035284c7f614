#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "shoal/data/columns.hpp"

namespace shoal {

/// Seconds since 1970 UTC of a date or time: 2018-01-28 or 2018/01/28, alone or with 12:30, 12:30:15 or 12:30:15.25
/// behind T or a blank, and Z, +02, +0200 or +02:00 behind that. Without one the time counts as UTC. Also 28.01.2018,
/// and with an order 28/1/2018 or 1-28-2018, with a time whose hours may have one digit, or AM or PM.
/// Source: ISO 8601; the count of days: H. Hinnant, "chrono-compatible low-level date algorithms".
std::optional<double> parse_date(std::string_view text, DateOrder order = DateOrder::none);

/// Whether such a date says its zone.
inline bool has_zone(std::string_view date) {
  constexpr std::size_t of_a_day = 8;  // at least: 1-1-2018, and no mark of 2018-01-28 comes later
  return date.find_first_of("Z+-", of_a_day) != std::string_view::npos;
}

}  // namespace shoal
