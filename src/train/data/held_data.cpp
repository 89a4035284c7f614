#include "shoal/train/held_data.hpp"

#include <algorithm>

#include "shoal/comm/host_copy.hpp"
#include "shoal/io/memory_limit.hpp"

namespace shoal {
namespace {

constexpr std::int64_t most_held = std::int64_t{1} << 30;
constexpr std::uint64_t share_of_memory = 16;

std::int64_t bytes_of(const TrainingData& data) {
  return data.train.stored_bytes() + (data.validates_apart() ? data.validation->stored_bytes() : 0);
}

std::shared_ptr<const std::byte> copy_of(const Split& split, const Communicator& comm) {
  return make_host_copy(comm, split.stored_bytes(),
                        [&](std::int64_t first, std::span<std::byte> part) { split.read_stored(first, part); });
}

}  // namespace

void hold_rows(std::span<TrainingData> alike, const Communicator& comm) {
  const TrainingData& data = alike.front();
  const std::int64_t bytes = bytes_of(data);
  const auto room = static_cast<std::int64_t>(std::min<std::uint64_t>(most_held, usable_memory() / share_of_memory));
  const std::int64_t copies = copies_on_host(comm);
  const std::int64_t most = comm.all_max(bytes);
  const bool same = comm.all_min(bytes) == most;  // else their files are not the same, whatever they say of themselves
  if (!same || most > comm.all_min(room) / copies) return;
  const bool apart = data.validates_apart();
  const std::shared_ptr<const std::byte> memory = copy_of(data.train, comm);
  if (!memory) return;
  const std::shared_ptr<const std::byte> other = apart ? copy_of(*data.validation, comm) : memory;
  if (!other) return;
  for (TrainingData& one : alike) {
    one.train = one.train.held_in(memory);
    if (one.validation) one.validation = one.validation->held_in(other);
  }
}

}  // namespace shoal
