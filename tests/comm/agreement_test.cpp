#include "comm/agreement.hpp"

#include <gtest/gtest.h>

#include <array>

namespace shoal {
namespace {

TEST(Agreement, TheSameCallsAgree) {
  EXPECT_EQ(disagreement(std::array<CollectiveCall, 1>{}), "");
  EXPECT_EQ(disagreement(
                std::array{CollectiveCall{Collective::broadcast, 1, 8}, CollectiveCall{Collective::broadcast, 1, 8}}),
            "");
}

TEST(Agreement, KindRootAndCountMustBeTheSame) {
  const CollectiveCall broadcast{Collective::broadcast, 0, 8};
  EXPECT_EQ(disagreement(std::array{broadcast, CollectiveCall{Collective::barrier}, broadcast}),
            "rank 0 broadcast of 8 from rank 0, rank 1 barrier");
  EXPECT_EQ(disagreement(std::array{broadcast, broadcast, CollectiveCall{Collective::broadcast, 2, 8},
                                    CollectiveCall{Collective::broadcast, 0, 9}}),
            "rank 0 broadcast of 8 from rank 0, rank 2 broadcast of 8 from rank 2, rank 3 broadcast of 9 from rank 0");
}

}  // namespace
}  // namespace shoal
