#pragma once

#include <vector>

#include "shoal/comm/communicator.hpp"

namespace shoal {

/// How fast two ranks talk by messages.
struct LinkSpeed {
  double latency_us = 0.0;  ///< half of a round trip of 8 bytes, the least of many
  double gb_per_s = 0.0;    ///< 1e9 bytes, of a large message one way
};

/// Collective; takes about a second where a link is slow. The same on every rank.
/// @param a, b  two different ranks
LinkSpeed measure_link(const Communicator& comm, int a, int b);

/// Collective; takes half a second. Whether datagrams of the watch over ranks (RollCall) reach the ranks: entry r says
/// whether rank r was heard by all that asked it. Each asks up to 64 ranks behind it.
std::vector<bool> hear_ranks(const Communicator& comm);

}  // namespace shoal
