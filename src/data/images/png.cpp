#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

#include "image.hpp"

namespace shoal {
namespace {

/// What libpng sees of us. It ends a call by jumping to where that was made; no frame between holds anything but C.
struct Shared {
  std::span<const std::byte> rest;
  std::array<char, 128> message{};
};

[[noreturn]] void leave_png(png_structp png, png_const_charp message) {
  auto& shared = *static_cast<Shared*>(png_get_error_ptr(png));
  std::snprintf(shared.message.data(), shared.message.size(), "%s", message);
  png_longjmp(png, 1);
}

/// Most warnings are about what nobody reads. Of transparency that is damaged nothing would be left.
void judge_warning_of_png(png_structp png, png_const_charp message) {
  if (std::string_view(message).starts_with("tRNS:")) png_error(png, message);
}

void take(png_structp png, png_bytep out, std::size_t bytes) {
  auto& shared = *static_cast<Shared*>(png_get_io_ptr(png));
  if (bytes > shared.rest.size()) png_error(png, "the file ends too early");
  std::memcpy(out, shared.rest.data(), bytes);
  shared.rest = shared.rest.subspan(bytes);
}

class PngReader {
 public:
  explicit PngReader(std::span<const std::byte> file) : shared_{file} {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &shared_, leave_png, judge_warning_of_png);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw std::bad_alloc();
    }
  }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }

  /// channels: of what read() gives, 2 and 4 with alpha; 1 with a palette.
  ImageSize start() {
    guarded([&] {
      png_set_read_fn(png_, &shared_, take);
      png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);    // check_size() judges both together
      png_set_crc_action(png_, PNG_CRC_DEFAULT, PNG_CRC_ERROR_QUIT);  // a chunk that is left out may be transparency
      png_set_chunk_malloc_max(png_, std::size_t{1} << 23);           // texts and profiles, which nobody reads
      png_read_info(png_, info_);
    });
    check_size(png_get_image_width(png_, info_), png_get_image_height(png_, info_));
    if (png_get_bit_depth(png_, info_) == 16)
      throw ImageFault(
          "a PNG of 16 bits a channel; convert it to 8, or import the numbers from NPY or HDF5 if they matter");
    guarded([&] {
      if (png_get_color_type(png_, info_) == PNG_COLOR_TYPE_PALETTE) {
        png_set_packing(png_);
        take_palette();
      } else {
        png_set_expand(png_);  // few bits to 8, a transparent colour to alpha
      }
      passes_ = png_set_interlace_handling(png_);
      png_read_update_info(png_, info_);
    });
    return {png_get_image_width(png_, info_), png_get_image_height(png_, info_), png_get_channels(png_, info_)};
  }
  bool is_interlaced() const { return passes_ > 1; }
  int passes() const { return passes_; }
  /// Of red, green, blue and alpha, to which pixels are indices; empty: pixels are colours.
  const std::vector<std::array<std::uint8_t, 4>>& palette() const { return palette_; }
  void read(std::uint8_t* row) {
    guarded([&] { png_read_row(png_, row, nullptr); });
  }
  void finish() {
    guarded([&] { png_read_end(png_, nullptr); });
  }

 private:
  template <class Calls>
  void guarded(const Calls& calls) {
    if (setjmp(png_jmpbuf(png_)) != 0)  // NOLINT(cert-err52-cpp): the library's own way
      throw ImageFault(fmt::format("a damaged PNG: {}", shared_.message.data()));
    calls();
  }

  /// libpng would take black for an index beyond the end.
  void take_palette() {
    png_colorp colours = nullptr;
    int count = 0;
    png_bytep alpha = nullptr;
    int transparent = 0;
    png_get_PLTE(png_, info_, &colours, &count);
    png_get_tRNS(png_, info_, &alpha, &transparent, nullptr);
    for (int c = 0; c < count; ++c)
      palette_.push_back(
          {colours[c].red, colours[c].green, colours[c].blue, c < transparent ? alpha[c] : png_byte{255}});
  }

  Shared shared_;
  std::vector<std::array<std::uint8_t, 4>> palette_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  int passes_ = 1;
};

/// Hands rows on as colours without alpha.
class Opaque {
 public:
  Opaque(const ImageSize& size, const std::vector<std::array<std::uint8_t, 4>>& palette, RowReceiver& receiver)
      : channels_(static_cast<std::size_t>(size.channels)), palette_(&palette), receiver_(&receiver) {
    const bool alpha = size.channels % 2 == 0;
    colours_ = palette.empty() ? channels_ - (alpha ? 1 : 0) : 3;
    if (colours_ != channels_) bare_.resize(static_cast<std::size_t>(size.width) * colours_);
    receiver.begin({size.width, size.height, static_cast<std::int64_t>(colours_)});
  }
  void row(std::span<const std::uint8_t> pixels) {
    if (bare_.empty()) return receiver_->row(pixels);
    std::uint8_t* out = bare_.data();
    for (std::size_t at = 0; at < pixels.size(); at += channels_) {
      const std::uint8_t* const colour = palette_->empty() ? pixels.data() + at : entry(pixels[at]);
      if (colour[colours_] != 255)
        throw ImageFault("a PNG with transparent pixels; put it on a background, since what is behind is not known");
      out = std::copy_n(colour, colours_, out);
    }
    receiver_->row(bare_);
  }

 private:
  const std::uint8_t* entry(std::size_t index) const {
    if (index >= palette_->size())
      throw ImageFault(fmt::format("a damaged PNG: colour {} of a palette of {}", index, palette_->size()));
    return (*palette_)[index].data();
  }

  std::size_t channels_;
  std::size_t colours_ = 0;
  const std::vector<std::array<std::uint8_t, 4>>* palette_;
  RowReceiver* receiver_;
  std::vector<std::uint8_t> bare_;
};

}  // namespace

void decode_png(std::span<const std::byte> file, RowReceiver& receiver) {
  PngReader reader(file);
  const ImageSize size = reader.start();
  Opaque opaque(size, reader.palette(), receiver);
  const auto width = static_cast<std::size_t>(size.width * size.channels);
  const auto height = static_cast<std::size_t>(size.height);
  // The passes of an interlaced image each fill in a part of every row.
  std::vector<std::uint8_t> pixels(reader.is_interlaced() ? width * height : width);
  for (int pass = 1; pass < reader.passes(); ++pass) {
    for (std::size_t y = 0; y < height; ++y) reader.read(pixels.data() + y * width);
  }
  for (std::size_t y = 0; y < height; ++y) {
    std::uint8_t* const row = pixels.data() + (reader.is_interlaced() ? y * width : 0);
    reader.read(row);
    opaque.row({row, width});
  }
  reader.finish();
}

}  // namespace shoal
