#include "comm/shared_memory.hpp"

#include <gtest/gtest.h>

namespace shoal {
namespace {

constexpr std::int64_t bytes = 8192;

TEST(SharedMemory, IsSeenByWhoeverHasItsAddress) {
  const SharedMemory made = SharedMemory::make(bytes);
  const SharedMemory opened = SharedMemory::open(made.address(), bytes);
  ASSERT_NE(made.data(), nullptr);
  ASSERT_NE(opened.data(), nullptr);
  EXPECT_EQ(opened.data()[bytes - 1], std::byte{0});
  made.data()[bytes - 1] = std::byte{7};
  EXPECT_EQ(opened.data()[bytes - 1], std::byte{7});
}

TEST(SharedMemory, IsNotMistakenForAnotherFile) {
  const SharedMemory made = SharedMemory::make(bytes);
  const SharedMemory other = SharedMemory::make(bytes);
  SharedMemory::Address address = made.address();
  address.descriptor = other.address().descriptor;  // as where process numbers mean others
  EXPECT_EQ(SharedMemory::open(address, bytes).data(), nullptr);
  EXPECT_EQ(SharedMemory::open(made.address(), 2 * bytes).data(), nullptr);
}

TEST(SharedMemory, CannotBeOpenedOnceItIsSealed) {
  SharedMemory made = SharedMemory::make(bytes);
  const SharedMemory::Address address = made.address();
  made.seal();
  EXPECT_EQ(SharedMemory::open(address, bytes).data(), nullptr);
}

}  // namespace
}  // namespace shoal
