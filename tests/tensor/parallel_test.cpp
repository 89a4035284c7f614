#include "shoal/tensor/parallel.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace shoal {
namespace {

TEST(Parallel, EachTaskRunsOnce) {
  for (int team : {1, 2, 4}) {
    set_threads(team);
    EXPECT_EQ(threads(), team);
    std::vector<std::atomic<int>> runs(1000);
    parallel_for(1000, [&](std::int64_t i) { ++runs[static_cast<std::size_t>(i)]; });
    for (auto& count : runs) EXPECT_EQ(count, 1);
    parallel_for(0, [](std::int64_t) { FAIL(); });
  }
}

}  // namespace
}  // namespace shoal
