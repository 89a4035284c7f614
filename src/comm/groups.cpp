#include "comm/groups.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>

namespace shoal {

int Groups::of(int rank) const {
  return static_cast<int>(std::upper_bound(first.begin(), first.end() - 1, rank) - first.begin()) - 1;
}

Groups alone(int ranks, int rank) {
  Groups groups{.first = {}, .own = rank};
  for (int r = 0; r <= ranks; ++r) groups.first.push_back(r);
  return groups;
}

Groups group_by_host(std::span<const int> lowest_on_host, int most, int rank) {
  Groups groups{.first = {}, .own = 0};
  const auto ranks = static_cast<int>(lowest_on_host.size());
  for (int r = 0; r < ranks; ++r) {
    const auto here = static_cast<std::size_t>(r);
    if (r == 0 || lowest_on_host[here] != lowest_on_host[here - 1] || r - groups.first.back() == most)
      groups.first.push_back(r);
  }
  groups.first.push_back(ranks);
  groups.own = groups.of(rank);
  return groups;
}

int most_in_group(const char* text) {
  constexpr int all = std::numeric_limits<int>::max();
  if (text == nullptr) return all;
  const std::string_view value(text);
  if (value == "off") return 1;
  int number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  return error == std::errc() && end == value.data() + value.size() && number > 0 ? number : all;
}

}  // namespace shoal
