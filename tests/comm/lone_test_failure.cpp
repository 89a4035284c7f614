// A test that fails on the last rank alone, in each way that a test can: all ranks must count it as failed.

#include <gtest/gtest.h>

#include <stdexcept>

#include "mpi_test.hpp"

namespace {

bool last_rank() { return test_world().rank() == test_world().size() - 1; }

TEST(Lone, Failure) { EXPECT_FALSE(last_rank()) << "rank " << test_world().rank() << " is wrong"; }

TEST(Lone, Exception) {
  if (last_rank()) throw std::runtime_error("rank 2 is lost");
  test_world().barrier();
}

}  // namespace
