#include "data/images/image.hpp"

#include <zlib.h>

#include <algorithm>

#include "../data_files.hpp"
#include "data/images/resize.hpp"

namespace shoal {
namespace {

constexpr std::int64_t width = 23;
constexpr std::int64_t height = 17;

std::string golden(const std::string& name) {
  const std::string path = SHOAL_SOURCE_DIR "/tests/golden/images/" + name;
  std::ifstream stream(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  EXPECT_FALSE(bytes.empty()) << path;
  return bytes;
}

/// Planes (channels, height, width).
std::vector<std::uint8_t> decoded(const std::string& file, const ImageSize& size) {
  std::vector<std::uint8_t> out(static_cast<std::size_t>(size.channels * size.height * size.width));
  Resizer resizer(size, out);
  decode_image(std::as_bytes(std::span(file)), resizer);
  return out;
}

/// (height, width, 3) as planes.
std::vector<std::uint8_t> planes(const std::string& interleaved) {
  const std::size_t pixels = interleaved.size() / 3;
  std::vector<std::uint8_t> result(interleaved.size());
  for (std::size_t i = 0; i < interleaved.size(); ++i)
    result[i % 3 * pixels + i / 3] = static_cast<std::uint8_t>(interleaved[i]);
  return result;
}

void refused(const std::string& file, const std::string& words) {
  try {
    decoded(file, {width, height, 3});
    ADD_FAILURE() << "no fault; expected \"" << words << '"';
  } catch (const ImageFault& fault) {
    EXPECT_THAT(fault.what(), ::testing::HasSubstr(words));
  }
}

TEST(Images, HoldThePixelsThatPillowFinds) {
  for (const char* name : {"colour.jpg", "full.jpg", "progressive.jpg", "gray.jpg", "colour.png", "gray.png",
                           "bits.png", "palette.png", "opaque.png", "interlaced.png"}) {
    EXPECT_EQ(decoded(golden(name), {width, height, 3}), planes(golden(std::string(name) + ".rgb"))) << name;
  }
}

TEST(Images, BecomeGrayAsInPillow) {
  const std::string expected = golden("colour.png.l");
  const std::vector<std::uint8_t> gray = decoded(golden("colour.png"), {width, height, 1});
  EXPECT_TRUE(std::equal(gray.begin(), gray.end(), expected.begin(), expected.end(),
                         [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); }));
}

TEST(Images, AreRefusedByWhatTheyAre) {
  refused("", "the file is empty");
  refused("hello", "neither JPEG nor PNG");
  refused("GIF89a", "a GIF file; convert it");
  refused(golden("cmyk.jpg"), "CMYK");
  refused(golden("clear.png"), "transparent");
  refused(golden("clear-palette.png"), "transparent");
  refused(golden("deep.png"), "16 bits");
}

/// A part of a PNG file: its kind, its data, and what they must add up to.
std::string png_part(const std::string& kind, const std::string& data) {
  const auto number = [](std::uint64_t value) {
    std::string text;
    for (unsigned b = 4; b-- > 0;) text += static_cast<char>(value >> (8 * b) & 0xffU);
    return text;
  };
  const std::string body = kind + data;
  return number(data.size()) + body +
         number(crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())));
}

/// One pixel of colour 1 of a palette, uncompressed.
std::string one_pixel(const std::string& parts) {
  using namespace std::string_literals;
  return "\x89PNG\r\n\x1a\n" + png_part("IHDR", "\0\0\0\1\0\0\0\1\x08\3\0\0\0"s) + parts +
         png_part("IDAT", "\x78\x01\x01\x02\x00\xfd\xff\x00\x01\x00\x03\x00\x02"s) + png_part("IEND", "");
}

TEST(Images, OfAPaletteShowItsColoursAndNoOthers) {
  EXPECT_THAT(decoded(one_pixel(png_part("PLTE", "abcdef")), {1, 1, 3}), ::testing::ElementsAre('d', 'e', 'f'));
  refused(one_pixel(png_part("PLTE", "abc")), "damaged PNG: colour 1 of a palette of 1");
}

TEST(Images, WhoseTransparencyIsDamagedAreRefused) {
  const std::string palette = png_part("PLTE", "abcdef");
  std::string clear = png_part("tRNS", "\x10\xff");
  EXPECT_NO_THROW(decoded(one_pixel(palette + clear), {1, 1, 3})) << "colour 1 is opaque";
  refused(one_pixel(palette + png_part("tRNS", "\xff\x10")), "transparent");
  refused(one_pixel(palette + png_part("tRNS", "\xff\x10\x10")), "damaged PNG: tRNS: invalid");
  clear.back() = static_cast<char>(~clear.back());
  refused(one_pixel(palette + clear), "damaged PNG: tRNS: CRC error");
  std::string lost = png_part("tRNS", "\xff\x10");
  lost[lost.find('t')] = 'u';  // a chunk that nobody knows
  refused(one_pixel(palette + lost), "damaged PNG: uRNS: CRC error");
}

/// With an orientation in EXIF.
std::string turned_image(const std::string& jpeg, char orientation, bool large_first) {
  using namespace std::string_literals;
  const std::string entry = large_first ? "MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0"s + orientation
                                        : "II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0"s + orientation + "\0"s;
  return jpeg.substr(0, 2) + "\xff\xe1\0\x22"s + "Exif\0\0"s + entry + "\0\0\0\0\0\0"s + jpeg.substr(2);
}

