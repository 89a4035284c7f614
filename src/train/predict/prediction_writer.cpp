#include "train/predict/prediction_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <iostream>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "shoal/core/csv_cell.hpp"
#include "shoal/core/error.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/h5_file.hpp"
#include "shoal/io/names.hpp"
#include "shoal/train/prediction_columns.hpp"

namespace shoal {
namespace {

constexpr const char* standard_output = "-";

std::string id_array(std::size_t id) { return fmt::format("ids/{}", id); }

class H5PredictionWriter final : public PredictionWriter {
 public:
  H5PredictionWriter(const std::string& out, std::int64_t rows, const PredictionLayout& layout,
                     std::vector<SpreadPart> spread, const RowIds& ids)
      : writer_(out),
        spread_(std::move(spread)),
        columns_(static_cast<std::size_t>(layout.columns)),
        labels_(layout.labels),
        precise_(layout.precise),
        array_(layout.probabilities ? "probabilities" : "outputs") {
    const ElementType element = precise_ ? ElementType::float64 : ElementType::float32;
    writer_.create_array(array_, element, {rows, layout.columns});
    for (const SpreadPart& part : spread_) {
      std::vector<std::int64_t> shape{rows};
      shape.insert(shape.end(), part.shape.begin(), part.shape.end());
      writer_.create_array(part.array, element, shape);
    }
    if (labels_) writer_.create_array("labels", ElementType::int32, {rows});
    write_names(writer_, "class_names", layout.class_names);
    if (!layout.probabilities) write_names(writer_, "output_names", layout.names);
    for (std::size_t id = 0; id < ids.names().size(); ++id) {
      id_bytes_.push_back(static_cast<std::size_t>(ids.bytes(id)));
      writer_.create_array(id_array(id), ElementType::uint8, {rows, ids.bytes(id)});
    }
    write_names(writer_, "id_names", ids.names());
  }
  void write(const EnsemblePredictions& all, const std::vector<std::vector<std::string>>& ids) override {
    const Predictions& made = all.mean;
    const auto values = precise_ ? std::as_bytes(std::span(made.precise)) : std::as_bytes(std::span(made.values));
    writer_.write_rows(array_, next_, values);
    for (std::size_t part = 0; part < spread_.size(); ++part) write_spread(spread_[part].array, all.spread[part]);
    if (labels_) writer_.write_rows("labels", next_, std::as_bytes(std::span(made.labels)));
    for (std::size_t id = 0; id < ids.size(); ++id) {
      std::vector<std::byte> texts(ids[id].size() * id_bytes_[id]);
      for (std::size_t r = 0; r < ids[id].size(); ++r)
        std::memcpy(texts.data() + r * id_bytes_[id], ids[id][r].data(), ids[id][r].size());
      writer_.write_rows(id_array(id), next_, texts);
    }
    next_ += static_cast<std::int64_t>((precise_ ? made.precise.size() : made.values.size()) / columns_);
  }
  void finish() override { writer_.finish(); }

 private:
  void write_spread(const std::string& array, const std::vector<double>& numbers) {
    if (precise_) return writer_.write_rows(array, next_, std::as_bytes(std::span(numbers)));
    const std::vector<float> rounded(numbers.begin(), numbers.end());
    writer_.write_rows(array, next_, std::as_bytes(std::span(rounded)));
  }

