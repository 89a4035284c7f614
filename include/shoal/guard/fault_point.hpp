#pragma once

/// SHOAL_FAULT_POINT(name) and SHOAL_FAULT_POINT(name, span): where tests break a rank on purpose, or numbers that it
/// holds. Only the binary of tests/faults is compiled with SHOAL_FAULTS; in all others these are nothing at all.
#ifdef SHOAL_FAULTS

#include <span>

#include "shoal/comm/communicator.hpp"

namespace shoal {

/// Does what SHOAL_FAULT=point:rank:step:mode in the environment says, once in a process: where point, the rank of the
/// job and noted_step() are those.
void fault_point(const char* point);
void fault_point(const char* point, std::span<float> values);
void fault_point(const char* point, std::span<double> values);
/// Calls a collective that the other ranks do not.
void fault_point(const char* point, const Communicator& comm);

}  // namespace shoal

#define SHOAL_FAULT_POINT(...) ::shoal::fault_point(__VA_ARGS__)
#else
#define SHOAL_FAULT_POINT(...) static_cast<void>(0)
#endif
