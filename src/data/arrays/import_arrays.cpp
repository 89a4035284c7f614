#include "import_arrays.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/agreement.hpp"
#include "data/contents.hpp"
#include "data/import/csv_reader.hpp"
#include "data/import/splits.hpp"
#include "data/refuse.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/data/dataset.hpp"

namespace shoal {
namespace {

/// Arrays that make up the rows of x, side by side.
class JoinedArrays {
 public:
  explicit JoinedArrays(std::vector<SourceArrays> arrays) : arrays_(std::move(arrays)) {
    for (const SourceArrays& array : arrays_) {
      if (array.rows() != rows())
        refuse(fmt::format("{} has {} rows and {} has {}; all need the same", array.origin(), array.rows(), origin(),
                           rows()));
      columns_ += array.row_elements();
      if (columns_ > most_features)
        refuse(fmt::format("{}: rows of more than {} values; give fewer arrays", origin(), most_features));
    }
    if (rows() < 1) refuse(fmt::format("{}: the array has no row", origin()));
  }

  std::int64_t rows() const { return arrays_.front().rows(); }
  const std::string& origin() const { return arrays_.front().origin(); }
  const std::vector<SourceArrays>& arrays() const { return arrays_; }
  std::vector<std::int64_t> row_shape() const {
    if (arrays_.size() > 1) return {columns_};
    return arrays_.front().row_shape().empty() ? std::vector<std::int64_t>{1} : arrays_.front().row_shape();
  }
  bool has_missing() const { return std::ranges::any_of(arrays_, &SourceArrays::has_missing); }

