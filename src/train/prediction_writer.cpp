#include "train/prediction_writer.hpp"

#include <fmt/format.h>

#include <iostream>

#include "shoal/core/csv_cell.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/h5_file.hpp"
#include "shoal/io/names.hpp"

namespace shoal {
namespace {

constexpr const char* standard_output = "-";

class H5PredictionWriter final : public PredictionWriter {
 public:
  H5PredictionWriter(const std::string& out, std::int64_t rows, const PredictionLayout& layout)
      : writer_(out),
        columns_(static_cast<std::size_t>(layout.columns)),
        labels_(layout.labels),
        array_(layout.probabilities ? "probabilities" : "outputs") {
    writer_.create_array(array_, layout.precise ? ElementType::float64 : ElementType::float32, {rows, layout.columns});
    if (labels_) writer_.create_array("labels", ElementType::int32, {rows});
    write_names(writer_, "class_names", layout.class_names);
    if (!layout.probabilities) write_names(writer_, "output_names", layout.names);
  }
  void write(std::span<const float> rows, std::span<const std::int32_t> labels) override {
    writer_.write_rows(array_, next_, std::as_bytes(rows));
    if (labels_) writer_.write_rows("labels", next_, std::as_bytes(labels));
    next_ += static_cast<std::int64_t>(rows.size() / columns_);
  }
  void write(std::span<const double> rows) override {
    writer_.write_rows(array_, next_, std::as_bytes(rows));
    next_ += static_cast<std::int64_t>(rows.size() / columns_);
  }
  void finish() override { writer_.finish(); }

 private:
  H5Writer writer_;
  std::size_t columns_;
  bool labels_;
  std::string array_;
  std::int64_t next_ = 0;
};

/// Held in memory until the end, so that the file appears whole.
class CsvPredictionWriter final : public PredictionWriter {
 public:
  CsvPredictionWriter(const std::string& out, const PredictionLayout& layout)
      : out_(out), layout_(layout), columns_(static_cast<std::size_t>(layout.columns)) {
    if (out_ != standard_output) check_writable(out_);
    text_ = header_line(layout_) + '\n';
  }
  void write(std::span<const float> rows, std::span<const std::int32_t> labels) override {
    for (std::size_t r = 0; r < rows.size() / columns_; ++r) {
      const auto row = rows.subspan(r * columns_, columns_);
      std::string line;
      if (layout_.labels) {
        const auto label = static_cast<std::size_t>(labels[r]);
        const auto& names = layout_.class_names;
        line = label < names.size() ? csv_cell(names[label]) : std::to_string(label);
      }
      for (float v : row) line += fmt::format("{}{}", line.empty() ? "" : ",", v);
      line += '\n';
      text_ += line;
    }
  }
  void write(std::span<const double> rows) override {
    for (std::size_t i = 0; i < rows.size(); ++i)
      text_ += fmt::format("{}{}", rows[i], (i + 1) % columns_ == 0 ? '\n' : ',');
  }
  void finish() override {
    if (out_ == standard_output)
      std::cout << text_;  // whether it arrived is seen at the end of the command
    else
      write_text_atomically(out_, text_);
  }

 private:
  std::string out_;
  PredictionLayout layout_;
  std::size_t columns_;
  std::string text_;
};

}  // namespace

std::unique_ptr<PredictionWriter> make_prediction_writer(const std::string& out, std::int64_t rows,
                                                         const PredictionLayout& layout) {
  if (out.ends_with(".csv") || out == standard_output) return std::make_unique<CsvPredictionWriter>(out, layout);
  return std::make_unique<H5PredictionWriter>(out, rows, layout);
}

}  // namespace shoal
