#include "shoal/core/hash.hpp"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(Hash, IsXxh3OfTheBytesHoweverTheyAreCut) {
  EXPECT_EQ(Hash().hex(), "99aa06d3014798d86001c324468d497f");  // of nothing, from the algorithm's own test vectors
  EXPECT_EQ(Hash().add("ab").add("c").hex(), Hash().add("abc").hex());
  EXPECT_NE(Hash().add("abd").hex(), Hash().add("abc").hex());
  EXPECT_EQ(Hash().add(std::uint64_t{1}).hex(), Hash().add(std::string_view("\1\0\0\0\0\0\0\0", 8)).hex());
}

}  // namespace
}  // namespace shoal
