#include "shoal/data/normalization.hpp"

#include <algorithm>
#include <cmath>

#include "data_files.hpp"
#include "shoal/core/random.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;

class Normalizations : public DataFiles {
 protected:
  template <class T>
  Split open(std::int64_t features, const std::vector<T>& x) {
    return open_shaped({static_cast<std::int64_t>(x.size()) / features, features}, x);
  }
  template <class T>
  Split open_shaped(const std::vector<std::int64_t>& shape, const std::vector<T>& x) {
    H5Writer writer(path("d.h5"));
    put(writer, "train/x", shape, x);
    writer.finish();
    return Dataset::open(path("d.h5")).split("train");
  }
  /// In one process. The cut is part of the result's bits.
  static Normalization learn(const Split& split, std::string_view mode, const LeafCut& cut) {
    if (!needs_statistics(split, mode)) return from_statistics(split, mode, {});
    const LeafShare share(cut);
    std::vector<double> result(2 * static_cast<std::size_t>(split.features()));
    LocalTreeSum().tree_reduce(share, node_statistics(split, mode, share), statistics_merge(mode), result);
    return from_statistics(split, mode, result);
  }
  static LeafCut cut(const Split& split, std::int64_t leaf_samples) { return {split.rows(), leaf_samples}; }
};

TEST_F(Normalizations, StandardHasMeanZeroAndDeviationOneAroundTenThousand) {
  const RandomSource source(3, Purpose::synth);
  std::vector<float> x;
  for (std::uint64_t i = 0; i < 1001 * 2; ++i) x.push_back(static_cast<float>(1e4 + source.normal(0, i)));
  const Split split = open(2, x);
  const Normalization learnt = learn(split, "standard", cut(split, 32));
  for (std::size_t d = 0; d < 2; ++d) {
    long double sum = 0;
    long double squares = 0;
    for (std::size_t r = 0; r < 1001; ++r) sum += x[2 * r + d];
    const long double mean = sum / 1001;
    for (std::size_t r = 0; r < 1001; ++r) squares += (x[2 * r + d] - mean) * (x[2 * r + d] - mean);
    EXPECT_NEAR(learnt.mean[d], static_cast<double>(mean), 1e-11);
    EXPECT_NEAR(learnt.deviation[d], static_cast<double>(std::sqrt(squares / 1001)), 1e-13);
  }
  const std::vector<float> normalised = x_of(split, learnt);
  for (std::size_t i = 0; i < normalised.size(); ++i) {
    const double reference = (static_cast<double>(x[i]) - learnt.mean[i % 2]) / learnt.deviation[i % 2];
    ASSERT_NEAR(normalised[i], reference, 1e-6);
  }
}

TEST_F(Normalizations, ConstantFeaturesKeepDeviationOne) {
  const Split split = open<double>(2, {0.1, 1, 0.1, 2, 0.1, 3, 0.1, 4, 0.1, 5, 0.1, 6, 0.1, 7});
  const Normalization standard = learn(split, "standard", cut(split, 3));
  EXPECT_THAT(standard.mean, ElementsAre(0.1, 4.0));
  EXPECT_THAT(standard.deviation, ElementsAre(1.0, 2.0));
  const Normalization unit = learn(split, "unit", cut(split, 3));
  EXPECT_THAT(unit.mean, ElementsAre(0.1, 1.0));
  EXPECT_THAT(unit.deviation, ElementsAre(1.0, 6.0));
  EXPECT_EQ(x_of(split, unit).back(), 1.0F);
}

TEST_F(Normalizations, UnitLearnsBytesThatAreNoImages) {
  const Split split = open<std::uint8_t>(2, {0, 3, 1, 5, 0, 3});
  EXPECT_TRUE(needs_statistics(split, "unit"));
  const Normalization unit = learn(split, "unit", cut(split, 2));
  EXPECT_THAT(unit.mean, ElementsAre(0.0, 3.0));
  EXPECT_THAT(unit.deviation, ElementsAre(1.0, 2.0));
}

TEST_F(Normalizations, UnitDividesImagesBy255) {
  const Split split = open_shaped<std::uint8_t>({2, 1, 2}, {0, 255, 51, 5});
  EXPECT_FALSE(needs_statistics(split, "unit"));
  EXPECT_TRUE(needs_statistics(split, "standard"));
  const Normalization unit = learn(split, "unit", cut(split, 1));
  EXPECT_THAT(unit.mean, ElementsAre(0.0, 0.0));
  EXPECT_THAT(unit.deviation, ElementsAre(255.0, 255.0));
  EXPECT_THAT(x_of(split, unit), ElementsAre(0.0F, 1.0F, 0.2F, static_cast<float>(5.0 / 255.0)));
}

