#include "distinct_values.hpp"

namespace shoal {

std::size_t DistinctValues::count() const {
  std::size_t count = taken_;
  for (const std::uint64_t word : bytes_) count += static_cast<std::size_t>(std::popcount(word));
  return count;
}

void DistinctValues::give_up() {
  too_many_ = true;
  places_ = {};
}

void DistinctValues::insert(std::uint64_t key) {
  constexpr std::size_t places = std::size_t{1} << bits;
  static_assert(most < places / 2);
  if (places_.empty()) places_.resize(places);
  std::size_t at = start_of(key);
  while (places_[at] != 0) {
    if (places_[at] == key) return;
    at = (at + 1) % places;
  }
  places_[at] = key;
  if (++taken_ > most) give_up();
}

void DistinctValues::merge(const DistinctValues& other) {
  if (other.too_many_) give_up();
  if (too_many_) return;
  for (std::size_t i = 0; i < bytes_.size(); ++i) bytes_[i] |= other.bytes_[i];
  for (const std::uint64_t key : other.places_) {
    if (key != 0 && !too_many_) add_key(key);
  }
  if (!too_many_ && count() > most) give_up();
}

}  // namespace shoal
