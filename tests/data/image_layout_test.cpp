#include "shoal/data/image_layout.hpp"

#include "data_files.hpp"

namespace shoal {
namespace {

constexpr std::int64_t samples = 6;

/// How a table of pixels is changed in so many words: padded by `pad` zeros, cropped, mirrored, normalised, cut.
template <class T>
std::vector<float> reference(const std::vector<T>& image, std::int64_t height, std::int64_t width, std::int64_t pad,
                             const ImageView& view, double mean, double scale) {
  const std::int64_t wide = width + 2 * pad;
  std::vector<T> padded(static_cast<std::size_t>((height + 2 * pad) * wide), T{0});
  for (std::int64_t i = 0; i < height; ++i) {
    for (std::int64_t j = 0; j < width; ++j)
      padded[static_cast<std::size_t>((i + pad) * wide + j + pad)] = image[static_cast<std::size_t>(i * width + j)];
  }
  std::vector<float> made;
  for (std::int64_t i = 0; i < height; ++i) {
    std::vector<T> row;
    for (std::int64_t j = 0; j < width; ++j)
      row.push_back(padded[static_cast<std::size_t>((i + pad + view.down) * wide + j + pad + view.right)]);
    if (view.flip) std::reverse(row.begin(), row.end());
    for (std::int64_t j = 0; j < width; ++j) {
      const bool cut = i >= view.cut_top && i < view.cut_bottom && j >= view.cut_left && j < view.cut_right;
      made.push_back(cut ? 0.0F : normalised(static_cast<double>(row[static_cast<std::size_t>(j)]), mean, scale));
    }
  }
  return made;
}

class ImageLayouts : public DataFiles {
 protected:
  template <class T>
  void check(std::int64_t channels, std::int64_t height, std::int64_t width, const AugmentSettings& settings) {
    const auto positions = static_cast<std::size_t>(height * width);
    std::vector<T> x;
    for (std::int64_t i = 0; i < samples * channels * height * width; ++i)
      x.push_back(static_cast<T>((i * 7919 + i / 13) % 251));
    H5Writer writer(path("d.h5"));
    put(writer, "train/x", {samples, channels, height, width}, x);
    writer.finish();
    const Split split = Dataset::open(path("d.h5")).split("train");
    Normalization by_channel{"standard", {}, {}};
    for (std::int64_t c = 0; c < channels; ++c) {
      by_channel.mean.insert(by_channel.mean.end(), positions, 100.3 + static_cast<double>(c));
      by_channel.deviation.insert(by_channel.deviation.end(), positions, 60.7 - static_cast<double>(c));
    }
    const std::vector<double> scale = by_channel.scale();
    const Augmentation augmentation(settings, height, width, 3, 2);
    const ImageLayout layout(by_channel, split.element_type(), channels, height, width);
    const std::vector<std::int64_t> rows = {4, 1, 2, 2, 5};
    std::vector<float> out(static_cast<std::size_t>(padded_size(samples * height * width, channels)), -7.0F);
    const Panels<float> panels{out.data(), samples * height * width, channels};
    split.read_images(rows, layout, settings.any() ? &augmentation : nullptr, panels);
    std::vector<float> encoded(static_cast<std::size_t>(channels) * positions);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const ImageView view = settings.any() ? augmentation.view(rows[r]) : ImageView();
      for (std::int64_t c = 0; c < channels; ++c) {
        const auto channel = static_cast<std::size_t>(c) * positions;
        const auto first =
            x.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(rows[r] * channels) * positions + channel);
        const std::vector<T> image(first, first + static_cast<std::ptrdiff_t>(positions));
        const std::vector<float> expected =
            reference(image, height, width, settings.crop, view, by_channel.mean[channel], scale[channel]);
        for (std::size_t p = 0; p < positions; ++p)
          ASSERT_EQ(panels.at(static_cast<std::int64_t>(r * positions + p), c), expected[p])
              << "sample " << r << ", channel " << c << ", position " << p;
      }
      for (std::int64_t c = channels; c < panels.panels() * panel_width; ++c) {
        const float padding = panels.at(static_cast<std::int64_t>(r * positions), c);
        ASSERT_TRUE(padding == -7.0F || view.cut_top < view.cut_bottom) << "padding";
      }
    }
    EXPECT_EQ(panels.at(static_cast<std::int64_t>(rows.size() * positions), 0), -7.0F) << "behind the last sample";
  }
};

TEST_F(ImageLayouts, OnePassIsPaddingCroppingFlippingNormalisingAndCutting) {
  for (const AugmentSettings& settings :
       {AugmentSettings{}, AugmentSettings{.crop = 2}, AugmentSettings{.flip = true}, AugmentSettings{.cutout = 4},
        AugmentSettings{.crop = 3, .flip = true, .cutout = 5}}) {
    check<std::uint8_t>(3, 6, 9, settings);
    check<std::uint8_t>(1, 7, 5, settings);
    check<std::uint8_t>(33, 5, 6, settings);
    check<float>(3, 6, 9, settings);
    check<double>(2, 6, 5, settings);
  }
}

TEST_F(ImageLayouts, AValueThatIsNotFiniteIsNamedAlsoWhereTheViewLeavesItOut) {
  std::vector<float> x(2 * 16, 1.0F);
  x[16] = std::numeric_limits<float>::infinity();
  H5Writer writer(path("d.h5"));
  put(writer, "train/x", {2, 1, 4, 4}, x);
  writer.finish();
  const Split split = Dataset::open(path("d.h5")).split("train");
  const ImageLayout layout({}, split.element_type(), 1, 4, 4);
  std::vector<float> out(static_cast<std::size_t>(padded_size(16, 1)));
  for (std::uint64_t epoch = 1; epoch < 10; ++epoch) {
    const Augmentation augmentation({.crop = 2}, 4, 4, 1, epoch);
    const auto read = [&](std::int64_t row) {
      split.read_images(std::vector{row}, layout, &augmentation, {out.data(), 16, 1});
    };
    EXPECT_NO_THROW(read(0));
    expect_error([&] { read(1); }, ExitStatus::bad_data, {"train/x row 1, feature 0 is inf"});
  }
}

TEST(ImageLayout, ANormalisationByPixelIsRefused) {
  const Normalization by_pixel{"standard", {0, 0, 1, 0, 0, 0, 0, 0}, std::vector<double>(8, 1.0)};
  expect_error([&] { ImageLayout(by_pixel, ElementType::uint8, 2, 2, 2); }, ExitStatus::bad_data,
               {"channel 0 differs from pixel to pixel"});
}

}  // namespace
}  // namespace shoal
