#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "csv/column_notes.hpp"
#include "csv/layouts.hpp"
#include "csv/opening.hpp"
#include "csv/report.hpp"
#include "csv/roles.hpp"
#include "csv/scan.hpp"
#include "csv/scan_table.hpp"
#include "csv/verdict.hpp"
#include "csv_like.hpp"
#include "csv_reader.hpp"
#include "data/refuse.hpp"
#include "input_file.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/import.hpp"
#include "splits.hpp"

namespace shoal {
namespace {

void check_csv_options(const CsvOptions& options, const std::optional<CsvLike>& like) {
  if (options.regression && options.label.empty() && options.choices.file.empty())
    refuse_options("--regression needs --label, the column to predict");
  if (options.drop_unlabelled && options.label.empty() && options.choices.file.empty() && !(like && like->roles))
    refuse_options("--drop-unlabelled needs --label, the column to predict");
  if (options.regression && like && !like->class_names.empty())
    refuse_options(fmt::format("--regression takes numbers, and {} has classes; leave out one of them", options.like));
  if (options.classes && (options.regression || (like && like->targets)))
    refuse_options(fmt::format("--classes says that labels are classes, and {} that they are numbers; leave out one",
                               options.regression ? "--regression" : options.like));
  if (like && !options.shape.empty())
    refuse_options(fmt::format("--shape and --like {} both give the shape; leave out one", options.like));
  if (like && !options.choices.file.empty())
    refuse_options(fmt::format("--columns and --like {} both give the columns; leave out one", options.like));
  const SplitOptions& split = options.split;
  const bool drawn = split.test_last > 0 || split.test_fraction > 0.0;
  if (!options.test.empty() && (drawn || !options.split_column.empty()))
    refuse_options(fmt::format("--test and {} both say what the split test is; give one of them",
                               drawn ? "--test-last or --test-fraction" : "--split"));
  if (!options.split_column.empty() && (drawn || split.validation_fraction > 0.0))
    refuse_options("--split and fractions both say which rows are for what; give one of them");
}

/// @throws Error(usage)  when the shape asked for has more or fewer values than there are features
std::vector<std::int64_t> row_shape(const CsvOptions& options, std::int64_t features) {
  if (options.shape.empty()) return {features};
  std::int64_t left = features;
  for (const std::int64_t extent : options.shape) left = extent > 0 && left % extent == 0 ? left / extent : 0;
  if (left != 1)
    refuse_options(fmt::format("--shape {} has another number of values than the {} feature columns of {}",
                               fmt::join(options.shape, ","), features, options.file));
  return options.shape;
}

std::vector<std::string> all_files(const CsvOptions& options) {
  std::vector<std::string> files{options.file};
  files.insert(files.end(), options.further.begin(), options.further.end());
  files.insert(files.end(), options.test.begin(), options.test.end());
  return files;
}

/// One import, step by step.
class CsvImport {
 public:
  CsvImport(const CsvOptions& options, std::optional<CsvLike> like, const std::string& out)
      : options_(options), out_(out), files_(all_files(options), out), like_(std::move(like)) {
    check_csv_options(options, like_);
  }

  DatasetSummary run() {
    missing_ = options_.missing           ? split_list(*options_.missing)
               : like_ && like_->table    ? like_->table->missing
               : options_.choices.missing ? *options_.choices.missing
                                          : usual_missing();
    open();
    parts_.columns = columns_with_roles(options_, opened_, files_.name(0));
    if (like_) like_->take_columns(opened_, files_.name(0), parts_.columns);
    require_own_names(parts_.columns, files_.name(0));
    // Without a table nobody can tell what a missing cell or a category is.
    described_ = options_.shape.empty() && (!like_ || like_->described);
    for (CsvColumn& column : parts_.columns) {
      if (!described_ && column.role == CsvRole::feature) column.type = ColumnType::number;
    }
    if (std::none_of(parts_.columns.begin(), parts_.columns.end(),
                     [](const CsvColumn& column) { return column.role == CsvRole::feature; }))
      throw Error(ExitStatus::bad_data,
                  fmt::format("{}: no column besides the label; features are needed", files_.name(0)));
    wish_labels();
    scan();
    return write();
  }

