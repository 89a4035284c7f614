#include "data/import/row_set.hpp"

#include <gmock/gmock.h>

#include <utility>

namespace shoal {
namespace {

using ::testing::ElementsAre;

std::vector<std::int64_t> members(const RowSet& set) {
  std::vector<std::int64_t> rows;
  for (std::int64_t row = set.after(-1); row < set.rows(); row = set.after(row)) rows.push_back(row);
  return rows;
}

TEST(RowSet, HoldsWhatIsPutIn) {
  RowSet set(200);
  EXPECT_THAT(members(set), ElementsAre());
  for (const std::int64_t row : {63, 199, 0, 64, 64}) set.insert(row);
  EXPECT_THAT(members(set), ElementsAre(0, 63, 64, 199));
  EXPECT_EQ(set.count(), 4);
  EXPECT_TRUE(set.contains(64));
  EXPECT_FALSE(set.contains(65));
}

TEST(RowSet, BeginsWithAllRows) {
  for (const std::int64_t rows : {0, 1, 63, 64, 65, 300}) {
    RowSet all(rows, RowSet::Of::all);
    EXPECT_EQ(std::ssize(members(all)), rows);
    EXPECT_EQ(all.count(), rows);
    RowSet some(rows);
    if (rows > 1) some.insert(1);
    all.erase(some);
    EXPECT_EQ(all.count(), rows - some.count());
    EXPECT_EQ(std::ssize(members(all)), all.count());
  }
}

TEST(RankedRows, AreFoundByTheirPlaces) {
  for (const std::int64_t step : {1, 3, 700}) {
    RowSet set(5000);
    for (std::int64_t row = 2; row < 5000; row += step) set.insert(row);
    const RankedRows ranked(set);
    for (std::int64_t place = 0; place < ranked.count(); ++place) ASSERT_EQ(ranked.at(place), 2 + place * step);
    EXPECT_EQ(ranked.after(2), 2 + step);
  }
}

}  // namespace
}  // namespace shoal
