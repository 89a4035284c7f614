#include "byte_source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

constexpr std::size_t packed_buffer_bytes = std::size_t{1} << 18;
constexpr std::string_view gzip_mark = "\x1F\x8B";
constexpr std::string_view zstd_mark = "\x28\xB5\x2F\xFD";

/// How files begin that other programs have packed ('?' is any byte), and what unpacks them.
struct Packed {
  std::string_view mark, packer, unpacker;
};
constexpr std::array<Packed, 3> unread = {{{"BZh?1AY&SY", "bzip2", "bunzip2"},
                                           {"\xFD"
                                            "7zXZ",
                                            "xz", "unxz"},
                                           {"\x04\x22\x4D\x18", "lz4", "unlz4"}}};

posix::Descriptor open_named(const std::string& path) {
  std::error_code ignored;
  const bool folder = std::filesystem::is_directory(path, ignored);
  posix::Descriptor file = folder ? posix::Descriptor() : posix::open(path, O_RDONLY);
  if (file) return file;
  const int why = folder ? EISDIR : errno;
  const bool absent = why == ENOENT || why == ENOTDIR || why == EISDIR || why == EACCES;
  throw Error(absent ? ExitStatus::no_input : ExitStatus::input_output,
              fmt::format("cannot open {}: {}; give the path of a file that can be read", path, std::strerror(why)));
}

}  // namespace

class ByteSource::Layer {
 public:
  Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;
  virtual ~Layer() = default;
  virtual std::size_t read(std::span<std::byte> out) = 0;
  virtual std::int64_t consumed() const { return 0; }
};

namespace {

/// The file itself; what was read to tell its format comes first.
class PlainLayer : public ByteSource::Layer {
 public:
  PlainLayer(posix::Descriptor file, std::string name) : file_(std::move(file)), name_(std::move(name)) {
    begin_bytes_ = fill(begin_);
  }

  bool begins_with(std::string_view mark) const {
    const std::string_view begin(reinterpret_cast<const char*>(begin_.data()), begin_bytes_);
    return begin.size() >= mark.size() &&
           std::equal(mark.begin(), mark.end(), begin.begin(),
                      [](char wanted, char byte) { return wanted == '?' || wanted == byte; });
  }
  std::size_t read(std::span<std::byte> out) override {
    const std::size_t ready = std::min(out.size(), begin_bytes_ - begun_);
    std::copy_n(begin_.begin() + static_cast<std::ptrdiff_t>(begun_), ready, out.begin());
    begun_ += ready;
    return ready + fill(out.subspan(ready));
  }
  std::int64_t consumed() const override { return consumed_; }

 private:
  std::size_t fill(std::span<std::byte> out) {
    std::size_t done = 0;
    while (done < out.size()) {
      const ssize_t got = ::read(file_.get(), out.data() + done, out.size() - done);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) posix::fail("read", name_, errno);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    consumed_ += static_cast<std::int64_t>(done);
    return done;
  }

  posix::Descriptor file_;
  std::string name_;
  std::array<std::byte, 10> begin_{};
  std::size_t begin_bytes_ = 0;
  std::size_t begun_ = 0;
  std::int64_t consumed_ = 0;
};

/// One that is compressed: `input_` is what was read of it and not yet decoded.
class PackedLayer : public ByteSource::Layer {
 public:
  PackedLayer(std::unique_ptr<ByteSource::Layer> below, std::string name)
      : below_(std::move(below)), name_(std::move(name)), buffer_(packed_buffer_bytes) {}

 protected:
  /// False at the end of the file.
  bool more_input() {
    if (at_ < filled_) return true;
    at_ = 0;
    filled_ = below_->read(buffer_);
    return filled_ > 0;
  }
  std::span<std::byte> input() { return std::span(buffer_).subspan(at_, filled_ - at_); }
  void take(std::size_t bytes) { at_ += bytes; }
  [[noreturn]] void refuse(std::string_view format, bool cut_short) const {
    throw Error(ExitStatus::bad_data, fmt::format("{}: the {} data is {}; fetch the file again", name_, format,
                                                  cut_short ? "cut short" : "damaged"));
  }