 private:
  void open() {
    const CsvChoices& choices = options_.choices;
    CsvForm form{.delimiter = options_.delimiter ? options_.delimiter : choices.delimiter,
                 .decimal = options_.decimal ? options_.decimal : choices.decimal,
                 .header = options_.header ? options_.header : choices.header,
                 .why_header = "said",
                 .why_decimal = "said",
                 .missing = missing_,
                 .unsure = {},
                 .names_wanted = like_ ? like_->names : std::vector<std::string>{}};
    if (!form.decimal && like_ && like_->table && like_->table->decimal != 0) {
      form.decimal = like_->table->decimal;
      form.why_decimal = "as in " + like_->owner;
    }
    const bool named = names_columns(options_);
    if (named && form.header == false)
      refuse_options("an option names a column, and --header no says there are no names; give numbers from 0");
    if (named) form.header = true;
    if (!named && !options_.label.empty()) {
      const auto labels = split_list(options_.label);
      if (labels.size() == 1) form.unsure = std::stoul(labels[0]);
    }
    if (named && !options_.header) form.why_header = "options name columns";
    opened_ = open_csv(files_, form);
  }

  /// Targets stand in the order of the model or the other set; where they have other names, as a model's are given.
  void put_labels_in_order() {
    std::vector<std::size_t>& labels = parts_.verdict.labels.columns;
    if (!like_ || labels.size() < 2) return;
    if (like_->roles && !options_.label.empty())
      labels = columns_meant("--y", options_.label, opened_.names, files_.name(0));
    like_->put_labels_in_order(parts_.columns, labels);
  }

  void wish_labels() {
    wish_.classes = options_.classes;
    wish_.targets = options_.regression || (like_ && like_->targets);
    wish_.said_by = options_.classes ? "--classes" : options_.regression ? "--regression" : "";
    wish_.drop_unlabelled = options_.drop_unlabelled;
    if (like_) {
      wish_.class_names = like_->class_names;
      wish_.class_owner = like_->owner;
      if (like_->targets) wish_.said_by = "as in " + like_->owner;
    }
    for (const CsvColumn& column : parts_.columns) {
      if (column.role != CsvRole::label || !column.type) continue;
      wish_.classes |= *column.type == ColumnType::category || *column.type == ColumnType::flag;
      wish_.two_classes |= *column.type == ColumnType::flag;
      wish_.targets |= *column.type == ColumnType::number;
      wish_.said_by = column.reason;
    }
  }

  /// As it is said, or as a model or another set has it, else by columns that may be dates.
  void find_date_order() {
    const std::optional<DateOrder> said = options_.date_order ? options_.date_order : options_.choices.date_order;
    if (said || (like_ && like_->table)) {
      date_order_ = said ? *said : like_->table->date_order;
      return;
    }
    std::vector<std::size_t> columns;
    for (std::size_t c = 0; c < parts_.columns.size(); ++c) {
      const CsvColumn& column = parts_.columns[c];
      if (column.role == CsvRole::feature && (!column.type || *column.type == ColumnType::date)) columns.push_back(c);
    }
    const CsvDates dates =
        guess_date_order(opened_.rows, columns, CellRules(opened_.format.decimal, missing_), files_.name(0));
    date_order_ = dates.order;
    if (date_order_ != DateOrder::none)
      notes_.push_back(fmt::format("dates have the {} first ({}; --date-order)",
                                   date_order_ == DateOrder::day_first ? "day" : "month", dates.why));
  }

