#include "comm/mpi/check.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "mpi_test.hpp"
#include "shoal/comm/launcher.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

TEST(MpiCheck, ThrowsWithTheCallAndMpisOwnText) {
  if (!find_launcher(std::getenv).found) return;  // MPI explains its codes only once it is started
  check_mpi(0, "MPI_Barrier");
  try {
    check_mpi(1, "MPI_Bcast");  // MPI_ERR_BUFFER in Open MPI and MPICH
    ADD_FAILURE();
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), ExitStatus::internal);
    EXPECT_TRUE(std::string(e.what()).starts_with("MPI_Bcast failed: ")) << e.what();
    EXPECT_NE(std::string(e.what()).find("buffer"), std::string::npos) << e.what();
  }
}

TEST(MpiCheck, AFailedCallThrowsInsteadOfEndingTheJob) {
  std::byte data{};
  if (test_world().size() > 1) {
    EXPECT_THROW(test_world().broadcast(std::span(&data, 1), 1000), Error);
  }
}

TEST(MpiCheck, CountsThatMpiCannotHoldAreErrors) {
  EXPECT_EQ(mpi_count(2147483647), 2147483647);
  EXPECT_THROW(mpi_count(std::int64_t{1} << 31), Error);
  EXPECT_THROW(mpi_count(-1), Error);
}

}  // namespace
}  // namespace shoal
