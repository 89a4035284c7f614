#include "train/data/sum_counts.hpp"

#include <algorithm>
#include <vector>

namespace shoal {

void sum_counts(std::span<double> counts, Communicator& comm) {
  constexpr std::size_t most = std::size_t{1} << 15;  // numbers of a message, of which a rank may hold one from each
  const LeafShare share(LeafCut{comm.size(), 1}, comm.size(), comm.size(), comm.rank());
  const AddMerge add;
  for (std::size_t first = 0; first < counts.size(); first += most) {
    const std::span piece = counts.subspan(first, std::min(most, counts.size() - first));
    const std::vector<double> mine(piece.begin(), piece.end());
    comm.tree_reduce(share, mine, add, piece);
  }
}

}  // namespace shoal
