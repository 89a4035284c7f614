#include "shoal/data/augmentation.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <tuple>

namespace shoal {
namespace {

auto fields(const ImageView& v) {
  return std::tuple(v.down, v.right, v.flip, v.cut_top, v.cut_bottom, v.cut_left, v.cut_right);
}

TEST(Augmentation, IsAFunctionOfSeedEpochAndRow) {
  const AugmentSettings settings{.crop = 4, .flip = true, .cutout = 8};
  const Augmentation one(settings, 32, 32, 7, 3);
  EXPECT_EQ(fields(one.view(41)), fields(Augmentation(settings, 32, 32, 7, 3).view(41)));
  std::map<std::string, int> same;
  for (std::int64_t row = 0; row < 500; ++row) {
    same["seed"] += fields(one.view(row)) == fields(Augmentation(settings, 32, 32, 8, 3).view(row));
    same["epoch"] += fields(one.view(row)) == fields(Augmentation(settings, 32, 32, 7, 4).view(row));
    same["row"] += fields(one.view(row)) == fields(one.view(row + 1));
  }
  for (const auto& [what, count] : same) EXPECT_LT(count, 5) << what;
}

TEST(Augmentation, EveryShiftAndBothSidesAreEquallyLikely) {
  constexpr int rows = 90000;
  const Augmentation draw({.crop = 1, .flip = true}, 5, 7, 1, 1);
  std::map<std::tuple<std::int64_t, std::int64_t, bool>, int> counts;
  for (std::int64_t row = 0; row < rows; ++row) {
    const ImageView view = draw.view(row);
    ++counts[{view.down, view.right, view.flip}];
    EXPECT_EQ(view.cut_top, view.cut_bottom);
  }
  ASSERT_EQ(counts.size(), 18U);  // -1, 0, 1 each way, and two sides
  for (const auto& [view, count] : counts) EXPECT_NEAR(count, rows / 18, 400);
}

TEST(Augmentation, TheMiddleOfACutoutIsAnyPixel) {
  const Augmentation draw({.cutout = 3}, 4, 6, 1, 1);
  std::map<std::pair<std::int64_t, std::int64_t>, int> tops;
  for (std::int64_t row = 0; row < 24000; ++row) {
    const ImageView view = draw.view(row);
    EXPECT_EQ(fields(view), std::tuple(0, 0, false, view.cut_top, view.cut_bottom, view.cut_left, view.cut_right));
    ASSERT_TRUE(view.cut_top >= 0 && view.cut_top < view.cut_bottom && view.cut_bottom <= 4);
    ASSERT_TRUE(view.cut_left >= 0 && view.cut_left < view.cut_right && view.cut_right <= 6);
    ASSERT_LE(view.cut_bottom - view.cut_top, 3);
    ++tops[{view.cut_bottom, view.cut_right}];
  }
  // The middle of row 0 ends at 2, that of row 1 at 3, those of rows 2 and 3 at 4.
  EXPECT_EQ(tops.size(), 3U * 5U);
  EXPECT_NEAR((tops[{2, 2}]), 1000, 150);
  EXPECT_NEAR((tops[{4, 6}]), 4000, 300);
}

TEST(Augmentation, ASettingMovesNoDrawOfAnother) {
  const Augmentation all({.crop = 4, .flip = true, .cutout = 8}, 32, 32, 1, 1);
  const Augmentation shifted({.crop = 4}, 32, 32, 1, 1);
  const Augmentation flipped({.flip = true}, 32, 32, 1, 1);
  for (std::int64_t row = 0; row < 100; ++row) {
    EXPECT_EQ(all.view(row).down, shifted.view(row).down);
    EXPECT_EQ(all.view(row).right, shifted.view(row).right);
    EXPECT_EQ(all.view(row).flip, flipped.view(row).flip);
  }
}

}  // namespace
}  // namespace shoal