TEST_F(Normalizations, OfBytesAreOneNumberWhetherAllColumnsAreScaledAlikeOrNot) {
  std::vector<std::uint8_t> bytes(512);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i / 2);
  const Split split = open<std::uint8_t>(2, bytes);
  const Normalization alike{"standard", {31.7, 31.7}, {12.3, 12.3}};
  const Normalization unlike{"standard", {31.7, 31.7}, {12.3, 45.6}};
  const std::vector<float> x = x_of(split, alike);
  const std::vector<float> other = x_of(split, unlike);
  for (std::size_t row = 0; row < 256; ++row) {
    ASSERT_EQ(x[2 * row], normalised(static_cast<double>(row), 31.7, 1.0 / 12.3)) << row;
    ASSERT_EQ(x[2 * row + 1], x[2 * row]);
    ASSERT_EQ(other[2 * row], x[2 * row]);
    ASSERT_EQ(other[2 * row + 1], normalised(static_cast<double>(row), 31.7, 1.0 / 45.6));
  }
}

TEST_F(Normalizations, NoneIsTheIdentity) {
  const Split split = open<float>(1, {3, 4});
  const Normalization none = learn(split, "none", cut(split, 1));
  EXPECT_EQ(none.mode, "none");
  EXPECT_THAT(none.mean, ElementsAre(0));
  EXPECT_THAT(none.deviation, ElementsAre(1));
  EXPECT_THAT(x_of(split, none), ElementsAre(3, 4));
}

TEST_F(Normalizations, HaveTheSameBitsForAnyNumberOfRanks) {
  const RandomSource source(4, Purpose::synth);
  std::vector<float> x;
  for (std::uint64_t i = 0; i < 237 * 3; ++i) x.push_back(static_cast<float>(source.normal(0, i)));
  const Split split = open(3, x);
  for (const char* mode : {"standard", "unit"}) {
    const Normalization one = learn(split, mode, cut(split, 10));
    for (int ranks = 1; ranks <= 7; ++ranks) {
      std::vector<double> slots;
      for (int rank = 0; rank < ranks; ++rank) {
        const LeafShare share(cut(split, 10), 24, ranks, rank);
        const std::vector<double> mine = node_statistics(split, mode, share);
        slots.insert(slots.end(), mine.begin(), mine.end());
      }
      fold_slots(LeafShare(cut(split, 10), 24, ranks, 0), slots, 6, statistics_merge(mode));
      const Normalization joined = from_statistics(split, mode, std::span(slots).first(6));
      EXPECT_EQ(joined.mean, one.mean) << mode << ", " << ranks << " ranks";
      EXPECT_EQ(joined.deviation, one.deviation) << mode << ", " << ranks << " ranks";
    }
  }
}

TEST_F(Normalizations, FoldLeavesAsTheLeafTreeDoes) {
  const RandomSource source(5, Purpose::synth);
  std::vector<double> x;
  for (std::uint64_t i = 0; i < 25 * 2; ++i) x.push_back(source.normal(0, i));
  const Split split = open(2, x);
  const LeafShare share(cut(split, 9));  // leaves of 9, 9 and 7 rows
  std::vector<double> first = leaf_moments(split, 0, 9);
  const MomentsMerge merge;
  merge(first, leaf_moments(split, 9, 18), 9, 9);
  merge(first, leaf_moments(split, 18, 25), 18, 7);
  EXPECT_EQ(node_statistics(split, "standard", share), first);
}

TEST_F(Normalizations, ValuesTooNearEachOtherAreRefused) {
  for (const double tiny : {1e-160, 3e-200, 1e-310}) {
    const Split split = open<double>(1, {tiny, 2 * tiny, 3 * tiny, 2 * tiny});
    EXPECT_THROW(from_moments("standard", leaf_moments(split, 0, 4), 4), Error) << tiny;
    std::vector<double> parts = leaf_moments(split, 0, 1);  // and where every leaf by itself has no deviation
    MomentsMerge()(parts, leaf_moments(split, 1, 2), 1, 1);
    EXPECT_THROW(from_moments("standard", parts, 2), Error) << tiny;
  }
  std::vector<double> channel{0, 1e-200, 0, 0};  // two positions, each the same in all rows
  share_by_channel("standard", 2, 4, channel);
  EXPECT_THROW(from_moments("standard", channel, 4), Error);
  const Split small = open<double>(1, {1e-140, 3e-140});
  EXPECT_DOUBLE_EQ(from_moments("standard", leaf_moments(small, 0, 2), 2).deviation[0], 1e-140);
  EXPECT_DOUBLE_EQ(from_extremes("unit", leaf_extremes(small, 0, 2)).deviation[0], 2e-140);
  const Split least = open<double>(1, {1e-310, 3e-310});
  EXPECT_THROW(from_extremes("unit", leaf_extremes(least, 0, 2)), Error);
}

