#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "csv_reader.hpp"
#include "data/contents.hpp"
#include "labels.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/import.hpp"
#include "splits.hpp"

namespace shoal {
namespace {

struct Entry {
  std::int64_t index;  // as the file counts
  float value;
};

/// Rows as the file has them: those of row i are entries [begins[i], begins[i + 1]).
struct SparseRows {
  std::vector<Entry> entries;
  std::vector<std::size_t> begins{0};
  std::int64_t first = 1;  // index of the first column
  std::int64_t width = 0;
};

struct LineReader {
  explicit LineReader(const std::string& path) : file(path) { file.skip_prefix(byte_order_mark); }

  InputFile file;
  std::int64_t number = 0;

  bool next(std::string& line) {
    if (file.peek() < 0) return false;
    line.clear();
    ++number;
    for (int c = file.get(); c >= 0 && c != '\n'; c = file.get()) line.push_back(static_cast<char>(c));
    line.resize(std::min(line.size(), line.find('#')));  // the rest is a comment
    return true;
  }
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ExitStatus::bad_data, fmt::format("{}:{}: {}", file.path(), number, what));
  }
};

/// Takes the first word off a line; empty at its end.
std::string_view next_word(std::string_view& line) {
  constexpr std::string_view blanks = " \t\r";
  line.remove_prefix(std::min(line.size(), line.find_first_not_of(blanks)));
  const std::string_view word = line.substr(0, line.find_first_of(blanks));
  line.remove_prefix(word.size());
  return word;
}

Entry parse_entry(const LineReader& reader, std::string_view word, std::int64_t previous) {
  const std::size_t colon = word.find(':');
  if (colon == std::string_view::npos) reader.refuse(fmt::format("\"{}\" is no index:value", shown(word)));
  std::int64_t index = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + colon, index);
  if (error != std::errc() || end != word.data() + colon || index < 0 || index > most_features) {
    reader.refuse(
        fmt::format("\"{}\": the index must be a whole number from 0 or 1 to {}", shown(word), most_features));
  }
  if (index <= previous) {
    reader.refuse(fmt::format("\"{}\" follows index {}; indices must rise within a row", shown(word), previous));
  }
  const std::optional<double> value = parse_number(word.substr(colon + 1));
  if (!value || !std::isfinite(static_cast<float>(*value))) {
    reader.refuse(fmt::format("\"{}\": the value must be a finite number; replace it or remove the row", shown(word)));
  }
  return {index, static_cast<float>(*value)};
}

}  // namespace

DatasetSummary import_libsvm(const LibsvmOptions& options, const std::string& out) {
  LineReader reader(options.file);
  auto sparse = std::make_shared<SparseRows>();
  std::vector<double> values;
  std::vector<std::int64_t> lines;
  std::string line;
  std::int64_t greatest = -1;
  while (reader.next(line)) {
    std::string_view rest = line;
    const std::string_view label = next_word(rest);
    if (label.empty()) continue;  // blank, or a comment
    const std::optional<double> value = parse_number(label);
    if (!value || !std::isfinite(*value)) {
      reader.refuse(fmt::format("label \"{}\" is no finite number; each row begins with its label", shown(label)));
    }
    values.push_back(*value);
    lines.push_back(reader.number);
    std::int64_t previous = -1;
    for (std::string_view word = next_word(rest); !word.empty(); word = next_word(rest)) {
      sparse->entries.push_back(parse_entry(reader, word, previous));
      previous = sparse->entries.back().index;
      if (previous == 0) sparse->first = 0;
    }
    greatest = std::max(greatest, previous);
    sparse->begins.push_back(sparse->entries.size());
  }
  if (values.empty())
    throw Error(ExitStatus::bad_data, fmt::format("{}: the file holds no row; fetch it again", options.file));
  if (greatest < 0) throw Error(ExitStatus::bad_data, fmt::format("{}: no row holds a feature", options.file));
  sparse->width = greatest + 1 - sparse->first;
  if (sparse->width > most_features)
    throw Error(ExitStatus::bad_data, fmt::format("{}: indices 0 to {} are {} features; at most {} can be read",
                                                  options.file, greatest, sparse->width, most_features));

  Table table;
  table.rows = static_cast<std::int64_t>(values.size());
  table.x = {ElementType::float32, {sparse->width}, [sparse](std::int64_t row, std::byte* bytes) {
               std::vector<float> dense(static_cast<std::size_t>(sparse->width), 0.0F);
               const auto r = static_cast<std::size_t>(row);
               for (std::size_t e = sparse->begins[r]; e < sparse->begins[r + 1]; ++e) {
                 const Entry& entry = sparse->entries[e];
                 dense[static_cast<std::size_t>(entry.index - sparse->first)] = entry.value;
               }
               std::ranges::copy(std::as_bytes(std::span(dense)), bytes);
             }};
  const Place place = [&](std::size_t i) { return fmt::format("{}:{}", options.file, lines[i]); };
  Labels labels = options.regression ? targets_from_numbers(values, place) : labels_from_numbers(values, place);
  const TableNotes notes{labels.class_names, {}, file_name(options.file)};
  table.y = std::move(labels).column();
  return write_splits(plan_splits(table, nullptr, options.split), notes, out);
}

}  // namespace shoal
