#include "input_file.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "shoal/core/error.hpp"
#include "shoal/core/utf8.hpp"

namespace shoal {
namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 18;

}  // namespace

struct InputFile::Handle {
  explicit Handle(gzFile opened) : file(opened) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { gzclose(file); }

  gzFile file;
};

InputFile::InputFile(const std::string& path) : path_(path), buffer_(piece_bytes) {
  std::error_code ignored;
  const bool folder = std::filesystem::is_directory(path, ignored);
  gzFile file = folder ? nullptr : gzopen(path.c_str(), "rb");
  if (file == nullptr) {
    const int why = folder ? EISDIR : errno;
    const bool absent = why == ENOENT || why == ENOTDIR || why == EISDIR || why == EACCES;
    throw Error(absent ? ExitStatus::no_input : ExitStatus::input_output,
                fmt::format("cannot open {}: {}; give the path of a file that can be read", path, std::strerror(why)));
  }
  gzbuffer(file, piece_bytes);
  handle_ = std::make_unique<Handle>(file);
  const std::uintmax_t bytes = std::filesystem::file_size(path, ignored);
  if (!ignored) size_ = static_cast<std::int64_t>(bytes);
}

std::int64_t InputFile::place() const { return gzoffset(handle_->file); }

InputFile::~InputFile() = default;

std::size_t InputFile::read_raw(std::span<std::byte> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const auto ask = static_cast<unsigned>(std::min(out.size() - done, piece_bytes));
    const int got = gzread(handle_->file, out.data() + done, ask);
    if (got > 0) done += static_cast<std::size_t>(got);
    if (got == static_cast<int>(ask)) continue;
    int code = Z_OK;  // a short answer is the end of the file or of what can be decoded
    gzerror(handle_->file, &code);
    if (code == Z_ERRNO) {
      throw Error(ExitStatus::input_output, fmt::format("cannot read {}: {}", path_, std::strerror(errno)));
    }
    if (code == Z_BUF_ERROR) {
      throw Error(ExitStatus::bad_data, fmt::format("{}: the gzip data is cut short; fetch the file again", path_));
    }
    if (code != Z_OK && code != Z_STREAM_END) {
      throw Error(ExitStatus::bad_data, fmt::format("{}: the gzip data is damaged; fetch the file again", path_));
    }
    break;
  }
  return done;
}

bool InputFile::fill() {
  at_ = 0;
  filled_ = read_raw(buffer_);
  return filled_ > 0;
}

void InputFile::skip_prefix(std::string_view prefix) {
  if (filled_ == 0 && !fill()) return;
  const std::string_view begin(reinterpret_cast<const char*>(buffer_.data()), filled_);
  if (begin.starts_with(prefix)) at_ = prefix.size();
}

std::size_t InputFile::read(std::span<std::byte> out) {
  const std::size_t ready = std::min(out.size(), filled_ - at_);
  std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(at_), ready, out.begin());
  at_ += ready;
  return ready + read_raw(out.subspan(ready));
}

std::vector<std::byte> InputFile::read_up_to(std::size_t bytes) {
  std::vector<std::byte> data;
  while (data.size() < bytes) {
    const std::size_t before = data.size();
    // Doubling from a piece: a header that lies about its size costs no more than twice what the file holds.
    data.resize(std::min(bytes, std::max(before * 2, piece_bytes)));
    const std::size_t got = read(std::span(data).subspan(before));
    data.resize(before + got);
    if (got == 0) break;
  }
  return data;
}

std::string file_name(const std::string& path) {
  return escape_non_utf8(std::filesystem::path(path).filename().string());
}

}  // namespace shoal
