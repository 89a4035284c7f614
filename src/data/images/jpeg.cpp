#include <csetjmp>
#include <cstdio>
// libjpeg's header needs what is above.
#include <fmt/format.h>
#include <jerror.h>
#include <jpeglib.h>

#include <array>
#include <vector>

#include "image.hpp"

namespace shoal {
namespace {

/// A progressive file may repeat scans for ever, each of which takes time.
constexpr int most_scans = 500;

/// libjpeg ends a call by error_exit(), which must not return: it jumps to where the call was made. No frame between
/// holds anything but C.
struct Jump {
  jpeg_error_mgr manager{};
  std::jmp_buf place{};
  std::array<char, JMSG_LENGTH_MAX> message{};
};

Jump& jump_of(j_common_ptr info) { return *reinterpret_cast<Jump*>(info->err); }

[[noreturn]] void leave_jpeg(j_common_ptr info) {
  Jump& jump = jump_of(info);
  (*info->err->format_message)(info, jump.message.data());
  std::longjmp(jump.place, 1);  // NOLINT(cert-err52-cpp): the library's own way
}

/// Most warnings stand for pixels that were made up. Those that do not: bytes between parts, versions of headers.
void judge_warning(j_common_ptr info, int level) {
  const int code = info->err->msg_code;
  if (level < 0 && code != JWRN_EXTRANEOUS_DATA && code != JWRN_ADOBE_XFORM && code != JWRN_JFIF_MAJOR)
    leave_jpeg(info);
}

void count_scans(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= most_scans) return;
  std::snprintf(jump_of(info).message.data(), JMSG_LENGTH_MAX, "more than %d scans", most_scans);
  std::longjmp(jump_of(info).place, 1);  // NOLINT(cert-err52-cpp)
}

/// Freed also where the constructor of JpegReader throws.
struct Decompressor {
  Decompressor() = default;
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
  ~Decompressor() { jpeg_destroy_decompress(&info); }

  jpeg_decompress_struct info{};
};

class JpegReader {
 public:
  explicit JpegReader(std::span<const std::byte> file) {
    info_.err = jpeg_std_error(&jump_.manager);
    jump_.manager.error_exit = leave_jpeg;
    jump_.manager.emit_message = judge_warning;
    progress_.progress_monitor = count_scans;
    guarded([&] {
      jpeg_create_decompress(&info_);
      info_.progress = &progress_;
      jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(file.data()), file.size());
      jpeg_read_header(&info_, TRUE);
    });
  }
  ImageSize start() {
    check_size(info_.image_width, info_.image_height);
    switch (info_.jpeg_color_space) {
      case JCS_GRAYSCALE: info_.out_color_space = JCS_GRAYSCALE; break;
      case JCS_YCbCr:
      case JCS_RGB: info_.out_color_space = JCS_RGB; break;
      case JCS_CMYK:
      case JCS_YCCK: throw ImageFault("a JPEG of CMYK, made for printing; convert it to RGB");
      default: throw ImageFault(fmt::format("a JPEG of {} channels without a meaning", info_.num_components));
    }
    info_.dct_method = JDCT_ISLOW;
    info_.do_fancy_upsampling = TRUE;
    guarded([&] { jpeg_start_decompress(&info_); });
    return {info_.output_width, info_.output_height, info_.output_components};
  }
  void read(std::vector<std::uint8_t>& row) {
    JSAMPROW at = row.data();
    guarded([&] { jpeg_read_scanlines(&info_, &at, 1); });
  }
  void finish() {
    guarded([&] { jpeg_finish_decompress(&info_); });
  }

 private:
  template <class Calls>
  void guarded(const Calls& calls) {
    if (setjmp(jump_.place) != 0)  // NOLINT(cert-err52-cpp)
      throw ImageFault(fmt::format("a damaged JPEG: {}", jump_.message.data()));
    calls();
  }

  jpeg_progress_mgr progress_{};
  Jump jump_;
  Decompressor decompressor_;
  jpeg_decompress_struct& info_ = decompressor_.info;
};

}  // namespace

void decode_jpeg(std::span<const std::byte> file, RowReceiver& receiver) {
  JpegReader reader(file);
  const ImageSize size = reader.start();
  receiver.begin(size);
  std::vector<std::uint8_t> row(static_cast<std::size_t>(size.width * size.channels));
  for (std::int64_t y = 0; y < size.height; ++y) {
    reader.read(row);
    receiver.row(row);
  }
  reader.finish();
}

}  // namespace shoal