 private:
  std::unique_ptr<ByteSource::Layer> below_;
  std::string name_;
  std::vector<std::byte> buffer_;
  std::size_t at_ = 0;
  std::size_t filled_ = 0;
};

class GzipLayer : public PackedLayer {
 public:
  GzipLayer(std::unique_ptr<ByteSource::Layer> below, std::string name)
      : PackedLayer(std::move(below), std::move(name)) {
    constexpr int gzip_only = 16;
    inflateInit2(&stream_, MAX_WBITS + gzip_only);
  }
  ~GzipLayer() override { inflateEnd(&stream_); }

  std::size_t read(std::span<std::byte> out) override {
    std::size_t done = 0;
    while (done < out.size() && !ended_) {
      if (!more_input()) {
        if (inside_) refuse("gzip", true);
        break;
      }
      if (!inside_ && input()[0] != std::byte{0x1F}) {
        pass_padding();
        break;
      }
      inside_ = true;
      const auto in = input();
      const std::size_t room = std::min<std::size_t>(out.size() - done, std::size_t{1} << 30);
      stream_.next_in = reinterpret_cast<Bytef*>(in.data());
      stream_.avail_in = static_cast<uInt>(in.size());
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + done);
      stream_.avail_out = static_cast<uInt>(room);
      const int code = inflate(&stream_, Z_NO_FLUSH);
      take(in.size() - stream_.avail_in);
      done += room - stream_.avail_out;
      if (code == Z_STREAM_END) {
        inside_ = false;
        inflateReset(&stream_);
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        refuse("gzip", false);
      }
    }
    ended_ = done < out.size();
    return done;
  }

 private:
  /// Zeros may follow the last member, and nothing else: a member with a damaged head is none, and its rows were lost.
  void pass_padding() {
    while (more_input()) {
      if (std::ranges::any_of(input(), [](std::byte byte) { return byte != std::byte{0}; })) refuse("gzip", false);
      take(input().size());
    }
  }

  z_stream stream_{};
  bool inside_ = false;
  bool ended_ = false;
};

class ZstdLayer : public PackedLayer {
 public:
  ZstdLayer(std::unique_ptr<ByteSource::Layer> below, std::string name)
      : PackedLayer(std::move(below), std::move(name)), stream_(ZSTD_createDStream()) {
    constexpr int most_window_log = 27;  // 128 MiB, the most that a file may ask for
    ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, most_window_log);
  }
  ~ZstdLayer() override { ZSTD_freeDStream(stream_); }

  std::size_t read(std::span<std::byte> out) override {
    ZSTD_outBuffer into{out.data(), out.size(), 0};
    while (into.pos < into.size) {
      const bool more = more_input();
      const auto in = input();
      ZSTD_inBuffer from{in.data(), in.size(), 0};
      const std::size_t before = into.pos;
      if (!more && !inside_) break;
      const std::size_t left = ZSTD_decompressStream(stream_, &into, &from);
      if (ZSTD_isError(left) != 0) refuse("zstd", false);
      take(from.pos);
      inside_ = left != 0;
      if (!more && inside_ && into.pos == before) refuse("zstd", true);
    }
    return into.pos;
  }

 private:
  ZSTD_DStream* stream_;
  bool inside_ = false;
};

}  // namespace

ByteSource::ByteSource(const std::string& path) : ByteSource(open_named(path), path) {}

ByteSource::ByteSource(posix::Descriptor file, const std::string& name) {
  auto plain = std::make_unique<PlainLayer>(std::move(file), name);
  file_ = plain.get();
  if (plain->begins_with(gzip_mark)) {
    top_ = std::make_unique<GzipLayer>(std::move(plain), name);
  } else if (plain->begins_with(zstd_mark)) {
    top_ = std::make_unique<ZstdLayer>(std::move(plain), name);
  } else {
    for (const Packed& other : unread) {
      if (plain->begins_with(other.mark))
        throw Error(ExitStatus::bad_data, fmt::format("{} is packed by {}; unpack it by {}, or pack it by gzip or zstd",
                                                      name, other.packer, other.unpacker));
    }
    top_ = std::move(plain);
  }
}

ByteSource::ByteSource(ByteSource&&) noexcept = default;
ByteSource& ByteSource::operator=(ByteSource&&) noexcept = default;
ByteSource::~ByteSource() = default;

std::size_t ByteSource::read(std::span<std::byte> out) { return top_->read(out); }
std::int64_t ByteSource::consumed() const { return file_->consumed(); }

}  // namespace shoal
