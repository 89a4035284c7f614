#pragma once

#include <span>
#include <string>
#include <vector>
#include "shoal/core/cores.hpp"

#include "shoal/comm/launcher.hpp"
#include "shoal/comm/session.hpp"

namespace shoal {

/// The processors in a mask, by number.
std::vector<int> processors_of(std::span<const unsigned char> mask);

/// Those processors with the threads of one core, the cores of one NUMA node and the nodes of one package side by side;
/// as they are where the system does not say. system: as /sys/devices/system.
std::vector<int> by_core(std::vector<int> processors, const std::string& system = "/sys/devices/system");

/// An equal run of `processors` for the `index`-th of `ranks` that share them, none of it another's.
std::span<const int> share_of_processors(std::span<const int> processors, int ranks, int index);

/// Keeps this thread, and those that it starts from here on, on these processors.
void stay_on(std::span<const int> processors);

/// OMP_NUM_THREADS, or null.
const char* omp_num_threads();

/// `omp` (its first number, where it is a list) when it is a positive number; else cores / ranks sharing them, at
/// least 1.
int thread_count(const char* omp, int cores, int sharing_ranks);

/// Where each rank stands in the order (host, rank on host): entry r is its place. lowest_on_host: for each rank, the
/// lowest rank on its host, by which hosts are ordered.
std::vector<int> order_by_host(std::span<const int> lowest_on_host);

}  // namespace shoal
