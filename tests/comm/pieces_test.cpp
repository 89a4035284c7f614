#include "comm/pieces.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

namespace shoal {
namespace {

TEST(Pieces, CoverAllBytesInOrder) {
  std::vector<std::byte> data(10);
  for (const std::size_t largest : {1U, 3U, 5U, 9U, 10U, 11U}) {
    std::size_t next = 0;
    for_each_piece(std::span(data), largest, [&](std::span<std::byte> piece) {
      EXPECT_EQ(piece.data(), data.data() + next);
      EXPECT_GT(piece.size(), 0U);
      EXPECT_LE(piece.size(), largest);
      next += piece.size();
    });
    EXPECT_EQ(next, data.size()) << largest;
  }
}

TEST(Pieces, NothingIsNotSent) {
  for_each_piece(std::span<std::byte>(), 4, [](std::span<std::byte>) { FAIL(); });
}

TEST(Pieces, FitWhatMpiCounts) {
  EXPECT_LE(largest_piece_bytes, std::size_t{std::numeric_limits<std::int32_t>::max()});
}

}  // namespace
}  // namespace shoal