  void scan() {
    find_date_order();
    const CellRules rules(opened_.format.decimal, missing_, date_order_);
    const std::vector<CsvLayout> where =
        layouts_of(files_, opened_, parts_.columns, 1 + options_.further.size(), notes_);
    std::vector<CsvTaken> takes = first_takes(parts_.columns, opened_, rules, wish_);
    for (;;) {
      auto scan = std::make_shared<CsvScan>(scan_csv(files_, where, takes, opened_.format, rules, out_));
      if (scan->rows_of_file[0] == 0)
        throw Error(ExitStatus::bad_data,
                    fmt::format("{}: no row below the header; add rows, or use --header no", files_.name(0)));
      if (!widen(parts_.columns, files_, *scan, rules, takes)) {
        parts_.verdict = judge(parts_.columns, files_, *scan, rules, wish_);
        parts_.scan = std::move(scan);
        break;
      }
    }
    if (like_ && !like_->names.empty()) like_->put_in_order(parts_.verdict.features);
    put_labels_in_order();
    if (!described_) check_filled_features();
    if (like_)
      for (std::string& note : like_->notes_on_categories(parts_.verdict.features)) notes_.push_back(std::move(note));
    if (!like_)
      for (std::string& note : column_notes(parts_.columns, parts_.verdict.kept, files_, opened_, *parts_.scan))
        notes_.push_back(std::move(note));
    if (parts_.verdict.features.empty())
      throw Error(ExitStatus::bad_data, fmt::format("{}: every cell of all features is missing", files_.name(0)));
  }

  void check_filled_features() const {
    for (std::size_t c = 0; c < parts_.columns.size(); ++c) {
      const CsvFacts& facts = parts_.scan->facts[c];
      if (parts_.columns[c].role != CsvRole::feature || facts.missing == 0) continue;
      throw Error(
          ExitStatus::bad_data,
          fmt::format("{}: column {} (\"{}\") is {}; fill it in or remove the row{}",
                      place_text(files_, *facts.first_missing), c, shown(parts_.columns[c].name),
                      facts.first_missing->text.empty() ? "empty" : "\"" + shown(facts.first_missing->text) + "\"",
                      options_.shape.empty() ? "" : ", or leave out --shape"));
    }
  }

  DatasetSummary write() {
    const CsvScan& scan = *parts_.scan;
    const auto features = static_cast<std::int64_t>(parts_.verdict.features.size());
    const std::vector<std::int64_t> shape = like_ && !described_ ? like_->shape : row_shape(options_, features);
    ElementType type = x_type(scan);
    if (type == ElementType::uint8 && like_ && !like_->bytes) type = ElementType::float32;
    if (like_ && like_->roles) type = ElementType::float64;  // for a model a cell is worth the same whatever the others
    std::int64_t train_rows = 0;
    for (std::size_t f = 0; f <= options_.further.size(); ++f) train_rows += scan.rows_of_file[f];
    Table table = table_of_scan(parts_, 0, train_rows, shape, type);
    std::optional<Table> test;
    if (!options_.test.empty()) test = table_of_scan(parts_, train_rows, scan.rows, shape, type);

    TableNotes notes;
    notes.source = file_name(files_.name(0));
    notes.like = options_.like;
    notes.class_names = parts_.verdict.labels.class_names;
    if (notes.class_names.empty() && like_) notes.class_names = like_->class_names;
    const TableDescription described = description_of(parts_, missing_, opened_.format.decimal, date_order_);
    if (opened_.header) notes.columns = described.names();
    if (!opened_.header && like_) notes.columns = like_->names;
    (described_ ? notes.table : notes.file_columns) = described;
    const std::vector<DatasetSummary::FileColumn> told = file_columns(parts_);
    notes.understood = columns_text(told, opened_, missing_, date_order_);

    const std::int64_t left_out = scan.rows - table.rows - (test ? test->rows : 0);
    std::vector<PlannedSplit> splits;
    if (like_ && like_->roles) {
      splits.push_back({"test", &table, RowSet(table.rows, RowSet::Of::all)});
    } else {
      splits = plan_splits(table, test ? &*test : nullptr, options_.split);
    }
    DatasetSummary summary = write_splits(std::move(splits), notes, out_);
    summary.columns = told;
    summary.columns_text = notes.understood;
    summary.notes = opened_.notes;
    summary.notes.push_back(left_out > 0 ? fmt::format("rows: {}, of which {} no label and {} left out", scan.rows,
                                                       counted(left_out, "has", "have"), left_out == 1 ? "is" : "are")
                                         : fmt::format("rows: {}", scan.rows));
    summary.notes.insert(summary.notes.end(), notes_.begin(), notes_.end());
    return summary;
  }

