// The command cv: one setting, trained and validated fold by fold.
#include <fmt/format.h>

#include <optional>

#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/sweep_text.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/core/csv_cell.hpp"
#include "shoal/core/json.hpp"
#include "shoal/run/output_file.hpp"
#include "shoal/run/run_paths.hpp"
#include "shoal/tune/out_of_fold.hpp"

namespace shoal {
namespace {

/// A measure of the table, in the order of its columns.
struct CvMeasure {
  std::string name;
  std::optional<double> (*of)(const CurvePoint& point);
};

/// Those that the folds have; the metric has a column of its own where it is none of them.
std::vector<CvMeasure> cv_measures(const CurvePoint& means, const std::string& metric) {
  const std::vector<CvMeasure> all = {
      {"validation.loss", [](const CurvePoint& p) { return p.validation_loss; }},
      {"validation.accuracy", [](const CurvePoint& p) { return p.validation_accuracy; }},
      {metric, [](const CurvePoint& p) { return p.metric; }},
      {"train.loss", [](const CurvePoint& p) { return p.train_loss; }},
      {"train.accuracy", [](const CurvePoint& p) { return p.train_accuracy; }}};
  std::vector<CvMeasure> found;
  for (const CvMeasure& measure : all) {
    if (measure.of(means)) found.push_back(measure);
  }
  return found;
}

std::string cv_table(const SweepSummary& summary) {
  const TrialRow& row = *summary.shown;
  const std::vector<CvMeasure> measures = cv_measures(*row.result(), summary.metric);
  std::vector<std::vector<std::string>> rows(1, {"fold", "epochs"});
  for (const CvMeasure& measure : measures) rows[0].push_back(measure.name);
  const auto add = [&](const std::string& name, const std::string& epochs, const CurvePoint& p) {
    auto& cells = rows.emplace_back(std::vector<std::string>{name, epochs});
    for (const CvMeasure& measure : measures) {
      const auto value = measure.of(p);
      cells.push_back(value ? fmt::format("{:.5g}", *value) : "-");
    }
  };
  for (std::size_t f = 0; f < row.folds.size(); ++f) {
    const CurvePoint& p = *row.folds[f].result();
    add(std::to_string(f + 1), std::to_string(p.epoch), p);
  }
  add("mean", "", *row.result());
  add("deviation", "", *row.deviation);
  const auto folds = static_cast<std::int64_t>(row.folds.size());
  return align(rows) +
         fmt::format("deviation: of the {} folds, by n - 1; all in {}\n", folds, SweepPaths{summary.folder}.jsonl());
}

std::string cv_json(const SweepSummary& summary) {
  const TrialRow& row = *summary.shown;
  const auto measures_of = [&](const CurvePoint& p) {
    Json all = Json::object();
    for (const CvMeasure& measure : cv_measures(p, summary.metric))
      all.set(measure.name, Json::shortest(*measure.of(p)));
    return all;
  };
  Json folds = Json::array();
  for (std::size_t f = 0; f < row.folds.size(); ++f) {
    const CurvePoint* p = row.folds[f].result();
    Json one = Json::object({{"fold", static_cast<std::int64_t>(f + 1)}});
    if (p == nullptr) {
      one.set("reason", row.folds[f].reason);
    } else {
      one.set("epochs", p->epoch);
      const Json measures = measures_of(*p);
      for (const auto& [name, value] : measures.members()) one.set(name, value);
    }
    folds.push(std::move(one));
  }
  Json all = Json::object({{"folder", summary.folder}, {"folds", std::move(folds)}});
  all.set("mean", row.result() != nullptr ? measures_of(*row.result()) : Json());
  all.set("deviation", row.deviation ? measures_of(*row.deviation) : Json());
  if (summary.final_fit)
    all.set("final_fit", Json::object({{"file", summary.final_fit->file},
                                       {"rows", summary.final_fit->rows},
                                       {"trained_for", summary.final_fit->length}}));
  return all.text(2) + '\n';
}

}  // namespace

ExitStatus execute(const CvRequest& request, Communicator& world) {
  if (request.sweep.predictions)
    run_together(world, [&] {
      if (world.rank() != 0) return;
      if (!is_csv_name(*request.sweep.predictions))
        throw Error(ExitStatus::usage, fmt::format("--predictions {} is no CSV; give a name that ends in .csv",
                                                   *request.sweep.predictions));
      check_output_file(*request.sweep.predictions, Output::predictions, {request.sweep.config.value_or("")});
    });
  const SweepSummary summary = sweep_run(request.sweep, world);
  if (request.sweep.predictions && summary.status == ExitStatus::done)
    predict_out_of_fold(summary.folder, *request.sweep.predictions, world);
  if (world.rank() != 0 || summary.status == ExitStatus::stopped || !summary.shown) return summary.status;
  if (request.json) {
    print(cv_json(summary));
  } else if (summary.winner) {
    print(cv_table(summary) + models_text(summary));
  }
  return summary.status;
}

}  // namespace shoal
