#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace shoal {

/// An image that cannot be read, and why: "the file ends too early; ...". Who knows its name puts that before.
class ImageFault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// More pixels are refused: a file of some kilobytes can claim gigabytes.
constexpr std::int64_t most_pixels = std::int64_t{1} << 26;

struct ImageSize {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::int64_t channels = 0;  ///< 1: gray, 3: red, green, blue
};

/// Takes an image row by row, top first.
class RowReceiver {
 public:
  RowReceiver() = default;
  RowReceiver(const RowReceiver&) = delete;
  RowReceiver& operator=(const RowReceiver&) = delete;
  virtual ~RowReceiver() = default;

  virtual void begin(const ImageSize& size) = 0;
  /// @param pixels  (width, channels)
  virtual void row(std::span<const std::uint8_t> pixels) = 0;
};

/// The format of an image by the first bytes of its file, at least 12 of them: "JPEG", "BMP"; empty: none that people
/// have.
std::string_view image_format(std::string_view start);

/// Decodes a JPEG or PNG file, told by its first bytes. 8 bits a channel; gray, colours, palettes, and alpha where
/// every pixel is opaque. What a file says of orientation, gamma and colour profiles has no effect.
/// @throws ImageFault  for another format, a damaged file, CMYK, 16 bits, transparent pixels, too many pixels
void decode_image(std::span<const std::byte> file, RowReceiver& receiver);

/// By libjpeg-turbo with the integer transform (JDCT_ISLOW) and smooth upsampling of colours: the same pixels with
/// vector instructions or without.
void decode_jpeg(std::span<const std::byte> file, RowReceiver& receiver);
/// By libpng.
void decode_png(std::span<const std::byte> file, RowReceiver& receiver);

/// Whether a JPEG file says in EXIF that it is to be shown turned or mirrored.
/// Source: CIPA DC-008, Exchangeable image file format 2.3, sections 4.5 and 4.6.4.
bool is_turned(std::span<const std::byte> file);

/// @throws ImageFault  for none, or more than most_pixels
void check_size(std::int64_t width, std::int64_t height);

}  // namespace shoal
