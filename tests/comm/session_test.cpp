#include "shoal/comm/session.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "comm/placement.hpp"
#include "mpi_test.hpp"
#include "shoal/comm/launcher.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"

namespace shoal {
namespace {

const bool with_mpi = !mpi_library_version().empty();

TEST(Session, HasTheRanksThatWereLaunched) {
  const Launcher launcher = find_launcher(std::getenv);
  EXPECT_EQ(test_world().size(), launcher.found ? launcher.ranks : 1);
}

TEST(Session, OneHostKeepsTheOrderOfMpi) {
  const char* rank = std::getenv("OMPI_COMM_WORLD_RANK");
  if (rank == nullptr) rank = std::getenv("PMI_RANK");
  EXPECT_EQ(test_world().rank(), rank != nullptr ? std::atoi(rank) : 0);
}

TEST(Session, LogsFromRankZeroAlone) {
  testing::internal::CaptureStderr();
  log_info("hello");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), test_world().rank() == 0 ? "shoal: hello\n" : "");
}

TEST(Session, ThreadsFollowTheEnvironment) {
  const char* omp = omp_num_threads();
  ASSERT_NE(omp, nullptr) << "CTest sets it";
  EXPECT_EQ(test_world().threads_for_this_rank(), std::atoi(omp));
}

TEST(Session, NamesTheLibraryInOneLine) {
  if (with_mpi) {
    EXPECT_NE(mpi_library_version().find_first_of("0123456789"), std::string::npos);
  }
  EXPECT_EQ(mpi_library_version().find('\n'), std::string::npos);
}

TEST(Session, WithoutMpiRefusesSeveralRanks) {
  if (with_mpi) return;
  setenv("OMPI_COMM_WORLD_SIZE", "3", 1);
  char name[] = "shoal";
  char* argv[] = {name, nullptr};
  try {
    Session session(1, argv);
    ADD_FAILURE() << "three ranks would train alone";
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), ExitStatus::usage);
    EXPECT_NE(std::string(e.what()).find("SHOAL_MPI=OFF"), std::string::npos) << e.what();
  }
  unsetenv("OMPI_COMM_WORLD_SIZE");
}

}  // namespace
}  // namespace shoal
