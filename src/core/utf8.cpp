#include "shoal/core/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace shoal {
namespace {

unsigned byte_at(std::string_view text, std::size_t i) { return static_cast<unsigned char>(text[i]); }

bool is_within(unsigned byte, unsigned least, unsigned most) { return byte >= least && byte <= most; }

/// Bytes of the character that `text` begins with, 0 when it begins with none.
std::size_t first_length(std::string_view text) {
  const unsigned lead = byte_at(text, 0);
  if (lead < 0x80) return 1;
  const std::size_t length = is_within(lead, 0xC2, 0xDF)   ? 2
                             : is_within(lead, 0xE0, 0xEF) ? 3
                             : is_within(lead, 0xF0, 0xF4) ? 4
                                                           : 0;
  if (length == 0 || text.size() < length) return 0;
  // The second byte is what tells overlong forms, surrogates and numbers beyond U+10FFFF.
  const unsigned least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (!is_within(byte_at(text, 1), least, most)) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (!is_within(byte_at(text, i), 0x80, 0xBF)) return 0;
  }
  return length;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = first_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string escape_non_utf8(std::string_view text) {
  std::string all;
  while (!text.empty()) {
    const std::size_t length = first_length(text);
    all += length == 0 ? fmt::format("\\x{:02X}", byte_at(text, 0)) : std::string(text.substr(0, length));
    text.remove_prefix(std::max<std::size_t>(1, length));
  }
  return all;
}

}  // namespace shoal
