#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "shoal/comm/communicator.hpp"

namespace shoal {

/// Bytes that every rank reads and none changes any more, once a host. Collective. Null, on every rank, where ranks
/// that should share memory cannot (such as under ulimit -f), since each would have a copy; nothing is filled then.
/// @param fill  fills bytes [first, first + its length): each rank its part of a host's copy
/// @throws what fill throws, on every rank
std::shared_ptr<const std::byte> make_host_copy(
    const Communicator& comm, std::int64_t bytes,
    const std::function<void(std::int64_t first, std::span<std::byte> part)>& fill);

/// How many copies the ranks of this host make. Collective: the greatest of all hosts.
std::int64_t copies_on_host(const Communicator& comm);

}  // namespace shoal
