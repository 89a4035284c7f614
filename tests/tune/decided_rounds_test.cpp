#include "tune/decided_rounds.hpp"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(DecidedRounds, ReadBackEqualToTheLastBit) {
  const std::vector<std::vector<Place>> rounds = {{{0.1, 1.0 / 3.0}, {0.0, 1.0}}, {{0.5, 0x1.fffffffffffffp-1}}};
  EXPECT_EQ(parse_rounds(to_jsonl(rounds)), rounds);
  EXPECT_EQ(to_jsonl({}), "");
}

TEST(DecidedRounds, ATornLineAndWhatFollowsAreLeftOut) {
  const std::vector<std::vector<Place>> rounds = {{{0.1}}, {{0.2}}, {{0.3}}};
  const std::string text = to_jsonl(rounds);
  EXPECT_EQ(parse_rounds(text.substr(0, text.size() - 5)).size(), 2U);
  EXPECT_EQ(parse_rounds("{\"round\":2,\"places\":[[0.5]]}\n").size(), 0U) << "round 1 is missing";
  EXPECT_EQ(read_rounds("/nonexistent/rounds.jsonl").size(), 0U);
}

}  // namespace
}  // namespace shoal
