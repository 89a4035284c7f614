#include "shoal/tensor/buffer.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace shoal {
namespace {

TEST(Buffer, IsZeroAlignedAndMovable) {
  Buffer<float> buffer(1000);
  for (float v : buffer.span()) EXPECT_EQ(v, 0);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0u);
  buffer.data()[999] = 3;
  Buffer<float> moved(std::move(buffer));
  EXPECT_EQ(moved.data()[999], 3);
  EXPECT_EQ(Buffer<double>(0).size(), 0);
}

}  // namespace
}  // namespace shoal
