#pragma once

#include <span>
#include <string>
#include <vector>

#include "shoal/comm/session.hpp"

namespace shoal {

/// The affinity mask of this process as bits, for comparison between ranks of a host; empty where the system has none.
std::vector<unsigned char> affinity_mask();

/// OMP_NUM_THREADS, or null.
const char* omp_num_threads();

/// `omp` (its first number, where it is a list) when it is a positive number; else cores / ranks sharing them, at
/// least 1.
int thread_count(const char* omp, int cores, int sharing_ranks);

/// Where each rank stands in the order (host, rank on host): entry r is its place. lowest_on_host: for each rank, the
/// lowest rank on its host, by which hosts are ordered.
std::vector<int> order_by_host(std::span<const int> lowest_on_host);

}  // namespace shoal
