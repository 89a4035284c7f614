#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <optional>

#include "data/agreement.hpp"
#include "data/contents.hpp"
#include "data/import/csv_reader.hpp"
#include "data/import/input_file.hpp"
#include "data/import/number_labels.hpp"
#include "data/import/splits.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/data/import.hpp"
#include "source_arrays.hpp"

namespace shoal {
namespace {

constexpr std::int64_t all_block_bytes = std::int64_t{1} << 25;

[[noreturn]] void refuse(const std::string& what) { throw Error(ExitStatus::bad_data, what); }

/// Arrays that make up the rows of x, side by side.
class JoinedArrays {
 public:
  JoinedArrays(const std::vector<std::string>& files, const std::vector<std::string>& paths,
               const MissingNumbers& missing) {
    const std::int64_t block_bytes = all_block_bytes / static_cast<std::int64_t>(paths.size());
    for (const std::string& path : paths) {
      arrays_.emplace_back(files, path, missing, block_bytes);
      const SourceArrays& array = arrays_.back();
      if (array.rows() != arrays_.front().rows())
        refuse(fmt::format("{}: {} has {} rows and {} has {}; all arrays need the same", files.front(), path,
                           array.rows(), paths.front(), arrays_.front().rows()));
      columns_ += array.row_elements();
      if (columns_ > most_features)
        refuse(fmt::format("{}: rows of more than {} values; give fewer arrays", files.front(), most_features));
    }
  }

  std::int64_t rows() const { return arrays_.front().rows(); }
  std::vector<SourceArrays>& arrays() { return arrays_; }
  std::vector<std::int64_t> row_shape() const {
    if (arrays_.size() > 1) return {columns_};
    return arrays_.front().row_shape().empty() ? std::vector<std::int64_t>{1} : arrays_.front().row_shape();
  }
  bool has_missing() const { return std::ranges::any_of(arrays_, &SourceArrays::has_missing); }

  ElementType element() {
    if (std::ranges::all_of(arrays_, &SourceArrays::are_bytes)) return ElementType::uint8;
    for (SourceArrays& array : arrays_) {
      if (!array.fit_float32()) return ElementType::float64;
    }
    return ElementType::float32;
  }

  template <class T>
  void read(std::span<const std::int64_t> rows, std::span<std::byte> out) {
    T* at = reinterpret_cast<T*>(out.data());
    for (SourceArrays& array : arrays_) {
      array.read(rows, at, columns_);
      at += array.row_elements();
    }
  }

