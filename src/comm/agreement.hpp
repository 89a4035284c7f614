#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace shoal {

class Transport;

enum class Collective : std::int32_t { barrier, broadcast, gather, all_gather, tree_reduce, exchange_gradients, split };

/// A collective that a rank is about to call: what all must call alike. Where SHOAL_CHECK_COLLECTIVES is defined (debug
/// builds, and the binary of tests/faults) a communicator compares them before each, at the cost of a message. A rank
/// that calls nothing at all is the watchdog's.
struct CollectiveCall {
  Collective kind = Collective::barrier;
  std::int32_t root = 0;
  std::int64_t count = 0;  ///< bytes, or numbers; 0 where ranks may differ

  bool operator==(const CollectiveCall&) const = default;
};

/// The ranks that differ from rank 0, and the calls; empty where there are none. calls: by rank.
std::string disagreement(std::span<const CollectiveCall> calls);

/// Compares, where that is wanted. @throws SharedError (internal) that says which rank calls what
void agree(Transport& transport, const CollectiveCall& call);

}  // namespace shoal
