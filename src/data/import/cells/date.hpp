#pragma once

#include <optional>
#include <string_view>

namespace shoal {

/// Seconds since 1970 UTC of a date or time: 2018-01-28 or 2018/01/28, alone or with 12:30, 12:30:15 or 12:30:15.25
/// behind T or a blank, and Z, +02, +0200 or +02:00 behind that. Without one the time counts as UTC.
/// Source: ISO 8601; the count of days: H. Hinnant, "chrono-compatible low-level date algorithms".
std::optional<double> parse_date(std::string_view text);

/// Whether such a date says its zone.
inline bool has_zone(std::string_view date) { return date.find_first_of("Z+-", 10) != std::string_view::npos; }

}  // namespace shoal
