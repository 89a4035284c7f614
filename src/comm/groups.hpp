#pragma once

#include <span>
#include <vector>

namespace shoal {

/// The ranks of a communicator by the memory that they share. A group is a run of consecutive ranks of one host.
struct Groups {
  std::vector<int> first{0, 1};  ///< the first rank of each group, then the number of ranks
  int own = 0;                   ///< the group of this rank

  int count() const { return static_cast<int>(first.size()) - 1; }
  int begin(int group) const { return first[static_cast<std::size_t>(group)]; }
  int size(int group) const { return begin(group + 1) - begin(group); }
  int size() const { return size(own); }
  int begin() const { return begin(own); }
  int of(int rank) const;
  /// Who in `group` handles what concerns `rank`, a rank of another group: the ranks of a group are dealt in turn.
  int deputy(int rank, int group) const { return begin(group) + (rank - begin(of(rank))) % size(group); }
};

/// Every rank by itself.
Groups alone(int ranks, int rank);

/// Consecutive ranks of a host, at most `most` in a group. lowest_on_host: for each rank, the lowest rank on its host.
Groups group_by_host(std::span<const int> lowest_on_host, int most, int rank);

/// What SHOAL_WINDOWS asks for: the most ranks that may share memory. "off": 1; a number: that many, so that one host
/// can play several; "on", anything else or null: all of a host.
int most_in_group(const char* text);

}  // namespace shoal
