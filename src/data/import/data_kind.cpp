#include "shoal/data/data_kind.hpp"

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "csv_reader.hpp"
#include "data/arrays/flat_array.hpp"
#include "data/images/image.hpp"
#include "data/images/image_folder.hpp"
#include "input_file.hpp"
#include "shoal/core/digits.hpp"
#include "shoal/io/archive.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t start_bytes = 4096;

/// `index:value` or `qid:value`
bool is_svm_entry(std::string_view word) {
  const std::string_view index = word.substr(0, std::min(word.find(':'), word.size()));
  return index.size() < word.size() && word.find(',') == std::string_view::npos &&
         (index == "qid" || are_digits(index));
}

/// Lines of a number with entries behind it, or none, as far as they are whole; comments and blank lines between.
bool looks_like_libsvm(std::string_view start) {
  const bool whole = start.size() < start_bytes;
  if (start.starts_with(byte_order_mark)) start.remove_prefix(byte_order_mark.size());
  bool any = false;
  while (!start.empty()) {
    const std::size_t end = std::min(start.find_first_of("\r\n"), start.size());
    std::string_view line = start.substr(0, end);
    const bool cut = end == start.size() && !whole;
    start.remove_prefix(std::min(end + 1, start.size()));
    if (cut && any) break;
    line = trimmed(line.substr(0, line.find('#')));
    for (bool label = true; !line.empty(); label = false) {
      const std::string_view word = line.substr(0, line.find_first_of(" \t"));
      line = trimmed(line.substr(word.size()));
      if (cut && line.empty()) break;
      if (label ? !parse_number(word) : !is_svm_entry(word)) return false;
      any |= !label;
    }
  }
  return any;
}

}  // namespace

DataKind kind_of_data(const std::string& path) {
  if (path == "-") return DataKind::csv;
  if (npy_file(path) != path) return DataKind::npy;
  std::error_code none;
  if (fs::is_directory(path, none)) return DataKind::images;
  if (fs::exists(path, none) && !fs::is_regular_file(path, none)) return DataKind::csv;  // a pipe: read once
  // A checkpoint is none, and is refused as one by name.
  if (looks_like_checkpoint(path)) return DataKind::data_set;
  InputFile file(path);
  const std::vector<std::byte> bytes = file.read_up_to(start_bytes);
  const std::string_view start(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (start.starts_with("\x89HDF\r\n\x1a\n")) return DataKind::data_set;
  if (start.starts_with("\x93NUMPY") || (start.starts_with("PK\x03\x04") && path.ends_with(".npz")))
    return DataKind::npy;
  if (!image_format(start).empty() || is_image_name(fs::path(path).filename().string())) return DataKind::images;
  if (start.size() >= 4 && start[0] == 0 && start[1] == 0 && start[3] > 0 && start[3] < 8) return DataKind::idx;
  return looks_like_libsvm(start) ? DataKind::libsvm : DataKind::csv;
}

}  // namespace shoal
