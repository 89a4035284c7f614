#pragma once

#include <cstdint>

namespace shoal {

/// The one place where MPI return codes are looked at.
/// @throws Error  with the call's name and MPI's own text; status lost where communication broke, internal otherwise
void check_mpi(int code, const char* call);

/// MPI counts in int. @throws Error(internal) when `count` does not fit
int mpi_count(std::int64_t count);

}  // namespace shoal
