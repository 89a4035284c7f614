#include "block_reader.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <span>

#include "data/import/spool.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

/// More than the longest row of numbers anyone has, and few enough to hold some.
constexpr std::size_t most_row_bytes = std::size_t{1} << 26;

/// All that a descriptor gives, in a file that has no name.
posix::Descriptor kept_copy(int from, const std::string& name, const std::string& out) {
  posix::Descriptor copy = nameless_file(out);
  std::vector<std::byte> buffer(std::size_t{1} << 18);
  for (;;) {
    const ssize_t got = ::read(from, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) posix::fail("read", name, errno);
    if (got == 0) return copy;
    const auto bytes = std::span(buffer).first(static_cast<std::size_t>(got));
    if (const int error = posix::write_all(copy.get(), bytes); error != 0)
      posix::fail("keep a copy of " + name + " beside", out, error, got);
  }
}

}  // namespace

CsvFiles::CsvFiles(std::vector<std::string> paths, const std::string& out) : paths_(std::move(paths)) {
  for (const std::string& path : paths_) {
    const bool standard = path == "-";
    names_.push_back(standard ? "standard input" : path);
    struct stat status {};
    const bool known = standard ? fstat(STDIN_FILENO, &status) == 0 : stat(path.c_str(), &status) == 0;
    posix::Descriptor copy;
    if (standard || (known && S_ISFIFO(status.st_mode))) {
      const posix::Descriptor opened = standard ? posix::Descriptor() : posix::open_input(path);
      copy = kept_copy(standard ? STDIN_FILENO : opened.get(), names_.back(), out);
      fstat(copy.get(), &status);
    }
    bytes_ += static_cast<std::int64_t>(status.st_size);
    kept_.push_back(std::move(copy));
  }
}

TextSource CsvFiles::open(std::size_t file) const {
  if (!kept_[file]) return {ByteSource(paths_[file]), names_[file]};
  posix::Descriptor again(fcntl(kept_[file].get(), F_DUPFD_CLOEXEC, 0));
  lseek(again.get(), 0, SEEK_SET);
  return {ByteSource(std::move(again), names_[file]), names_[file]};
}

namespace {

/// By counters of a byte, which vectors hold many of.
std::int64_t count_of(std::span<const char> text, char c) {
  constexpr std::size_t most = 255;
  std::int64_t count = 0;
  while (!text.empty()) {
    std::uint8_t few = 0;
    const auto part = text.first(std::min(most, text.size()));
    for (const char one : part) few = static_cast<std::uint8_t>(few + (one == c ? 1 : 0));
    count += few;
    text = text.subspan(part.size());
  }
  return count;
}

}  // namespace

std::int64_t CsvBlock::line_at(std::size_t offset) const {
  const std::string_view before = text().substr(0, offset);
  return first_line + std::count(before.begin(), before.end(), row_end);
}

std::int64_t CsvLines::at(std::size_t offset) {
  constexpr std::size_t piece = 512;
  const auto ends_in = [this](std::size_t from, std::size_t to) {
    const std::string_view part = block_.text().substr(from, to - from);
    return std::count(part.begin(), part.end(), block_.row_end);
  };
  for (std::size_t i = lines_.size(); i <= offset / piece; ++i)
    lines_.push_back(lines_.back() + ends_in((i - 1) * piece, i * piece));
  return lines_[offset / piece] + ends_in(offset / piece * piece, offset);
}

std::size_t last_row_end(std::string_view text, char delimiter, char row_end) {
  std::size_t last = 0;
  std::size_t at = 0;  // outside of quotes
  for (std::size_t quote = text.find('"'); quote != std::string_view::npos; quote = text.find('"', at)) {
    const std::size_t end = text.substr(at, quote - at).rfind(row_end);
    if (end != std::string_view::npos) last = at + end + 1;
    at = quote + 1;
    const char before = quote == 0 ? row_end : text[quote - 1];
    if (before != delimiter && before != row_end) continue;  // a quote inside a cell is a letter
    for (;;) {
      const std::size_t close = text.find('"', at);
      if (close == std::string_view::npos || close + 1 == text.size()) return last;
      at = close + 1;
      if (text[at] != '"') break;
      ++at;
    }
  }
  const std::size_t end = text.substr(at).rfind(row_end);
  return end == std::string_view::npos ? last : at + end + 1;
}

CsvBlockReader::CsvBlockReader(const CsvFiles& files, std::size_t file)
    : files_(files), file_(file), source_(files.open(file)) {}

void CsvBlockReader::fill(std::size_t bytes) {
  while (!ended_ && pending_.size() < bytes) {
    if (source_.append(pending_, bytes - pending_.size()) == 0) {
      ended_ = true;
      if (!pending_.empty() && pending_.back() != row_end_) pending_.push_back(row_end_);
    }
  }
}

std::string_view CsvBlockReader::sample(std::size_t bytes) {
  constexpr std::size_t fewest_rows = 3;
  for (;; bytes *= 2) {
    // One byte more: a carriage return at the end may have its line feed behind it.
    pending_.reserve(bytes + 1);
    while (!ended_ && pending_.size() <= bytes) ended_ = source_.append(pending_, bytes + 1 - pending_.size()) == 0;
    const std::string_view text(pending_.data(), pending_.size());
    row_end_ = text.find('\n') == std::string_view::npos && text.find('\r') != std::string_view::npos ? '\r' : '\n';
    if (ended_ && !pending_.empty() && pending_.back() != row_end_) pending_.push_back(row_end_);
    if (ended_ || bytes >= most_row_bytes ||
        static_cast<std::size_t>(std::count(text.begin(), text.end(), row_end_)) >= fewest_rows)
      return {pending_.data(), pending_.size()};
  }
}

bool CsvBlockReader::next(CsvBlock& block, std::size_t bytes, char delimiter) {
  std::size_t cut = 0;
  for (std::size_t wanted = bytes;; wanted *= 2) {
    fill(wanted);
    const std::string_view text(pending_.data(), std::min(pending_.size(), wanted));
    const bool whole = ended_ && text.size() == pending_.size();
    cut = whole ? text.size() : last_row_end(text, delimiter, row_end_);
    if (cut > 0 || whole) break;
    if (wanted > most_row_bytes)
      throw Error(ExitStatus::bad_data,
                  fmt::format("{}:{}: a row of more than 64 MiB begins here; if a quote is opened and never closed, "
                              "close it",
                              files_.name(file_), next_line_));
  }
  if (cut == 0) return false;
  block.file = file_;
  block.begins_file = !begun_;
  begun_ = true;
  block.first_line = next_line_;
  block.row_end = row_end_;
  const auto end = pending_.begin() + static_cast<std::ptrdiff_t>(cut);
  rest_.assign(end, pending_.end());
  block.held.swap(pending_);  // memory goes round with the blocks
  pending_.swap(rest_);
  block.held.resize(cut);
  block.lines = count_of(block.held, row_end_);
  next_line_ += block.lines;
  block.held.resize(cut + csv_padding, '\0');
  return true;
}

}  // namespace shoal
