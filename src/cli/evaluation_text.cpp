#include "cli/evaluation_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/output.hpp"
#include "shoal/core/csv_cell.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/json.hpp"
#include "shoal/run/output_file.hpp"

namespace shoal {
namespace {

constexpr std::size_t most_shown = 50;            // classes or outputs
constexpr std::size_t most_confused_shown = 100;  // classes in JSON

std::string share(const std::optional<double>& value) { return value ? fmt::format("{:.4f}", *value) : "-"; }
std::string number_text(const std::optional<double>& value) { return value ? fmt::format("{:.6g}", *value) : "-"; }

std::string class_tables(const Evaluation& e) {
  std::string text =
      align({{"balanced_accuracy", "macro_f1", "weighted_f1", "auc", "average_precision", "brier", "ece", "nll"},
             {share(e.balanced_accuracy), share(e.macro_f1), share(e.weighted_f1), share(e.auc),
              share(e.average_precision), share(e.brier), share(e.ece), share(e.nll)}});
  std::vector<std::vector<std::string>> rows{
      {"class", "support", "precision", "recall", "f1", "auc", "average_precision"}};
  for (std::size_t c = 0; c < std::min(most_shown, e.classes.size()); ++c) {
    const ClassJudgement& judged = e.classes[c];
    rows.push_back({judged.name, fmt::format("{:.10g}", judged.support), share(judged.precision), share(judged.recall),
                    share(judged.f1), share(judged.auc), share(judged.average_precision)});
  }
  text += '\n' + align(rows);
  if (e.classes.size() > most_shown)
    text += fmt::format("... and {}; --json has all\n",
                        counted(std::ssize(e.classes) - std::ssize(rows) + 1, "more class", "more classes"));
  return text;
}

bool are_probabilities(const Evaluation& e) { return !e.outputs.empty() && e.outputs.front().accuracy.has_value(); }

std::string output_tables(const Evaluation& e) {
  const bool probabilities = are_probabilities(e);
  std::vector<std::vector<std::string>> rows{{"output", "rmse", "mae", "r2"}};
  if (probabilities) rows[0].insert(rows[0].end(), {"accuracy", "auc", "average_precision"});
  const auto add = [&](const std::string& name, const auto& of) {
    rows.push_back({name, number_text(of.rmse), number_text(of.mae), share(of.r2)});
    if (probabilities)
      rows.back().insert(rows.back().end(), {share(of.accuracy), share(of.auc), share(of.average_precision)});
  };
  for (std::size_t k = 0; k < std::min(most_shown, e.outputs.size()); ++k) add(e.outputs[k].name, e.outputs[k]);
  if (e.outputs.size() > 1) add("mean", e);
  std::string text = align(rows);
  if (!e.intervals.empty()) {
    std::vector<std::vector<std::string>> intervals{{"target", "interval", "coverage", "mean width"}};
    for (std::size_t k = 0; k < std::min(most_shown, e.intervals.size()); ++k) {
      const IntervalJudgement& i = e.intervals[k];
      intervals.push_back({i.name, number_text(i.nominal), share(i.coverage), number_text(i.width)});
    }
    text += '\n' + align(intervals);
  }
  if (e.outputs.size() > most_shown)
    text += fmt::format("the mean is over {} more, too; --json has all\n", e.outputs.size() - most_shown);
  return text;
}

Json classes_json(const Evaluation& e) {
  Json classes = Json::array();
  for (const ClassJudgement& c : e.classes)
    classes.push(Json::object({{"name", c.name},
                               {"support", c.support},
                               {"precision", c.precision},
                               {"recall", c.recall},
                               {"f1", c.f1},
                               {"auc", c.auc},
                               {"average_precision", c.average_precision}}));
  return classes;
}

Json confusion_json(const Evaluation& e) {
  Json rows = Json::array();
  const auto k = static_cast<std::ptrdiff_t>(e.classes.size());
  for (auto row = e.confusion.begin(); row != e.confusion.end(); row += k)
    rows.push(Json(std::vector<double>(row, row + k)));
  return rows;
}

}  // namespace

std::string evaluation_table(const std::string& split, const std::string& weights, const Evaluation& e) {
  std::vector<std::string> heading{"split", "samples", "loss"};
  std::vector<std::string> row{split, std::to_string(e.samples), fmt::format("{:.9g}", e.loss)};
  if (e.accuracy) {
    heading.emplace_back("accuracy");
    row.push_back(fmt::format("{:.4f}", *e.accuracy));
  }
  if (!weights.empty()) {
    heading.emplace_back("weights");
    row.push_back(weights);
  }
  std::string text = align({heading, row});
  if (!e.classes.empty()) text += '\n' + class_tables(e);
  if (!e.outputs.empty()) text += '\n' + output_tables(e);
  for (const std::string& note : e.notes) text += (note == e.notes.front() ? "\n" : "") + note + '\n';
  return text;
}

namespace {

/// Beside accuracy, which splits without the others have.
void set_metrics(Json& json, const Evaluation& e, bool of_classes) {
  for (const EvaluationMetric& metric : evaluation_metrics) {
    if (metric.of_classes == of_classes && metric.value != &Evaluation::accuracy)
      json.set(metric.name, e.*metric.value);
  }
}

Json evaluation_object(const std::string& split, const std::string& weights, const Evaluation& e) {
  Json json = Json::object({{"split", split}, {"samples", e.samples}, {"loss", e.loss}});
  if (!weights.empty()) json.set("weights", weights);
  if (e.accuracy) json.set("accuracy", *e.accuracy);
  if (!e.classes.empty()) {
    set_metrics(json, e, true);
    json.set("classes", classes_json(e));
    if (!e.confusion.empty() && e.classes.size() <= most_confused_shown) json.set("confusion", confusion_json(e));
  }
  if (!e.outputs.empty()) {
    Json outputs = Json::array();
    for (const OutputJudgement& o : e.outputs) {
      Json output = Json::object({{"name", o.name}, {"rmse", o.rmse}, {"mae", o.mae}, {"r2", o.r2}});
      if (are_probabilities(e)) {
        output.set("accuracy", o.accuracy);
        output.set("auc", o.auc);
        output.set("average_precision", o.average_precision);
      }
      outputs.push(std::move(output));
    }
    if (are_probabilities(e)) {
      json.set("auc", e.auc);
      json.set("average_precision", e.average_precision);
    }
    set_metrics(json, e, false);
    json.set("outputs", std::move(outputs));
  }
  if (!e.intervals.empty()) {
    Json intervals = Json::array();
    for (const IntervalJudgement& i : e.intervals)
      intervals.push(
          Json::object({{"name", i.name}, {"nominal", i.nominal}, {"coverage", i.coverage}, {"width", i.width}}));
    json.set("intervals", std::move(intervals));
  }
  if (!e.notes.empty()) json.set("notes", e.notes);
  return json;
}

}  // namespace

std::string evaluation_json(const std::string& split, const std::string& weights, const Evaluation& e) {
  return evaluation_object(split, weights, e).text() + '\n';
}

std::string ensemble_table(const std::string& split, const std::string& weights, const EnsembleEvaluation& e,
                           const std::vector<std::string>& names) {
  const bool classes = !e.mean.classes.empty();
  std::vector<std::vector<std::string>> rows{classes
                                                 ? std::vector<std::string>{"member", "loss", "accuracy", "nll", "ece"}
                                                 : std::vector<std::string>{"member", "loss", "rmse", "mae", "r2"}};
  const auto add = [&](const std::string& name, const Evaluation& of) {
    const std::string loss = fmt::format("{:.9g}", of.loss);
    rows.push_back(classes
                       ? std::vector<std::string>{name, loss, share(of.accuracy), share(of.nll), share(of.ece)}
                       : std::vector<std::string>{name, loss, number_text(of.rmse), number_text(of.mae), share(of.r2)});
  };
  for (std::size_t m = 0; m < names.size(); ++m) add(names[m], e.members[m]);
  add("ensemble", e.mean);
  return evaluation_table(split, weights, e.mean) + '\n' + align(rows);
}

std::string ensemble_json(const std::string& split, const std::string& weights, const EnsembleEvaluation& e,
                          const std::vector<std::string>& names) {
  Json json = evaluation_object(split, weights, e.mean);
  Json members = Json::array();
  for (std::size_t m = 0; m < names.size(); ++m) {
    const Evaluation& of = e.members[m];
    Json member = Json::object({{"checkpoint", names[m]}, {"loss", of.loss}});
    for (const EvaluationMetric& metric : evaluation_metrics) {
      if (const std::optional<double>& value = of.*metric.value) member.set(metric.name, *value);
    }
    members.push(std::move(member));
  }
  json.set("members", std::move(members));
  return json.text() + '\n';
}

std::string explanation_table(const std::string& split, const Explanation& e) {
  std::vector<std::vector<std::string>> rows{{"column", "importance", "deviation"}};
  for (const ColumnImportance& column : e.columns)
    rows.push_back({column.name, number_text(column.mean), number_text(column.deviation)});
  return align({{"split", "samples", e.metric}, {split, std::to_string(e.samples), number_text(e.score)}}) + '\n' +
         align(rows) +
         fmt::format("importance: how much worse {} is when the values of the column are handed round among the rows\n",
                     e.metric);
}

std::string explanation_json(const DatasetPredictor& model, const std::string& data, const std::string& split,
                             const Explanation& e) {
  Json columns = Json::array();
  for (const ColumnImportance& column : e.columns)
    columns.push(Json::object({{"name", column.name},
                               {"importance", column.mean},
                               {"deviation", column.deviation},
                               {"repeats", column.repeats}}));
  return Json::object({{"step", model.step()},
                       {"digest", model.digest()},
                       {"data", data},
                       {"split", split},
                       {"samples", e.samples},
                       {"metric", e.metric},
                       {"score", e.score},
                       {"columns", std::move(columns)}})
             .text() +
         '\n';
}

std::string explanation_csv(const Explanation& e) {
  std::string text = importance_start;
  const std::size_t repeats = e.columns.empty() ? 0 : e.columns.front().repeats.size();
  for (std::size_t r = 0; r < repeats; ++r) text += fmt::format(",repeat_{}", r + 1);
  text += '\n';
  for (const ColumnImportance& column : e.columns) {
    text += fmt::format("{},{},{}", csv_cell(column.name), column.mean, column.deviation);
    for (const double repeat : column.repeats) text += fmt::format(",{}", repeat);
    text += '\n';
  }
  return text;
}

std::string confusion_csv(const Evaluation& e) {
  if (e.confusion.empty())
    throw Error(ExitStatus::usage, e.classes.empty() ? "--confusion needs classes, and the data have none"
                                                     : fmt::format("--confusion takes up to {} classes, not {}",
                                                                   most_confused, e.classes.size()));
  std::string text = confusion_corner;
  for (const ClassJudgement& c : e.classes) text += ',' + csv_cell(c.name);
  text += '\n';
  for (std::size_t r = 0; r < e.classes.size(); ++r) {
    text += csv_cell(e.classes[r].name);
    for (std::size_t c = 0; c < e.classes.size(); ++c)
      text += fmt::format(",{}", e.confusion[r * e.classes.size() + c]);
    text += '\n';
  }
  return text;
}

}  // namespace shoal