 private:
  std::vector<SourceArrays> arrays_;
  std::int64_t columns_ = 0;
};

/// PATH for one value a row, PATH[2] or PATH[2,3] for value of several; paths without the folders that all share.
std::vector<std::string> names_of(JoinedArrays& arrays) {
  std::vector<std::string> last;
  for (const SourceArrays& array : arrays.arrays()) last.push_back(array.path().substr(array.path().rfind('/') + 1));
  const bool short_ones = !find_twice(last);
  std::vector<std::string> names;
  for (std::size_t a = 0; a < last.size(); ++a) {
    const SourceArrays& array = arrays.arrays()[a];
    const std::string name = short_ones ? last[a] : array.path();
    const std::vector<std::int64_t>& shape = array.row_shape();
    if (shape.empty()) {
      names.push_back(name);
      continue;
    }
    std::vector<std::int64_t> at(shape.size(), 0);
    for (std::int64_t v = 0; v < array.row_elements(); ++v) {
      names.push_back(fmt::format("{}[{}]", name, fmt::join(at, ",")));
      for (std::size_t d = shape.size(); d-- > 0 && ++at[d] == shape[d];) at[d] = 0;
    }
  }
  return names;
}

Column column_x(const std::shared_ptr<JoinedArrays>& arrays, ElementType element) {
  Column column{element, arrays->row_shape()};
  column.copy_rows = [arrays, element](std::span<const std::int64_t> rows, std::span<std::byte> out) {
    switch (element) {
      case ElementType::uint8: return arrays->read<std::uint8_t>(rows, out);
      case ElementType::float32: return arrays->read<float>(rows, out);
      default: return arrays->read<double>(rows, out);
    }
  };
  return column;
}

MissingNumbers missing_numbers(const Hdf5Options& options) {
  MissingNumbers missing;
  for (const std::string& text : options.missing) {
    const std::optional<double> value = parse_number(text);
    if (!value) throw Error(ExitStatus::usage, fmt::format("--missing \"{}\" is no number, and not nan", shown(text)));
    if (std::isnan(*value)) {
      missing.nan = true;
    } else {
      missing.numbers.push_back(*value);
    }
  }
  return missing;
}

/// y of some files, all of it in memory. @param array  of (N) or (N, K)
std::vector<double> answers_of(SourceArrays& array, std::int64_t rows_of_x) {
  if (array.row_shape().size() > 1)
    refuse(fmt::format("{}: rows of y have shape ({}); y must be (N) or (N, K)", array.place(0),
                       fmt::join(array.row_shape(), ", ")));
  if (array.rows() != rows_of_x)
    refuse(fmt::format("{} and on: {} rows for the {} of x; give arrays that belong together", array.place(0),
                       array.rows(), rows_of_x));
  std::vector<std::int64_t> rows(static_cast<std::size_t>(array.rows()));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  std::vector<double> values(rows.size() * static_cast<std::size_t>(array.row_elements()));
  array.read(rows, values.data(), array.row_elements());
  if (array.missing_seen() == 0) return values;
  const auto first = std::ranges::find_if(values, [](double value) { return std::isnan(value); });
  refuse(fmt::format("{}: the label is missing, as are {} altogether; remove those rows",
                     array.place((first - values.begin()) / array.row_elements()), array.missing_seen()));
}

/// What another data set, or the split train, fixes of y.
struct LikeY {
  bool given = false;
  std::vector<std::string> class_names;  // empty: targets
};

Column column_y(const std::vector<std::string>& files, const Hdf5Options& options, std::int64_t rows, const LikeY& like,
                TableNotes& notes) {
  SourceArrays array(files, options.y, {}, all_block_bytes);
  const std::vector<double> values = answers_of(array, rows);
  const std::int64_t outputs = array.row_elements();
  const Place place = [&](std::size_t i) { return array.place(static_cast<std::int64_t>(i) / outputs); };
  if (outputs > 1) {
    if (options.classes || (like.given && !like.class_names.empty()))
      refuse(fmt::format("{}: {} numbers a row cannot be one class", array.place(0), outputs));
    return column_of(targets_from_numbers(values, place).targets, {outputs});
  }
  Labels labels;
  if (like.given) {
    labels = number_labels_like(values, like.class_names, place);
  } else {
    NumberLabels found = labels_of_numbers(values, label_wish(options.classes, options.regression), place);
    log_info(fmt::format("{}: {}", options.y, found.reason));
    labels = std::move(found.labels);
    notes.class_names = labels.class_names;
  }
  return std::move(labels).column();
}

void say_conventions(JoinedArrays& arrays) {
  for (const SourceArrays& array : arrays.arrays()) {
    if (const std::string text = array.conventions(); !text.empty()) log_info(text);
  }
}

void say_missing(JoinedArrays& arrays) {
  for (const SourceArrays& array : arrays.arrays()) {
    if (array.missing_seen() > 0) log_info(fmt::format("{}: {} missing cells", array.path(), array.missing_seen()));
  }
}

std::string joined_names(const std::vector<std::string>& files) {
  std::vector<std::string> names;
  for (const std::string& file : files) names.push_back(file_name(file));
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::vector<std::string> Hdf5Options::files() const {
  std::vector<std::string> all = sources;
  all.insert(all.end(), test.begin(), test.end());
  all.push_back(like);
  return all;
}

DatasetSummary import_hdf5(const Hdf5Options& options, const std::string& out) {
  label_wish(options.classes, options.regression);
  if ((options.classes || options.regression) && options.y.empty())
    throw Error(ExitStatus::usage, "--classes and --regression need --y, the array to predict");
  std::optional<Dataset> like;
  LikeY like_y;
  if (!options.like.empty()) {
    like = Dataset::open(options.like);
    if (options.classes || options.regression)
      throw Error(ExitStatus::usage,
                  fmt::format("--like {} says what labels are; leave out --classes and --regression", options.like));
    like_y = {true, like->class_names()};
  }
  const MissingNumbers missing = missing_numbers(options);
  const auto x = std::make_shared<JoinedArrays>(options.sources, options.x, missing);
  if (like && like->shape() != x->row_shape())
    refuse(fmt::format("{}: rows of x have shape ({}), those of {} have ({}); both need the same",
                       options.sources.front(), fmt::join(x->row_shape(), ", "), options.like,
                       fmt::join(like->shape(), ", ")));
  if (x->rows() < 1) refuse(fmt::format("{}: {} has no row", options.sources.front(), options.x.front()));
  say_conventions(*x);
  std::shared_ptr<JoinedArrays> test_x;
  if (!options.test.empty()) {
    test_x = std::make_shared<JoinedArrays>(options.test, options.x, missing);
    if (test_x->row_shape() != x->row_shape())
      refuse(fmt::format("{}: rows of x have shape ({}), those of {} have ({}); both need the same",
                         options.test.front(), fmt::join(test_x->row_shape(), ", "), options.sources.front(),
                         fmt::join(x->row_shape(), ", ")));
  }

  TableNotes notes{{}, {}, joined_names(options.sources)};
  if (test_x) notes.source += ", " + joined_names(options.test);
  if (like) notes.class_names = like->class_names();
  ElementType element = x->element();
  if (test_x) element = std::max(element, test_x->element());  // uint8 < float32 < float64
  const bool is_table =
      options.x.size() > 1 || x->has_missing() || (test_x && test_x->has_missing()) || (like && like->table());
  if (is_table) {
    TableDescription description;
    for (std::string& name : names_of(*x)) description.features.push_back({std::move(name), ColumnType::number, {}});
    if (!options.y.empty()) description.labels = {options.y};
    notes.table = std::move(description);
  }

  Table table;
  table.rows = x->rows();
  table.x = column_x(x, element);
  if (!options.y.empty()) table.y = column_y(options.sources, options, table.rows, like_y, notes);
  Table test;
  if (test_x) {
    test.rows = test_x->rows();
    test.x = column_x(test_x, element);
    if (!options.y.empty()) test.y = column_y(options.test, options, test.rows, {true, notes.class_names}, notes);
  }
  DatasetSummary summary = write_splits(plan_splits(table, test_x ? &test : nullptr, options.split), notes, out);
  say_missing(*x);
  if (test_x) say_missing(*test_x);
  return summary;
}

}  // namespace shoal
