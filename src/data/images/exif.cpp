#include <string_view>

#include "image.hpp"

namespace shoal {
namespace {

using namespace std::string_view_literals;

/// Whole numbers at places of a text; 0 beyond its end.
class ExifNumbers {
 public:
  explicit ExifNumbers(std::string_view bytes) : bytes_(bytes), large_first_(!bytes.starts_with("II"sv)) {}

  std::size_t number(std::size_t at, std::size_t width) const {
    if (at > bytes_.size() || width > bytes_.size() - at) return 0;
    std::size_t value = 0;
    for (std::size_t b = 0; b < width; ++b) {
      const std::size_t place = large_first_ ? b : width - 1 - b;
      value = value << 8U | static_cast<std::uint8_t>(bytes_[at + place]);
    }
    return value;
  }

 private:
  std::string_view bytes_;
  bool large_first_;
};

/// 1 to 8, as it is to be shown; 0: it does not say.
std::size_t orientation(std::string_view exif) {
  const ExifNumbers numbers(exif);
  const std::size_t entries = numbers.number(4, 4);
  const std::size_t count = numbers.number(entries, 2);
  for (std::size_t e = 0; e < count; ++e) {
    const std::size_t entry = entries + 2 + 12 * e;
    if (numbers.number(entry, 2) == 0x112) return numbers.number(entry + 8, 2);
  }
  return 0;
}

}  // namespace

bool is_turned(std::span<const std::byte> file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (image_format(text) != "JPEG") return false;
  const ExifNumbers numbers(text);
  // Segments of 0xff, a kind and a size, up to where the pixels begin.
  for (std::size_t at = 2; numbers.number(at, 1) == 0xff && numbers.number(at + 1, 1) != 0xda;) {
    const std::size_t size = numbers.number(at + 2, 2);
    if (size < 2) return false;
    const bool is_exif = numbers.number(at + 1, 1) == 0xe1 && text.substr(at + 4, 6) == "Exif\0\0"sv;
    if (is_exif && size > 8 && orientation(text.substr(at + 10, size - 8)) > 1) return true;
    at += 2 + size;
  }
  return false;
}

}  // namespace shoal
