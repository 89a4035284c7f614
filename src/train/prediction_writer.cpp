#include "train/prediction_writer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "shoal/io/file.hpp"
#include "shoal/io/h5_file.hpp"

namespace shoal {
namespace {

/// The class that a row of probabilities stands for; of a single output, whether it is above 1/2.
std::int32_t label_of(std::span<const float> row) {
  if (row.size() == 1) return row[0] > 0.5f ? 1 : 0;
  return static_cast<std::int32_t>(std::max_element(row.begin(), row.end()) - row.begin());
}

class H5PredictionWriter final : public PredictionWriter {
 public:
  H5PredictionWriter(const std::string& out, std::int64_t rows, std::int64_t outputs, bool regression,
                     const std::vector<std::string>& class_names)
      : writer_(out),
        outputs_(static_cast<std::size_t>(outputs)),
        regression_(regression),
        array_(regression ? "outputs" : "probabilities") {
    writer_.create_array(array_, ElementType::float32, {rows, outputs});
    if (!regression) writer_.create_array("labels", ElementType::int32, {rows});
    if (!class_names.empty()) writer_.set_attribute("class_names", class_names);
  }
  void write(std::span<const float> rows) override {
    writer_.write_rows(array_, next_, std::as_bytes(rows));
    const std::size_t count = rows.size() / outputs_;
    if (!regression_) {
      std::vector<std::int32_t> labels;
      for (std::size_t r = 0; r < count; ++r) labels.push_back(label_of(rows.subspan(r * outputs_, outputs_)));
      writer_.write_rows("labels", next_, std::as_bytes(std::span(labels)));
    }
    next_ += static_cast<std::int64_t>(count);
  }
  void finish() override { writer_.finish(); }

 private:
  H5Writer writer_;
  std::size_t outputs_;
  bool regression_;
  std::string array_;
  std::int64_t next_ = 0;
};

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted(1, '"');
  for (char c : text) quoted.append(c == '"' ? 2 : 1, c);
  quoted += '"';
  return quoted;
}

/// Held in memory until the end, so that the file appears whole.
class CsvPredictionWriter final : public PredictionWriter {
 public:
  CsvPredictionWriter(const std::string& out, std::int64_t outputs, bool regression,
                      const std::vector<std::string>& class_names)
      : out_(out), outputs_(static_cast<std::size_t>(outputs)), regression_(regression), class_names_(class_names) {
    if (!regression_) text_ = "label";
    for (std::size_t k = 0; k < outputs_; ++k) {
      const std::string name = !regression_ && class_names_.size() == outputs_
                                   ? fmt::format("p_{}", class_names_[k])
                                   : fmt::format("{}_{}", regression_ ? "output" : "p", k);
      text_ += fmt::format("{}{}", text_.empty() ? "" : ",", csv_cell(name));
    }
    text_ += '\n';
  }
  void write(std::span<const float> rows) override {
    for (std::size_t r = 0; r < rows.size() / outputs_; ++r) {
      const auto row = rows.subspan(r * outputs_, outputs_);
      std::string line;
      if (!regression_) {
        const auto label = static_cast<std::size_t>(label_of(row));
        line = label < class_names_.size() ? csv_cell(class_names_[label]) : std::to_string(label);
      }
      for (float v : row) line += fmt::format("{}{}", line.empty() ? "" : ",", v);
      line += '\n';
      text_ += line;
    }
  }
  void finish() override { write_text_atomically(out_, text_); }

 private:
  std::string out_;
  std::size_t outputs_;
  bool regression_;
  std::vector<std::string> class_names_;
  std::string text_;
};

}  // namespace

std::unique_ptr<PredictionWriter> make_prediction_writer(const std::string& out, std::int64_t rows, const Model& model,
                                                         const std::vector<std::string>& class_names) {
  const bool regression = model.loss_kind() == Loss::mse;
  if (out.ends_with(".csv"))
    return std::make_unique<CsvPredictionWriter>(out, model.outputs(), regression, class_names);
  return std::make_unique<H5PredictionWriter>(out, rows, model.outputs(), regression, class_names);
}

}  // namespace shoal
