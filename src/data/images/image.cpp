#include "image.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace shoal {
namespace {

/// Whether a file begins so; a dot stands for any byte.
bool has(std::string_view start, std::string_view bytes) {
  return start.size() >= bytes.size() &&
         std::equal(bytes.begin(), bytes.end(), start.begin(),
                    [](char wanted, char seen) { return wanted == '.' || wanted == seen; });
}

}  // namespace

std::string_view image_format(std::string_view start) {
  using namespace std::string_view_literals;
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 10> formats{
      {{"\xff\xd8\xff"sv, "JPEG"},
       {"\x89PNG\r\n\x1a\n"sv, "PNG"},
       {"GIF87a"sv, "GIF"},
       {"GIF89a"sv, "GIF"},
       {"BM....\0\0\0\0"sv, "BMP"},
       {"RIFF....WEBP"sv, "WebP"},
       {"II*\0"sv, "TIFF"},
       {"MM\0*"sv, "TIFF"},
       {"\0\0\0.ftypavif"sv, "AVIF"},
       {"\0\0\0.ftyphei"sv, "HEIC"}}};
  const auto found = std::ranges::find_if(formats, [&](const auto& format) { return has(start, format.first); });
  return found == formats.end() ? "" : found->second;
}

void check_size(std::int64_t width, std::int64_t height) {
  if (width < 1 || height < 1) throw ImageFault("the image has no pixel");
  if (height > most_pixels / width)
    throw ImageFault(fmt::format("{} x {} pixels; {} are the most, make it smaller", width, height, most_pixels));
}

void decode_image(std::span<const std::byte> file, RowReceiver& receiver) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (text.empty()) throw ImageFault("the file is empty");
  const std::string_view format = image_format(text);
  if (format == "JPEG") return decode_jpeg(file, receiver);
  if (format == "PNG") return decode_png(file, receiver);
  if (!format.empty())
    throw ImageFault(fmt::format("{} {} file; convert it to PNG or JPEG", format == "AVIF" ? "an" : "a", format));
  throw ImageFault("neither JPEG nor PNG, by its first bytes; convert it to one of them");
}

}  // namespace shoal