  const CsvOptions& options_;
  std::string out_;
  CsvFiles files_;
  std::optional<CsvLike> like_;
  std::vector<std::string> missing_;
  CsvOpened opened_;
  DateOrder date_order_ = DateOrder::none;
  ScanParts parts_;
  CsvLabelWish wish_;
  bool described_ = true;
  std::vector<std::string> notes_;
};

}  // namespace

std::vector<std::string> CsvOptions::files() const {
  std::vector<std::string> all{file, like, choices.file};
  all.insert(all.end(), further.begin(), further.end());
  all.insert(all.end(), test.begin(), test.end());
  return all;
}

DatasetSummary import_csv(const CsvOptions& options, const std::string& out) {
  std::optional<CsvLike> like;
  if (!options.like.empty()) like = CsvLike::open(options.like);
  std::vector<std::string> train{options.file};
  train.insert(train.end(), options.further.begin(), options.further.end());
  say_read_twice(train, options.test);
  return CsvImport(options, std::move(like), out).run();
}

namespace {

std::int64_t elements_of(const std::vector<std::int64_t>& shape) {
  std::int64_t elements = 1;
  for (const std::int64_t extent : shape) elements *= extent;
  return elements;
}

}  // namespace

DatasetSummary import_csv_for(const CsvForModel& wanted, const std::string& out) {
  CsvOptions options;
  options.file = wanted.files.at(0);
  options.further.assign(wanted.files.begin() + 1, wanted.files.end());
  options.drop_unlabelled = wanted.drop_unlabelled;
  CsvLike like;
  like.owner = wanted.owner;
  like.names = wanted.table.names();
  if (!wanted.by_place) like.table = wanted.table;
  like.label_order = wanted.table.labels;
  if (wanted.labels && !wanted.label.empty()) {
    options.label = wanted.label;
    if (like.table) like.table->labels.clear();
    if (like.table) like.table->label_marks.clear();
  }
  like.described = wanted.shape.empty();
  like.shape = wanted.shape;
  like.features = static_cast<std::int64_t>(wanted.table.features.size());
  if (wanted.by_place) like.features = elements_of(wanted.shape);
  like.targets = wanted.class_names.empty();
  like.class_names = wanted.class_names;
  like.roles = true;
  like.labels = wanted.labels;
  const std::int64_t taken = like.features;
  DatasetSummary summary = CsvImport(options, std::move(like), out).run();
  std::vector<std::string> unused;
  for (const DatasetSummary::FileColumn& column : summary.columns) {
    const auto& labels = wanted.table.labels;
    const bool label = std::find(labels.begin(), labels.end(), column.name) != labels.end();
    if (column.role == "ignore" && !label) unused.push_back(shown(column.name));
  }
  constexpr std::size_t told = 10;
  summary.notes.clear();
  if (wanted.by_place)
    summary.notes.push_back(fmt::format("{}: its {} are taken in their order, as {} was trained on data without names",
                                        options.file, counted(taken, "feature column"), wanted.owner));
  const bool weighted = std::any_of(summary.columns.begin(), summary.columns.end(),
                                    [](const auto& column) { return column.role == "weight"; });
  if (wanted.labels && !wanted.table.weight.empty() && !weighted)
    summary.notes.push_back(fmt::format("{}: no column \"{}\" of weights, as in training: rows count alike",
                                        options.file, shown(wanted.table.weight)));
  if (!unused.empty()) {
    const auto last = unused.begin() + static_cast<std::ptrdiff_t>(std::min(told, unused.size()));
    summary.notes.push_back(fmt::format("{}: {} left out, as {} has no {} of that name: {}{}", options.file,
                                        counted(static_cast<std::int64_t>(unused.size()), "column"), wanted.owner,
                                        unused.size() == 1 ? "column" : "columns",
                                        fmt::join(unused.begin(), last, ", "), unused.size() > told ? ", ..." : ""));
  }
  return summary;
}

}  // namespace shoal
