#include "image.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

namespace shoal {
namespace {

/// Formats that people have beside those that are read, by their first bytes.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> others{
    {{"GIF8", "a GIF"},
     {"BM", "a BMP"},
     {"RIFF", "a WebP"},
     {"II*", "a TIFF"},
     {std::string_view("MM\0*", 4), "a TIFF"}}};

}  // namespace

void check_size(std::int64_t width, std::int64_t height) {
  if (width < 1 || height < 1) throw ImageFault("the image has no pixel");
  if (height > most_pixels / width)
    throw ImageFault(fmt::format("{} x {} pixels; {} are the most, make it smaller", width, height, most_pixels));
}

void decode_image(std::span<const std::byte> file, RowReceiver& receiver) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (text.empty()) throw ImageFault("the file is empty");
  if (text.starts_with("\xff\xd8")) return decode_jpeg(file, receiver);
  if (text.starts_with("\x89PNG\r\n\x1a\n")) return decode_png(file, receiver);
  for (const auto& [begin, name] : others) {
    if (text.starts_with(begin)) throw ImageFault(fmt::format("{} file; convert it to PNG or JPEG", name));
  }
  throw ImageFault("neither JPEG nor PNG, by its first bytes; convert it to one of them");
}

}  // namespace shoal
