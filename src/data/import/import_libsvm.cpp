#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "data/contents.hpp"
#include "input_file.hpp"
#include "number_labels.hpp"
#include "progress.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/data/import.hpp"
#include "shoal/io/file.hpp"
#include "splits.hpp"
#include "svm_rows.hpp"

namespace shoal {
namespace {

[[noreturn]] void refuse_changed(const std::string& path) {
  throw Error(ExitStatus::bad_data, path + ": the file changed while it was read; import it again");
}

constexpr std::size_t labels_at_once = 4096;

/// What a first reading of a file finds.
struct Findings {
  std::string path;
  std::int64_t rows = 0;
  std::int64_t greatest = -1;
  std::int64_t zeros = 0;  // rows with index 0
  bool fit_float32 = true;
  std::int64_t queries = 0;

  std::optional<FileStamp> stamp;  // opening the file says what is wrong with it

  /// @param labels  to which those of the file are added
  Findings(std::string file, LabelNumbers& labels) : path(std::move(file)), stamp(FileStamp::of(path)) {
    SvmReader reader(path);
    ImportProgress progress("reading " + path, reader.file().size());
    std::int64_t said = 0;
    std::vector<double> some;
    for (SvmRow row; reader.next(row);) {
      const std::int64_t place = reader.file().place();
      progress.add(place - std::exchange(said, place));
      ++rows;
      some.push_back(row.label);
      if (some.size() == labels_at_once) labels.add(std::exchange(some, {}));
      queries += row.has_query ? 1 : 0;
      if (row.entries.empty()) continue;
      greatest = std::max(greatest, row.entries.back().index);
      zeros += row.entries.front().index == 0 ? 1 : 0;
      for (const SvmEntry& entry : row.entries) fit_float32 = fit_float32 && entry.fits_float32;
    }
    labels.add(some);
    if (rows == 0) throw Error(ExitStatus::bad_data, fmt::format("{}: the file holds no row; fetch it again", path));
    if (queries > 0) log_info(fmt::format("{}: qid: of {} rows is left out", path, queries));
  }
  bool has_zero() const { return zeros > 0; }
  /// "FILE:LINE", for which the file is read once more.
  std::string place(std::int64_t row) const {
    SvmReader reader(path);
    SvmRow read;
    for (std::int64_t i = 0; i <= row && reader.next(read); ++i) continue;
    return fmt::format("{}:{}", path, read.line);
  }
};

/// Columns of x: indices [first, first + width).
struct Span {
  std::int64_t first = 1;
  std::int64_t width = 0;
};

/// Rows of a file, read again in their order and laid out in full. A file is read as often as a split begins.
template <class T>
class DenseRows {
 public:
  DenseRows(const Findings& findings, const Span& span) : path_(findings.path), stamp_(findings.stamp), span_(span) {}

  void read(std::span<const std::int64_t> rows, std::span<std::byte> bytes) {
    T* out = reinterpret_cast<T*>(bytes.data());
    std::fill_n(out, rows.size() * static_cast<std::size_t>(span_.width), T{0});
    for (const std::int64_t row : rows) {
      if (reader_ == nullptr || row < next_) {
        reader_ = std::make_unique<SvmReader>(path_);
        if (FileStamp::of(path_) != stamp_) refuse_changed(path_);
        next_ = 0;
      }
      for (; next_ <= row; ++next_) {
        if (!reader_->next(row_)) refuse_changed(path_);
      }
      for (const SvmEntry& entry : row_.entries) {
        const std::int64_t column = entry.index - span_.first;
        if (column < 0) refuse_changed(path_);
        if (column < span_.width) out[column] = static_cast<T>(entry.value);
      }
      out += span_.width;
    }
  }