  ElementType element(bool keeps_float64) {
    if (keeps_float64 && std::ranges::any_of(arrays_, &SourceArrays::hold_float64)) return ElementType::float64;
    if (std::ranges::all_of(arrays_, &SourceArrays::are_bytes)) return ElementType::uint8;
    const bool fit = std::ranges::all_of(arrays_, [](SourceArrays& array) { return array.fit_float32(); });
    return fit ? ElementType::float32 : ElementType::float64;
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

void check_shape(const JoinedArrays& x, const std::vector<std::int64_t>& shape, const std::string& other) {
  if (x.row_shape() == shape) return;
  refuse(fmt::format("{}: rows of x have shape ({}), those of {} have ({}); both need the same", x.origin(),
                     fmt::join(x.row_shape(), ", "), other, fmt::join(shape, ", ")));
}

/// Called NAME for one value a row, NAME[2] or NAME[2,3] for one of several.
std::vector<FeatureColumn> features_of(const JoinedArrays& arrays) {
  std::vector<std::string> last;  // of paths: without the folders, where that tells them apart
  for (const SourceArrays& array : arrays.arrays()) last.push_back(array.name().substr(array.name().rfind('/') + 1));
  const bool short_ones = !find_twice(last);
  std::vector<FeatureColumn> features;
  for (std::size_t a = 0; a < last.size(); ++a) {
    const SourceArrays& array = arrays.arrays()[a];
    const auto units = array.units();
    const auto add = [&](std::string name) {
      features.push_back({std::move(name), ColumnType::number, {}, {}, units.empty() ? "" : units.front().second});
    };
    const std::string& name = short_ones ? last[a] : array.name();
    const std::vector<std::int64_t>& shape = array.row_shape();
    if (shape.empty()) {
      add(name);
      continue;
    }
    std::vector<std::int64_t> at(shape.size(), 0);
    for (std::int64_t v = 0; v < array.row_elements(); ++v) {
      add(fmt::format("{}[{}]", name, fmt::join(at, ",")));
      for (std::size_t d = shape.size(); d-- > 0 && ++at[d] == shape[d];) at[d] = 0;
    }
  }
  return features;
}

Column joined_x(const std::shared_ptr<JoinedArrays>& arrays, ElementType element) {
  Column column{element, arrays->row_shape()};
  column.copy_rows = [arrays, element](std::span<const std::int64_t> rows, std::span<std::byte> out) {
    switch (element) {
      case ElementType::uint8: return arrays->read<std::uint8_t>(rows, out);
      case ElementType::float32: return arrays->read<float>(rows, out);
      default: return arrays->read<double>(rows, out);
    }
  };
  column.slow = true;
  return column;
}

/// y of both splits, which are judged together.
struct JointAnswers {
  std::shared_ptr<LabelNumbers> numbers;  // of train, then of test
  std::int64_t of_train = 0;              // rows
  bool whole = true;                      // by the types of the files
  bool one_hot = true;                    // each row is a single 1 among zeros
  Place place = {};                       // of a number
};

bool is_one_hot(std::span<const double> row) {
  return std::ranges::count(row, 1.0) == 1 && std::ranges::count(row, 0.0) == std::ssize(row) - 1;
}

/// @returns whether each row is_one_hot()
bool add_answers(SourceArrays& y, const JoinedArrays& x, LabelNumbers& numbers) {
  if (y.rows() != x.rows())
    refuse(fmt::format("{}: {} rows for the {} of {}; give those that belong together", y.origin(), y.rows(), x.rows(),
                       x.origin()));
  constexpr std::int64_t numbers_at_once = std::int64_t{1} << 16;
  const std::int64_t rows_at_once = std::max<std::int64_t>(1, numbers_at_once / y.row_elements());
  std::optional<std::int64_t> missing;
  bool one_hot = true;
  std::vector<std::int64_t> rows;
  std::vector<double> values;
  const auto width = static_cast<std::size_t>(y.row_elements());
  for (std::int64_t first = 0; first < y.rows(); first += rows_at_once) {
    rows.resize(static_cast<std::size_t>(std::min(rows_at_once, y.rows() - first)));
    std::iota(rows.begin(), rows.end(), first);
    values.resize(rows.size() * width);
    y.read(rows, values.data(), y.row_elements());
    const auto gap = std::ranges::find_if(values, [](double value) { return std::isnan(value); });
    if (!missing && gap != values.end()) missing = first + (gap - values.begin()) / y.row_elements();
    for (std::size_t at = 0; one_hot && at < values.size(); at += width)
      one_hot = is_one_hot(std::span(values).subspan(at, width));
    numbers.add(values);
  }
  y.rest();
  if (missing)
    refuse(fmt::format("{}: the label is missing or nan, one of {}; remove those rows", y.place(*missing),
                       y.missing_seen()));
  return one_hot;
}

/// @param out  of the data set to be
JointAnswers joint_answers(SourceArrays& y, const JoinedArrays& x, SourceArrays* test_y, const JoinedArrays* test_x,
                           const std::string& out) {
  for (const SourceArrays* const one : {&y, test_y}) {
    if (one == nullptr) continue;
    if (one->row_shape().size() > 1)
      refuse(fmt::format("{}: y has rows of shape ({}); it must be (N), or (N, K) of numbers to predict", one->origin(),
                         fmt::join(one->row_shape(), ", ")));
    if (one->row_elements() != y.row_elements())
      refuse(fmt::format("{}: y has {} numbers a row, and that of {} has {}; both need the same", one->origin(),
                         one->row_elements(), y.origin(), y.row_elements()));
  }
  JointAnswers all{std::make_shared<LabelNumbers>(out, y.row_elements())};
  all.one_hot = add_answers(y, x, *all.numbers);
  all.of_train = all.numbers->rows();
  all.whole = y.are_whole() && (test_y == nullptr || test_y->are_whole());
  if (test_y != nullptr) all.one_hot = add_answers(*test_y, *test_x, *all.numbers) && all.one_hot;
  all.place = [&y, test_y, train = all.of_train, width = y.row_elements()](std::size_t i) {
    const std::int64_t row = static_cast<std::int64_t>(i) / width;
    return row < train ? y.place(row) : test_y->place(row - train);
  };
  return all;
}

/// @param names  of the classes that there are already (`like`: another data set or a model says so), else set
NumberLabels labels_of_answers(const SourceArrays& y, const JointAnswers& all, const ArrayImport& import, bool like,
                               std::vector<std::string>& names) {
  const NumberSurvey& survey = all.numbers->survey();
  const std::int64_t outputs = all.numbers->width();
  if (outputs > 1) {
    if (like ? !names.empty() : import.wish == LabelWish::classes)
      refuse(fmt::format("{}: y has {} numbers a row, which cannot be one class", y.origin(), outputs));
    const bool asks = import.wish != LabelWish::regression && !like;
    if (all.one_hot && asks)
      refuse(
          fmt::format("{}: y has {} numbers a row, a 1 among zeros; for classes save their numbers "
                      "(numpy.argmax(y, axis=1)), or say --regression if they are numbers to predict",
                      y.origin(), outputs));
    if (all.whole && asks)
      refuse(
          fmt::format("{}: y has {} whole numbers a row; it must be (N), or (N, K) of floats; say --regression if they "
                      "are numbers to predict",
                      y.origin(), outputs));
    return targets_of_numbers(survey, all.place);
  }
  if (like) return number_labels_like(survey, names, all.place);
  const bool classes = import.labels_are_classes && all.whole && import.wish == LabelWish::found_out;
  NumberLabels found = labels_of_numbers(survey, classes ? LabelWish::classes : import.wish, all.place);
  if (!classes) log_info(fmt::format("{}: {}", y.name(), found.reason));
  say_empty_classes(found, y.name());
  names = found.class_names;
  return found;
}

/// @returns how many
std::int64_t say_missing(const JoinedArrays& x) {
  std::int64_t all = 0;
  for (const SourceArrays& array : x.arrays()) {
    all += array.missing_seen();
    if (array.missing_seen() > 0) log_info(fmt::format("{}: {} missing cells", array.name(), array.missing_seen()));
  }
  return all;
}

/// How values are understood, and where files are joined that say other units.
/// @param test  the same array in the files of the split test; null: none
void say_conventions(const SourceArrays& array, const SourceArrays* test) {
  const std::string text = array.conventions();
  if (!text.empty()) log_info(text);
  std::vector<std::pair<std::string, std::string>> units = array.units();
  if (test != nullptr) {
    if (const std::string other = test->conventions(); other != text)
      log_info(fmt::format("in test {}", other.empty() ? array.name() + ": values are as they are stored" : other));
    const auto more = test->units();
    units.insert(units.end(), more.begin(), more.end());
  }
  const auto other = std::ranges::find_if(units, [&](const auto& one) { return one.second != units.front().second; });
  if (other == units.end()) return;
  log_warning(fmt::format("{} is in \"{}\", and {} in \"{}\": values are joined as they are; convert them to one unit",
                          units.front().first, shown(units.front().second), other->first, shown(other->second)));
}

Table table_of_arrays(const std::shared_ptr<JoinedArrays>& x, ElementType element) {
  Table table;
  table.rows = x->rows();
  table.x = joined_x(x, element);
  return table;
}

}  // namespace

void warn_of_known_target(const std::vector<std::string>& x, const std::string& y) {
  const auto path = [](const std::string& name) { return name.starts_with('/') ? name.substr(1) : name; };
  if (!y.empty() && std::ranges::any_of(x, [&](const std::string& name) { return path(name) == path(y); }))
    log_warning(fmt::format("--y {} is among --x as well: the features hold what is to be predicted", y));
}

MissingNumbers missing_numbers(const std::vector<std::string>& texts) {
  MissingNumbers missing;
  for (const std::string& text : texts) {
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

std::vector<std::string> missing_of_model(const std::vector<std::string>& texts) {
  std::vector<std::string> numbers;
  std::copy_if(texts.begin(), texts.end(), std::back_inserter(numbers),
               [](const std::string& text) { return parse_number(text).has_value(); });
  return numbers;
}

DatasetSummary import_arrays(ArrayImport import, const std::string& out) {
  const auto x = std::make_shared<JoinedArrays>(std::move(import.train.x));
  std::shared_ptr<JoinedArrays> test_x;
  if (import.test) test_x = std::make_shared<JoinedArrays>(std::move(import.test->x));
  TableNotes notes{{}, {}, import.source};
  notes.like = import.like;
  std::optional<Dataset> like;
  if (!import.like.empty()) {
    like = Dataset::open(import.like);
    if (import.wish != LabelWish::found_out)
      throw Error(ExitStatus::usage,
                  fmt::format("--like {} says what labels are; leave out --classes and --regression", import.like));
    check_shape(*x, like->shape(), import.like);
    notes.class_names = like->class_names();
  } else if (import.model) {
    notes.class_names = import.model->class_names;
  }
  if (test_x) check_shape(*test_x, x->row_shape(), x->origin());
  for (std::size_t a = 0; a < x->arrays().size(); ++a)
    say_conventions(x->arrays()[a], test_x ? &test_x->arrays()[a] : nullptr);
  if (import.train.y) say_conventions(*import.train.y, import.test && import.test->y ? &*import.test->y : nullptr);

  ElementType element = x->element(import.keeps_float64);
  if (test_x) element = std::max(element, test_x->element(import.keeps_float64));  // uint8, float32, float64
  if (x->arrays().size() > 1 || x->has_missing() || (test_x && test_x->has_missing()) || (like && like->table())) {
    TableDescription description;
    description.features = features_of(*x);
    // One array is the features whatever it is called.
    if (import.model && x->arrays().size() == 1 && import.model->columns.size() == description.features.size()) {
      for (std::size_t d = 0; d < description.features.size(); ++d)
        description.features[d].name = import.model->columns[d];
    }
    if (import.train.y) description.labels = {import.train.y->name()};
    description.missing = import.missing;
    notes.table = std::move(description);
    if (like && like->table()) {
      const std::string note = note_on_units(notes.table->features, out, like->table()->features, import.like);
      if (!note.empty()) log_warning(note);
    }
  }

  Table table = table_of_arrays(x, element);
  Table test;
  if (test_x) test = table_of_arrays(test_x, element);
  if (import.train.y) {
    SourceArrays& y = *import.train.y;
    SourceArrays* const test_y = test_x && import.test->y ? &*import.test->y : nullptr;
    const JointAnswers all = joint_answers(y, *x, test_y, test_x.get(), out);
    const NumberLabels labels = labels_of_answers(y, all, import, like || import.model, notes.class_names);
    table.y = label_column(all.numbers, 0, labels, y.row_shape());
    if (test_y != nullptr) test.y = label_column(all.numbers, all.of_train, labels, y.row_shape());
  }
  DatasetSummary summary = write_splits(plan_splits(table, test_x ? &test : nullptr, import.split), notes, out);
  const std::int64_t missing = say_missing(*x) + (test_x ? say_missing(*test_x) : 0);
  if (missing == 0 && !import.missing.empty() && !import.model)
    log_info(fmt::format("no cell is {}, as --missing has it; of packed numbers it is what is stored",
                         fmt::join(import.missing, " or ")));
  return summary;
}

}  // namespace shoal
