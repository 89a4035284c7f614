#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "shoal/comm/communicator.hpp"
#include "shoal/graph/graph.hpp"

namespace shoal {

/// What every rank must hold alike, bit for bit. A difference means that hardware, a library or shoal itself has broken
/// the promise, and that the run is worth nothing from there on.
struct Held {
  const Graph& graph;
  std::span<const float> parameters;
  std::span<const double> states;
  std::span<const double> average_states = {};  ///< of the average of weights, where one is kept
};

/// A hash that float64 holds exactly; never 0, which stands for a rank that was not heard.
double own_hash(const Held& held);
/// A slot per rank with this rank's hash in its own and 0 elsewhere, to be summed over ranks with other numbers.
std::vector<double> hash_slots(const Held& held, const Communicator& comm);
/// Whether two ranks that were heard have different hashes.
bool slots_differ(std::span<const double> slots);

/// Collective, once slots_differ. @throws SharedError (internal)  naming the ranks whose numbers differ from those of
/// most ranks (of rank 0 where none are most), and the first array in which they do
[[noreturn]] void report_drift(const Held& held, const Communicator& comm, std::int64_t step);

}  // namespace shoal
