#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "input_file.hpp"

namespace shoal {

struct SvmEntry {
  std::int64_t index = 0;  ///< as the file counts
  double value = 0.0;
  bool fits_float32 = true;  ///< exactly, or the text has at most 6 significant digits
};

/// A row of a LIBSVM file.
struct SvmRow {
  std::int64_t line = 0;
  double label = 0.0;
  bool has_query = false;         ///< qid:, which is left out
  std::vector<SvmEntry> entries;  ///< by index
};

/// Reads `label index:value ...` row by row: indices in any order, comments behind #, blank lines, a byte order mark,
/// lines that end by LF, CR LF or CR.
class SvmReader {
 public:
  explicit SvmReader(const std::string& path);

  /// False at the end. @throws Error(bad_data)  for a row that is none, with its line
  bool next(SvmRow& row);

  const InputFile& file() const { return file_; }

 private:
  bool next_line();
  void take_entry(std::string_view word, SvmRow& row) const;
  void refuse_merged(std::string_view text, double value) const;
  [[noreturn]] void refuse(const std::string& what) const;

  InputFile file_;
  std::string line_;
  std::int64_t number_ = 0;
};

}  // namespace shoal
