#include "row_twins.hpp"

#include <algorithm>

#include "shoal/core/hash.hpp"

namespace shoal {

void RowTwins::add(const std::string& split, std::span<const std::byte> bytes, std::size_t row_bytes) {
  std::vector<std::uint64_t>& hashes = hashes_[split];
  for (std::size_t at = 0; at < bytes.size(); at += row_bytes) {
    const std::uint64_t hash = short_hash(bytes.subspan(at, row_bytes));
    if ((hash & dropped_bits_) != 0) continue;
    hashes.push_back(hash);
    if (++kept_ > most_) thin();
  }
}

/// Leaves out half of the hashes that there are.
void RowTwins::thin() {
  dropped_bits_ = 2 * dropped_bits_ + 1;
  kept_ = 0;
  for (auto& [split, hashes] : hashes_) {
    std::erase_if(hashes, [&](std::uint64_t hash) { return (hash & dropped_bits_) != 0; });
    kept_ += hashes.size();
  }
}

double RowTwins::share(const std::string& split) const {
  const auto train = hashes_.find("train");
  const auto other = hashes_.find(split);
  if (train == hashes_.end() || other == hashes_.end() || other->second.empty()) return 0.0;
  std::vector<std::uint64_t> known = train->second;
  std::ranges::sort(known);
  const auto twins =
      std::ranges::count_if(other->second, [&](std::uint64_t hash) { return std::ranges::binary_search(known, hash); });
  return static_cast<double>(twins) / static_cast<double>(other->second.size());
}

}  // namespace shoal