TEST_F(Normalizations, LeafStatisticsAreThoseOfTheirRows) {
  const Split split = open<float>(2, {9, 9, 1, 10, 3, 30, 5, 20});
  EXPECT_THAT(leaf_moments(split, 1, 4), ElementsAre(3, 20, 8, 200));
  EXPECT_THAT(leaf_extremes(split, 1, 4), ElementsAre(1, 10, 5, 30));
}

/// Of images (2, 3 positions), against sums over all rows and positions of a channel in one go.
TEST_F(Normalizations, OfImagesAreThoseOfAChannel) {
  constexpr std::int64_t rows = 37;
  constexpr std::int64_t positions = 3;
  const RandomSource source(6, Purpose::synth);
  std::vector<double> x;
  for (std::uint64_t i = 0; i < rows * 2 * positions; ++i) {
    const std::uint64_t channel = i / positions % 2;
    x.push_back(1e3 * static_cast<double>(channel) + static_cast<double>(i % positions) + source.normal(0, i));
  }
  const Split split = open(2 * positions, x);
  for (const char* mode : {"standard", "unit"}) {
    std::vector<double> statistics = node_statistics(split, mode, LeafShare(cut(split, 10)));
    statistics.resize(2 * 2 * positions);
    std::vector<double> as_they_were = statistics;
    share_by_channel(mode, 1, rows, as_they_were);
    EXPECT_EQ(as_they_were, statistics) << "one position: nothing to share";
    share_by_channel(mode, positions, rows, statistics);
    const Normalization learnt = from_statistics(split, mode, statistics);
    for (std::int64_t channel = 0; channel < 2; ++channel) {
      std::vector<double> values;
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (static_cast<std::int64_t>(i) / positions % 2 == channel) values.push_back(x[i]);
      }
      const auto count = static_cast<double>(values.size());
      double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
      double spread = 0.0;
      for (const double v : values) spread += (v - mean) * (v - mean) / count;
      spread = std::sqrt(spread);
      if (std::string(mode) == "unit") {
        mean = std::ranges::min(values);
        spread = std::ranges::max(values) - mean;
      }
      for (std::int64_t i = 0; i < positions; ++i) {
        const auto feature = static_cast<std::size_t>(channel * positions + i);
        EXPECT_NEAR(learnt.mean[feature], mean, 1e-10) << mode;
        EXPECT_NEAR(learnt.deviation[feature], spread, 1e-10) << mode;
        EXPECT_EQ(learnt.mean[feature], learnt.mean[static_cast<std::size_t>(channel * positions)]);
        EXPECT_EQ(learnt.deviation[feature], learnt.deviation[static_cast<std::size_t>(channel * positions)]);
      }
    }
  }
}

TEST_F(Normalizations, AChannelOfOneValueHasDeviationOne) {
  const Split split = open(2, std::vector<double>{7, 7, 7, 7, 7, 7});
  std::vector<double> statistics = leaf_moments(split, 0, 3);
  share_by_channel("standard", 2, 3, statistics);
  EXPECT_THAT(from_statistics(split, "standard", statistics).mean, ElementsAre(7, 7));
  EXPECT_THAT(from_statistics(split, "standard", statistics).deviation, ElementsAre(1, 1));
}

/// The sum of 49 times 0.1 is not 4.9, and what a constant channel is divided by must not be the error of that.
TEST_F(Normalizations, AChannelOfOneValueThatIsNoBinaryFractionHasDeviationOne) {
  const Split split = open(49, std::vector<double>(3 * 49, 0.1));
  std::vector<double> statistics = leaf_moments(split, 0, 3);
  share_by_channel("standard", 49, 3, statistics);
  const Normalization learnt = from_statistics(split, "standard", statistics);
  EXPECT_THAT(learnt.mean, ::testing::Each(0.1));
  EXPECT_THAT(learnt.deviation, ::testing::Each(1.0));
}

TEST_F(Normalizations, RefuseNanAndUnknownModes) {
  const Split split = open<float>(1, {1, 2, std::nanf(""), 4});
  expect_error([&] { learn(split, "standard", cut(split, 2)); }, ExitStatus::bad_data, {"train/x row 2, feature 0"});
  const Split far = open(2, std::vector<double>{0, 1e200, 0, -1e200});
  expect_error([&] { learn(far, "standard", cut(far, 2)); }, ExitStatus::bad_data, {"feature 1", "scale them down"});
  EXPECT_EQ(learn(far, "unit", cut(far, 2)).deviation[1], 2e200);
  expect_error([&] { learn(split, "unity", cut(split, 2)); }, ExitStatus::usage, {"\"unity\"", "unit"});
}

}  // namespace
}  // namespace shoal
