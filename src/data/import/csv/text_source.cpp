#include "text_source.hpp"

#include <fmt/format.h>

#include <span>
#include <utility>

#include "data/import/csv_reader.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

/// Source: RFC 3629, section 3.
void append_utf8(CsvText& text, char32_t c) {
  const auto put = [&](char32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0 | c >> 6);
  } else {
    if (c < 0x10000) {
      put(0xE0 | c >> 12);
    } else {
      put(0xF0 | c >> 18);
      put(0x80 | (c >> 12 & 0x3F));
    }
    put(0x80 | (c >> 6 & 0x3F));
  }
  put(0x80 | (c & 0x3F));
}

}  // namespace

TextSource::TextSource(ByteSource bytes, std::string name) : bytes_(std::move(bytes)), name_(std::move(name)) {
  append_bytes(begin_, byte_order_mark.size());
  const std::string_view begin(begin_.data(), begin_.size());
  if (begin == "PK\x03")
    throw Error(ExitStatus::bad_data,
                fmt::format("{} is a zip archive or a workbook; unpack it, or save the sheet as CSV", name_));
  std::size_t mark = 0;
  if (begin == byte_order_mark) {
    encoding_ = "UTF-8 with a byte order mark";
    mark = begin.size();
  } else if (begin.starts_with("\xFF\xFE") || begin.starts_with("\xFE\xFF")) {
    wide_ = true;
    big_endian_ = begin[0] == '\xFE';
    encoding_ = big_endian_ ? "UTF-16 BE" : "UTF-16 LE";
    mark = 2;
  }
  begin_.erase(begin_.begin(), begin_.begin() + static_cast<std::ptrdiff_t>(mark));
}

std::size_t TextSource::append_bytes(CsvText& text, std::size_t count) {
  const std::size_t before = text.size();
  text.resize(before + count);
  const std::size_t got = bytes_.read(std::as_writable_bytes(std::span(text).subspan(before)));
  text.resize(before + got);
  return got;
}

std::size_t TextSource::append_utf16(CsvText& text, std::size_t count) {
  const std::size_t before = text.size();
  CsvText raw = std::exchange(begin_, {});
  const std::size_t wanted = std::max<std::size_t>(count / 2 * 2, 2);
  append_bytes(raw, wanted - std::min(wanted, raw.size()));
  if (raw.size() == 1) append_bytes(raw, 1);
  const auto refuse = [&](const char* what) {
    throw Error(ExitStatus::bad_data, fmt::format("{}: {} of {} is damaged; save it as UTF-8", name_, what, encoding_));
  };
  if (raw.size() % 2 != 0) refuse("the last character");
  for (std::size_t i = 0; i < raw.size(); i += 2) {
    const auto first = static_cast<unsigned char>(raw[i + (big_endian_ ? 0 : 1)]);
    const auto second = static_cast<unsigned char>(raw[i + (big_endian_ ? 1 : 0)]);
    const auto unit = static_cast<char32_t>(first << 8 | second);
    const bool low = unit >= 0xDC00 && unit < 0xE000;
    if (low != (high_ != 0)) refuse("a character");
    if (unit >= 0xD800 && unit < 0xDC00) {
      high_ = unit;
    } else if (low) {
      append_utf8(text, 0x10000 + ((std::exchange(high_, 0) - 0xD800) << 10) + (unit - 0xDC00));
    } else {
      append_utf8(text, unit);
    }
  }
  if (raw.empty() && high_ != 0) refuse("the last character");
  // A piece may be the first half of one character alone.
  return text.size() == before && !raw.empty() ? append_utf16(text, count) : text.size() - before;
}

std::size_t TextSource::append(CsvText& text, std::size_t count) {
  if (wide_) return append_utf16(text, count);
  const std::size_t ready = std::min(begin_.size(), count);
  text.insert(text.end(), begin_.begin(), begin_.begin() + static_cast<std::ptrdiff_t>(ready));
  begin_.erase(begin_.begin(), begin_.begin() + static_cast<std::ptrdiff_t>(ready));
  return ready + append_bytes(text, count - ready);
}

}  // namespace shoal
