#include "shoal/tensor/parallel.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
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

TEST(Parallel, ManyListsOfOneTeam) {
  for (int size : {1, 2, 3, 8}) {
    set_threads(size);
    std::vector<std::int64_t> sums(3000, 0);  // list k adds k to its first k % 40 elements, which the next one reads
    with_team([&] {
      for (std::int64_t k = 1; k <= 3000; ++k) {
        parallel_for(k % 40, [&](std::int64_t i) { sums[static_cast<std::size_t>(i)] += k; });
      }
    });
    for (std::int64_t i = 0; i < 40; ++i) {
      std::int64_t expected = 0;
      for (std::int64_t k = 1; k <= 3000; ++k) expected += i < k % 40 ? k : 0;
      ASSERT_EQ(sums[static_cast<std::size_t>(i)], expected) << size << " threads, element " << i;
    }
  }
}

TEST(Parallel, MoreTasksThanAShareCounts) {
  set_threads(3);
  std::vector<std::atomic<std::uint8_t>> runs(1'000'003);
  parallel_for(static_cast<std::int64_t>(runs.size()), [&](std::int64_t i) { ++runs[static_cast<std::size_t>(i)]; });
  for (auto& count : runs) ASSERT_EQ(count, 1);
}

TEST(Parallel, ATaskThatAsksForMoreDoesThemItself) {
  set_threads(2);
  std::atomic<int> runs = 0;
  with_team([&] {
    parallel_for(10, [&](std::int64_t) { parallel_for(10, [&](std::int64_t) { ++runs; }); });
    with_team([&] { parallel_for(5, [&](std::int64_t) { ++runs; }); });
  });
  EXPECT_EQ(runs, 105);
}

TEST(Parallel, WhatABodyThrowsReachesTheCaller) {
  for (int size : {1, 2}) {
    set_threads(size);
    EXPECT_THROW(with_team([] { throw std::runtime_error("lost"); }), std::runtime_error);
    int runs = 0;
    with_team([&] { ++runs; });
    EXPECT_EQ(runs, 1);
  }
}

/// On whichever thread it is thrown, and not before the others have left what lies on the caller's stack.
TEST(Parallel, WhatATaskThrowsReachesTheCaller) {
  for (int size : {1, 2, 3}) {
    set_threads(size);
    with_team([&] {
      for (int round = 0; round < 200; ++round) {
        std::atomic<int> under_way = 0;
        try {
          parallel_for(64, [&](std::int64_t i) {
            ++under_way;
            if (i % 3 == 0) {
              --under_way;
              throw std::runtime_error("lost");
            }
            --under_way;
          });
          ADD_FAILURE() << "nothing was thrown";
        } catch (const std::runtime_error& e) {
          EXPECT_STREQ(e.what(), "lost");
          EXPECT_EQ(under_way, 0);
        }
        std::atomic<int> runs = 0;
        parallel_for(64, [&](std::int64_t) { ++runs; });
        EXPECT_EQ(runs, 64) << "the team is as before";
      }
    });
  }
  EXPECT_THROW(parallel_for(8, [](std::int64_t) { throw std::runtime_error("lost"); }), std::runtime_error);
}

}  // namespace
}  // namespace shoal
