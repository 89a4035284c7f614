#include "shoal/comm/host_copy.hpp"

#include <gtest/gtest.h>

#include "comm/grouped.hpp"
#include "comm/transport.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

std::byte number(std::int64_t i) { return static_cast<std::byte>(i * 7 + i / 256); }

TEST(HostCopy, IsFilledByPartsAndSeenWholeByEveryRank) {
  for (Communicator& world : grouped_worlds()) {
    for (const std::int64_t bytes : {0, 1, 3, 10007}) {
      std::int64_t filled = 0;
      const auto copy = make_host_copy(world, bytes, [&](std::int64_t first, std::span<std::byte> part) {
        for (std::size_t i = 0; i < part.size(); ++i) part[i] = number(first + static_cast<std::int64_t>(i));
        filled = std::ssize(part);
      });
      for (std::int64_t i = 0; i < bytes; ++i) ASSERT_EQ(copy.get()[i], number(i)) << i;
      const std::int64_t sharing = world.transport().place().groups.size();
      EXPECT_LE(filled, (bytes + sharing - 1) / sharing) << "one rank has read more than its part";
    }
  }
}

TEST(HostCopy, OutlivesItsCommunicator) {
  std::shared_ptr<const std::byte> copy;
  {
    Communicator world(test_world().transport().split(0, 1 << 20));
    copy = make_host_copy(world, 5000, [](std::int64_t, std::span<std::byte> part) {
      for (std::byte& byte : part) byte = std::byte{9};
    });
  }
  EXPECT_EQ(copy.get()[4999], std::byte{9});
}

TEST(HostCopy, WhatOneRankCannotReadIsAnErrorOfAll) {
  for (Communicator& world : grouped_worlds()) {
    EXPECT_THROW(make_host_copy(world, 100,
                                [&](std::int64_t, std::span<std::byte>) {
                                  if (world.rank() == world.size() - 1)
                                    throw Error(ExitStatus::bad_data, "the file is cut short");
                                }),
                 SharedError);
  }
}

TEST(HostCopy, IsNoneWhereRanksThatShouldShareMemoryCannot) {
  const SharedMemoryLimit limit(4096);
  const auto copy = make_host_copy(test_world(), 100000, [](std::int64_t, std::span<std::byte> part) {
    for (std::byte& byte : part) byte = std::byte{5};
  });
  if (test_world().size() > 1) {
    EXPECT_EQ(copy, nullptr) << "each rank would have its own";
  } else {
    for (std::int64_t i = 0; i < 100000; ++i) ASSERT_EQ(copy.get()[i], std::byte{5});
  }
}

}  // namespace
}  // namespace shoal
