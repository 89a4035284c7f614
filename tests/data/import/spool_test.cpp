#include "data/import/spool.hpp"

#include <algorithm>

#include "../data_files.hpp"

namespace shoal {
namespace {

using SpoolTest = DataFiles;

/// What is read back does not depend on where memory ends and the file begins.
TEST_F(SpoolTest, GoesOnInAFile) {
  constexpr std::size_t size = 5 << 20;
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 2654435761U >> 24);
  const std::span<const std::byte> all(bytes);
  for (const std::int64_t memory : {std::int64_t{0}, std::int64_t{(2 << 20) + 17}, std::int64_t{6 << 20}}) {
    Spool spool(path("out.h5"), memory);
    for (std::size_t at = 0, part = 1; at < size; at += part, part = std::min(part * 3, size - at))
      EXPECT_EQ(spool.append(all.subspan(at, part)), static_cast<std::int64_t>(at));
    for (const auto& [first, count] : {std::pair{0, 5 << 20}, {(2 << 20) - 5, 100}, {4 << 20, 1 << 20}, {17, 0}}) {
      std::vector<std::byte> back(static_cast<std::size_t>(count));
      spool.read(first, back);
      EXPECT_TRUE(std::ranges::equal(back, all.subspan(static_cast<std::size_t>(first), back.size()))) << first;
    }
  }
  EXPECT_TRUE(std::filesystem::is_empty(path("")));
}

}  // namespace
}  // namespace shoal