 private:
  std::string path_;
  std::optional<FileStamp> stamp_;
  Span span_;
  std::unique_ptr<SvmReader> reader_;
  std::int64_t next_ = 0;
  SvmRow row_;
};

template <class T>
Column column_of_rows(const Findings& findings, const Span& span) {
  auto rows = std::make_shared<DenseRows<T>>(findings, span);
  Column column{element_type_of<T>(), {span.width}};
  column.copy_rows = [rows](std::span<const std::int64_t> some, std::span<std::byte> out) { rows->read(some, out); };
  column.slow = true;
  return column;
}

Column sparse_x(const Findings& findings, const Span& span, bool fit_float32) {
  return fit_float32 ? column_of_rows<float>(findings, span) : column_of_rows<double>(findings, span);
}

/// The index of the first column, where another set or a model calls its columns by indices.
std::optional<std::int64_t> known_first(const LibsvmOptions& options, const std::optional<Dataset>& like) {
  if (!like) return options.first;
  if (like->table() || like->shape().size() != 1) return std::nullopt;
  return first_libsvm_index(like->columns());
}

/// @param first  index of the first column
Span span_of(const LibsvmOptions& options, const std::optional<Dataset>& like, const Findings& train,
             std::int64_t first) {
  if (like) return {first, like->split(like->names().front()).features()};
  Span span{first, options.features};
  if (options.model) return span;
  if (train.greatest < span.first && options.features == 0)
    throw Error(ExitStatus::bad_data, fmt::format("{}: no row holds a feature", train.path));
  span.width = options.features > 0 ? options.features : train.greatest + 1 - span.first;
  if (span.width > most_features)
    throw Error(ExitStatus::bad_data, fmt::format("{}: indices {} to {} are {} features; at most {} can be read",
                                                  train.path, span.first, train.greatest, span.width, most_features));
  if (train.greatest >= span.first + span.width)
    throw Error(ExitStatus::bad_data, fmt::format("{}: index {} with --features {}, the first being {}; give more",
                                                  train.path, train.greatest, options.features, span.first));
  return span;
}

[[noreturn]] void refuse_shifted(const Findings& findings, int first, const std::string& other) {
  throw Error(
      ExitStatus::bad_data,
      fmt::format("{}: it counts features from {}, and {} from {}; count both alike (a row with 0:0 says that a "
                  "file counts from 0)",
                  findings.path, first, other, 1 - first));
}

/// Indices that another file does not have are left out.
void check_span(const Findings& findings, const Span& span, const std::string& other) {
  if (findings.has_zero() && span.first > 0) refuse_shifted(findings, 0, other);
  // Counted from 1, as many features end there.
  if (!findings.has_zero() && span.first == 0 && findings.greatest == span.width) refuse_shifted(findings, 1, other);
  if (findings.greatest >= span.first + span.width)
    log_warning(fmt::format("{}: features above {}, up to {}, are left out: {} has none", findings.path,
                            span.first + span.width - 1, findings.greatest, other));
}

/// A file that counts from 0 may lack index 0 by chance, and one that counts from 1 the last.
/// @param known  other says where it counts from, and is believed
void say_first(const Findings& findings, const Span& span, bool known, const std::string& other) {
  if (findings.has_zero() || findings.greatest < 0) return;
  if (span.first == 1 && (known || findings.greatest == span.width)) return;
  log_info(fmt::format("{}: no row has index 0; it is taken to count features from {}{}; if it counts from {}",
                       findings.path, span.first, known ? fmt::format(", as {} does", other) : "",
                       span.first == 0 ? "1, take 1 from each index" : "0, put 0:0 into a row"));
}

/// A test file without index 0 counts from 0 all the same where the other does, if it lacks that by chance.
void check_alike(const Findings& train, const Findings& test) {
  constexpr double most_by_chance = 10.0;  // rows with index 0 that are missing: e^-10 is the chance of as many
  if (test.has_zero() && !train.has_zero()) refuse_shifted(test, 0, train.path);
  const double share = static_cast<double>(train.zeros) / static_cast<double>(train.rows);
  if (!test.has_zero() && share * static_cast<double>(test.rows) > most_by_chance) refuse_shifted(test, 1, train.path);
}

/// Names by indices.
std::vector<std::string> index_names(const Span& span) {
  constexpr std::int64_t most_names = std::int64_t{1} << 20;
  std::vector<std::string> names;
  if (span.width > most_names) return names;
  for (std::int64_t c = 0; c < span.width; ++c) names.push_back(std::to_string(span.first + c));
  return names;
}

/// Names of the columns: those of the other set or model where they are numbers, as they are for a CSV without names;
/// else indices, which no names in words agree with.
std::vector<std::string> column_names(const LibsvmOptions& options, const std::optional<Dataset>& like,
                                      const Span& span) {
  const std::vector<std::string> theirs = like            ? like->columns()
                                          : options.model ? options.model->columns
                                                          : std::vector<std::string>{};
  return first_libsvm_index(theirs) ? theirs : index_names(span);
}

NumberLabels labels_of(const NumberSurvey& survey, LabelWish wish, const std::string& file, const Place& place) {
  NumberLabels found = labels_of_numbers(survey, wish, place);
  log_info(fmt::format("{}: {}", file, found.reason));
  // In numeric order, without the numbers between that no row has.
  if (!found.class_names.empty() && wish != LabelWish::classes) return classes_in_order(survey, place);
  say_empty_classes(found, file);
  return found;
}

}  // namespace

std::optional<std::int64_t> first_libsvm_index(const std::vector<std::string>& columns) {
  if (columns.empty() || (columns.front() != "0" && columns.front() != "1")) return std::nullopt;
  return columns.front() == "0" ? 0 : 1;
}

DatasetSummary import_libsvm(const LibsvmOptions& options, const std::string& out) {
  const LabelWish wish = label_wish(options.classes, options.regression);
  if (options.features < 0 || options.features > most_features)
    throw Error(ExitStatus::usage,
                fmt::format("--features is {}; it must be in 1..{}", options.features, most_features));
  say_read_twice({options.file}, {options.test});
  std::optional<Dataset> like;
  if (!options.like.empty()) {
    like = Dataset::open(options.like);
    if (wish != LabelWish::found_out || options.features > 0)
      throw Error(ExitStatus::usage,
                  fmt::format("--like {} says what labels and features are; leave out --classes, --regression and "
                              "--features",
                              options.like));
  }
  const auto numbers = std::make_shared<LabelNumbers>(out, 1);  // of both files together
  const Findings train(options.file, *numbers);
  std::optional<Findings> test;
  if (!options.test.empty()) test.emplace(options.test, *numbers);

  const std::optional<std::int64_t> first = known_first(options, like);
  if (test && !first) check_alike(train, *test);
  const Span span = span_of(options, like, train, first.value_or(train.has_zero() ? 0 : 1));
  const std::string other = like ? options.like : options.model ? "the model" : options.file;
  if (like || options.model) {
    check_span(train, span, other);
    say_first(train, span, first.has_value(), other);
  }
  if (test) {
    check_span(*test, span, other);
    say_first(*test, span, first || !like, other);
  }
  const bool fit_float32 = train.fit_float32 && (!test || test->fit_float32);

  Table table;
  table.rows = train.rows;
  table.x = sparse_x(train, span, fit_float32);
  TableNotes notes{{}, column_names(options, like, span), file_name(options.file)};
  notes.like = options.like;
  Table test_table;
  if (test) {
    notes.source += ", " + file_name(options.test);
    test_table.rows = test->rows;
    test_table.x = sparse_x(*test, span, fit_float32);
  }
  if (options.labels) {
    const Place place = [&](std::size_t i) {
      const auto row = static_cast<std::int64_t>(i);
      return row < train.rows ? train.place(row) : test->place(row - train.rows);
    };
    const NumberSurvey& survey = numbers->survey();
    const NumberLabels labels = like            ? number_labels_like(survey, like->class_names(), place)
                                : options.model ? number_labels_like(survey, options.model->class_names, place)
                                                : labels_of(survey, wish, train.path, place);
    notes.class_names = labels.class_names;
    table.y = label_column(numbers, 0, labels, {});
    if (test) test_table.y = label_column(numbers, train.rows, labels, {});
  }
  return write_splits(plan_splits(table, test ? &test_table : nullptr, options.split), notes, out);
}

}  // namespace shoal