TEST(Images, SayWhetherTheyAreToBeTurned) {
  const std::string plain = golden("colour.jpg");
  const auto turned = [](const std::string& file) { return is_turned(std::as_bytes(std::span(file))); };
  EXPECT_FALSE(turned(plain));
  EXPECT_FALSE(turned(golden("colour.png")));
  for (const bool large_first : {false, true}) {
    EXPECT_FALSE(turned(turned_image(plain, 1, large_first)));
    const std::string file = turned_image(plain, 6, large_first);
    EXPECT_TRUE(turned(file));
    EXPECT_EQ(decoded(file, {width, height, 3}), decoded(plain, {width, height, 3})) << "taken as it is stored";
    for (std::size_t size = 0; size < 60; ++size) turned(file.substr(0, size));
  }
}

TEST(Images, AreRefusedWhereverTheyAreCutShort) {
  for (const char* name :
       {"colour.jpg", "progressive.jpg", "gray.jpg", "colour.png", "interlaced.png", "palette.png"}) {
    const std::string file = golden(name);
    for (std::size_t size = 0; size < file.size(); ++size)
      EXPECT_THROW(decoded(file.substr(0, size), {width, height, 3}), ImageFault) << name << " of " << size << " bytes";
  }
}

TEST(Images, WithDamagedBytesAreRefusedOrRead) {
  for (const char* name : {"colour.jpg", "progressive.jpg", "palette.png", "interlaced.png"}) {
    const std::string file = golden(name);
    int faults = 0;
    for (std::size_t at = 8; at < file.size(); ++at) {
      std::string damaged = file;
      damaged[at] = static_cast<char>(~damaged[at]);
      try {
        decoded(damaged, {8, 8, 3});
      } catch (const ImageFault&) {
        ++faults;
      }
    }
    EXPECT_GT(faults, 50) << name;
  }
}

TEST(Images, OfTooManyPixelsAreRefused) {
  std::string bomb = golden("colour.jpg");
  const std::size_t frame = bomb.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  bomb.replace(frame + 5, 4, "\xff\xdc\xff\xdc");
  refused(bomb, "65500 x 65500 pixels; 67108864 are the most");
  EXPECT_THROW(check_size(0, 5), ImageFault);
  EXPECT_NO_THROW(check_size(8192, 8192));
}

TEST(Resizing, IsThatOfPillowUpToRounding) {
  for (const auto& [name, size] : {std::pair{"small.rgb", ImageSize{7, 5, 3}}, {"large.rgb", ImageSize{40, 31, 3}}}) {
    const std::vector<std::uint8_t> expected = planes(golden(name));
    const std::vector<std::uint8_t> actual = decoded(golden("colour.png"), size);
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < actual.size(); ++i) ASSERT_NEAR(actual[i], expected[i], 1) << name << " " << i;
  }
}

TEST(Resizing, TakesTrianglesInWholeNumbers) {
  const std::vector<Taps> halved = taps_of(4, 2);
  ASSERT_EQ(halved.size(), 2U);
  EXPECT_EQ(halved[0].first, 0);
  EXPECT_THAT(halved[0].weights, ::testing::ElementsAre(6, 6, 2));  // distances 1/2, 1/2, 3/2 of a reach of 2
  EXPECT_EQ(halved[0].sum, 14);
  EXPECT_EQ(halved[1].first, 1);
  EXPECT_THAT(halved[1].weights, ::testing::ElementsAre(2, 6, 6));
  const std::vector<Taps> doubled = taps_of(2, 4);
  EXPECT_THAT(doubled[0].weights, ::testing::ElementsAre(6));
  EXPECT_THAT(doubled[1].weights, ::testing::ElementsAre(6, 2));
  for (const Taps& taps : taps_of(5, 5)) EXPECT_EQ(taps.weights.size(), 1U);
  for (const std::int64_t from : {1, 2, 3, 17, 1000}) {
    for (const std::int64_t to : {1, 2, 5, 16, 333}) {
      for (const Taps& taps : taps_of(from, to)) {
        ASSERT_GT(taps.sum, 0);
        ASSERT_GE(taps.first, 0);
        ASSERT_LE(taps.end(), from);
      }
    }
  }
}

TEST(Resizing, RoundsToTheNearest) {
  std::vector<std::uint8_t> out(1);
  Resizer resizer({1, 1, 1}, out);
  resizer.begin({2, 1, 1});
  resizer.row(std::vector<std::uint8_t>{0, 255});
  EXPECT_EQ(out[0], 128) << "of 127.5";
}

TEST(Resizing, KeepsAPlainImagePlain) {
  for (const ImageSize& to : {ImageSize{1, 1, 3}, ImageSize{3, 50, 1}, ImageSize{64, 2, 3}}) {
    std::vector<std::uint8_t> out(static_cast<std::size_t>(to.width * to.height * to.channels));
    Resizer resizer(to, out);
    resizer.begin({29, 13, 1});
    for (int y = 0; y < 13; ++y) resizer.row(std::vector<std::uint8_t>(29, 255));
    EXPECT_EQ(out, std::vector<std::uint8_t>(out.size(), 255));
  }
}

}  // namespace
}  // namespace shoal
