#include "comm/groups.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>

namespace shoal {
namespace {

using testing::ElementsAre;

TEST(Groups, AreTheRanksOfAHost) {
  const std::vector<int> two_hosts{0, 0, 0, 3, 3};
  const Groups groups = group_by_host(two_hosts, 100, 3);
  EXPECT_THAT(groups.first, ElementsAre(0, 3, 5));
  EXPECT_EQ(groups.own, 1);
  EXPECT_EQ(groups.count(), 2);
  EXPECT_EQ(groups.size(), 2);
  EXPECT_EQ(groups.begin(), 3);
  EXPECT_EQ(groups.of(2), 0);
  EXPECT_EQ(groups.of(4), 1);
}

TEST(Groups, CanBeSmallerThanAHost) {
  const std::vector<int> two_hosts{0, 0, 0, 3, 3};
  EXPECT_THAT(group_by_host(two_hosts, 2, 0).first, ElementsAre(0, 2, 3, 5));
  EXPECT_THAT(group_by_host(two_hosts, 1, 0).first, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(alone(3, 2).first, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(alone(3, 2).own, 2);
}

TEST(Groups, DealTheSlicesOfOthersAmongTheirRanks) {
  const std::vector<int> hosts{0, 0, 0, 0, 4, 4, 6};
  const Groups groups = group_by_host(hosts, 100, 0);
  EXPECT_EQ(groups.deputy(0, 1), 4);
  EXPECT_EQ(groups.deputy(1, 1), 5);
  EXPECT_EQ(groups.deputy(2, 1), 4);
  EXPECT_EQ(groups.deputy(3, 2), 6);
  EXPECT_EQ(groups.deputy(5, 0), 1);
  std::map<int, int> wards;
  for (int rank = 0; rank < 4; ++rank) ++wards[groups.deputy(rank, 1)];
  EXPECT_EQ(wards[4], wards[5]);
}

TEST(MostInGroup, FollowsTheEnvironment) {
  EXPECT_EQ(most_in_group("off"), 1);
  EXPECT_EQ(most_in_group("2"), 2);
  for (const char* all : {"on", "", "0", "-3", "2x", static_cast<const char*>(nullptr)})
    EXPECT_EQ(most_in_group(all), std::numeric_limits<int>::max());
}

}  // namespace
}  // namespace shoal
