#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "data/import/byte_source.hpp"
#include "unset.hpp"

namespace shoal {

using CsvText = UnsetVector<char>;

/// The text of a file as UTF-8 without a byte order mark; UTF-16 is told by its mark.
class TextSource {
 public:
  TextSource(ByteSource bytes, std::string name);

  /// Appends up to `count` bytes, none only at the end. @throws Error  bad_data for half a character of UTF-16
  std::size_t append(CsvText& text, std::size_t count);
  std::string_view encoding() const { return encoding_; }  ///< "UTF-8", "UTF-16 LE", ...
  std::int64_t consumed() const { return bytes_.consumed(); }

 private:
  std::size_t append_bytes(CsvText& text, std::size_t count);
  std::size_t append_utf16(CsvText& text, std::size_t count);

  ByteSource bytes_;
  std::string name_;
  std::string encoding_ = "UTF-8";
  CsvText begin_;  // what was read to tell the encoding
  bool wide_ = false;
  bool big_endian_ = false;
  char32_t high_ = 0;  // the first half of a pair, when its second is in the next piece
};

}  // namespace shoal