  H5Writer writer_;
  std::vector<SpreadPart> spread_;
  std::size_t columns_;
  bool labels_;
  bool precise_;
  std::string array_;
  std::vector<std::size_t> id_bytes_;
  std::int64_t next_ = 0;
};

/// Standard output gets nothing before all is known to be right: that is held in memory.
class CsvPredictionWriter final : public PredictionWriter {
 public:
  CsvPredictionWriter(const std::string& out, const PredictionLayout& layout, const std::vector<SpreadPart>& spread,
                      const RowIds& ids)
      : layout_(layout), columns_(static_cast<std::size_t>(layout.columns)) {
    if (out != standard_output) file_.emplace(out);
    for (const std::string& name : ids.names()) text_ += csv_cell(name) + ',';
    text_ += header_line(layout_);
    for (const SpreadPart& part : spread) {
      for (const std::string& name : part.names) text_ += ',' + csv_cell(name);
    }
    text_ += '\n';
  }
  void write(const EnsemblePredictions& all, const std::vector<std::vector<std::string>>& ids) override {
    const Predictions& made = all.mean;
    const std::size_t rows = (layout_.precise ? made.precise.size() : made.values.size()) / columns_;
    for (std::size_t r = 0; r < rows; ++r) {
      for (const std::vector<std::string>& id : ids) text_ += csv_cell(id[r]) + ',';
      if (layout_.labels) {
        const auto label = static_cast<std::size_t>(made.labels[r]);
        const auto& names = layout_.class_names;
        text_ += label < names.size() ? csv_cell(names[label]) : std::to_string(label);
        text_ += ',';
      }
      for (std::size_t k = r * columns_; k < (r + 1) * columns_; ++k)
        text_ += layout_.precise ? fmt::format("{},", made.precise[k]) : fmt::format("{},", made.values[k]);
      for (const std::vector<double>& part : all.spread) {
        const std::size_t width = part.size() / rows;
        for (std::size_t k = r * width; k < (r + 1) * width; ++k)
          text_ += layout_.precise ? fmt::format("{},", part[k]) : fmt::format("{},", static_cast<float>(part[k]));
      }
      text_.back() = '\n';
    }
    if (!file_) return;
    file_->append(text_);
    text_.clear();
  }
  void finish() override {
    if (!file_) {
      std::cout << text_;  // whether it arrived is seen at the end of the command
      return;
    }
    file_->append(text_);
    file_->finish();
  }

 private:
  std::optional<GrowingFile> file_;
  PredictionLayout layout_;
  std::size_t columns_;
  std::string text_;  // that is not written yet
};

}  // namespace

std::set<std::string> prediction_columns(const PredictionLayout& layout) {
  std::set<std::string> columns(layout.names.begin(), layout.names.end());
  if (layout.labels) columns.insert("label");
  return columns;
}

void check_id_names(const std::vector<std::string>& ids, const std::set<std::string>& columns) {
  for (const std::string& name : ids) {
    if (columns.contains(name))
      throw Error(ExitStatus::bad_data, fmt::format("the ids \"{}\" of the data are called as a column of predictions "
                                                    "is; give them another name",
                                                    name));
  }
}

RowIds::RowIds(const Split& split) : split_(split), names_(split.id_names()) {}

std::vector<std::vector<std::string>> RowIds::read(std::int64_t first, std::int64_t last) const {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(last - first));
  std::iota(rows.begin(), rows.end(), first);
  std::vector<std::vector<std::string>> texts(names_.size(), std::vector<std::string>(rows.size()));
  for (std::size_t id = 0; id < names_.size(); ++id) split_.read_ids(id, rows, texts[id]);
  return texts;
}

std::unique_ptr<PredictionWriter> make_prediction_writer(const std::string& out, std::int64_t rows,
                                                         const PredictionLayout& layout,
                                                         const std::vector<SpreadPart>& spread, const RowIds& ids) {
  std::set<std::string> taken = prediction_columns(layout);
  for (const SpreadPart& part : spread) {
    for (const std::string& name : part.names) {
      if (!taken.insert(name).second)
        throw Error(ExitStatus::bad_data, fmt::format("two columns of predictions would be called \"{}\"; leave out "
                                                      "--spread, or train with other names",
                                                      name));
    }
  }
  check_id_names(ids.names(), taken);
  if (is_csv_name(out) || out == standard_output)
    return std::make_unique<CsvPredictionWriter>(out, layout, spread, ids);
  return std::make_unique<H5PredictionWriter>(out, rows, layout, spread, ids);
}

}  // namespace shoal
