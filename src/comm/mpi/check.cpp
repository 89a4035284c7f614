#include "comm/mpi/check.hpp"

#include <fmt/format.h>
#include <mpi.h>

#include <array>
#include <limits>
#include <string>

#include "shoal/core/error.hpp"

namespace shoal {

void check_mpi(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  int error_class = MPI_ERR_UNKNOWN;
  MPI_Error_string(code, text.data(), &length);
  MPI_Error_class(code, &error_class);
  const bool broken = error_class == MPI_ERR_OTHER || error_class == MPI_ERR_INTERN || error_class == MPI_ERR_UNKNOWN;
  throw Error(broken ? ExitStatus::lost : ExitStatus::internal,
              fmt::format("{} failed: {}", call, std::string(text.data(), static_cast<std::size_t>(length))));
}

int mpi_count(std::int64_t count) {
  if (count < 0 || count > std::numeric_limits<int>::max()) {
    throw Error(ExitStatus::internal, fmt::format("a message of {} elements is more than MPI can count", count));
  }
  return static_cast<int>(count);
}

}  // namespace shoal
