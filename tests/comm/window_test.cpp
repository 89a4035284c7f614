#include "comm/window.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "comm/grouped.hpp"
#include "mpi_test.hpp"

namespace shoal {
namespace {

TEST(Window, AGroupSeesWhatEachOfItsRanksWrites) {
  for (Communicator& world : grouped_worlds()) {
    Transport& transport = world.transport();
    const std::int64_t bytes = 100 + 5000 * world.rank();
    Window window(transport, 10, bytes);
    const Groups& groups = window.groups();
    EXPECT_EQ(groups.first, transport.place().groups.first);
    for (std::int64_t i = 0; i < bytes; ++i) EXPECT_EQ(window.part(world.rank())[i], std::byte{0});
    for (int round = 1; round <= 100; ++round) {
      std::memset(window.part(world.rank()), round + world.rank(), static_cast<std::size_t>(bytes));
      if (world.rank() == groups.begin()) window.common()[9] = static_cast<std::byte>(round);
      window.barrier();
      EXPECT_EQ(window.common()[9], static_cast<std::byte>(round));
      for (int r = groups.begin(); r < groups.begin() + groups.size(); ++r)
        EXPECT_EQ(window.part(r)[99 + 5000 * r], static_cast<std::byte>(round + r));
      window.barrier();
    }
  }
}

TEST(Window, SignalsShowTheSlowestRank) {
  for (Communicator& world : grouped_worlds()) {
    Window window(world.transport(), 0, 8);
    EXPECT_EQ(window.lowest_signal(), 0U);
    window.barrier();
    const Groups& groups = window.groups();
    const auto member = static_cast<std::uint64_t>(world.rank() - groups.begin());
    window.signal(5 + member);
    window.wait_for_signals(5);
    window.barrier();
    EXPECT_EQ(window.lowest_signal(), 5U);
    window.barrier();
    window.signal(100);
    window.wait_for_signals(100);
    EXPECT_EQ(window.lowest_signal(), 100U);
  }
}

/// One rank of the host may not have that much: then none shares, and all have memory.
TEST(Window, IsRefusedOnAllRanksWhereOneCannotHaveIt) {
  Communicator& world = test_world();
  std::optional<SharedMemoryLimit> limit;
  if (world.rank() == 0) limit.emplace(1 << 20);
  Window small(world.transport(), 1000, 1000);
  Window large(world.transport(), 1 << 20, 1 << 20);
  limit.reset();
  EXPECT_EQ(small.groups().count(), world.transport().place().groups.count());
  EXPECT_EQ(large.groups().count(), world.size());
  EXPECT_EQ(large.groups().begin(), world.rank());
  std::memset(large.part(world.rank()), 7, 1 << 20);
  large.barrier();
  EXPECT_EQ(large.part(world.rank())[(1 << 20) - 1], std::byte{7});
}

}  // namespace
}  // namespace shoal
