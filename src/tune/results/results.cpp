#include "tune/results/results.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "shoal/config/value_json.hpp"
#include "shoal/core/csv_cell.hpp"
#include "shoal/core/json.hpp"
#include "shoal/tune/search_space.hpp"
#include "tune/folds/folds.hpp"

namespace shoal {
namespace {

std::string number(double value) { return fmt::format("{}", value); }
std::string number(const std::optional<double>& value) { return value ? number(*value) : ""; }

std::int64_t epochs(const TrialRow& row) { return row.curve.empty() ? 0 : row.curve.back().epoch; }

std::vector<std::string> values_of(const std::vector<Dimension>& space, const Place& place) {
  std::vector<std::string> values;
  for (std::size_t d = 0; d < space.size(); ++d) values.push_back(value_at(space[d], place[d]));
  return values;
}

std::vector<double> numbers_of(const std::vector<Dimension>& space, const Place& place) {
  std::vector<double> numbers;
  for (std::size_t d = 0; d < space.size(); ++d) numbers.push_back(number_at(space[d], place[d]));
  return numbers;
}

Json json_values(const std::vector<Dimension>& space, const std::vector<std::string>& values) {
  Json json = Json::object();
  for (std::size_t d = 0; d < values.size(); ++d) json.set(space[d].key, json_of_value(values[d]));
  return json;
}

/// Of the CSV, each with a comma before it; empty ones where there is no point.
std::string cells_of(const CurvePoint* p, Metric metric) {
  const std::optional<double> none;
  std::string text = fmt::format(",{},{},{},{}", number(p ? p->train_loss : none), number(p ? p->train_accuracy : none),
                                 number(p ? p->validation_loss : none), number(p ? p->validation_accuracy : none));
  if (!stands_apart(metric)) text += ',' + number(p ? p->metric : none);
  return text;
}

Json json_measures(const CurvePoint& p, Metric metric) {
  Json point = Json::object();
  const auto add = [&](const char* name, const std::optional<double>& value) {
    if (value) point.set(name, Json::shortest(*value));
  };
  add("train.loss", p.train_loss);
  add("train.accuracy", p.train_accuracy);
  add("validation.loss", p.validation_loss);
  add("validation.accuracy", p.validation_accuracy);
  if (!stands_apart(metric)) add(to_string(metric).c_str(), p.metric);
  return point;
}

Json json_point(const CurvePoint& p, Metric metric) {
  Json point = Json::object({{"epoch", p.epoch}});
  const Json measures = json_measures(p, metric);
  for (const auto& [name, value] : measures.members()) point.set(name, value);
  return point;
}

Json json_curve(const std::vector<CurvePoint>& points, Metric metric) {
  Json curve = Json::array();
  for (const CurvePoint& point : points) curve.push(json_point(point, metric));
  return curve;
}

Json json_folds(const TrialRow& row, Metric metric) {
  Json folds = Json::array();
  for (std::size_t f = 0; f < row.folds.size(); ++f) {
    const FoldRow& fold = row.folds[f];
    const CurvePoint* p = fold.result();
    Json one = Json::object({{"fold", static_cast<std::int64_t>(f + 1)},
                             {"epochs", fold.curve.empty() ? std::int64_t{0} : fold.curve.back().epoch}});
    if (p != nullptr) {
      const Json measures = json_measures(*p, metric);
      for (const auto& [name, value] : measures.members()) one.set(name, value);
    } else {
      one.set("reason", fold.reason);
    }
    one.set("curve", json_curve(fold.curve, metric));
    folds.push(std::move(one));
  }
  return folds;
}

}  // namespace

bool any_taken_over(const SweepTable& table) {
  return std::any_of(table.rows.begin(), table.rows.end(), [](const TrialRow& row) { return row.same_as.has_value(); });
}

std::string plain(const std::string& toml) {
  if (!toml.starts_with('"')) return toml;
  return Json::valid(toml) ? Json::parse(toml).string() : toml;  // what config_text writes is JSON too
}

SweepTable make_table(const SweepSettings& settings, const SearchPlan& plan, const std::vector<History>& trials) {
  SweepTable table{settings, {}};
  for (std::size_t t = 0; t < plan.places().size(); ++t) {
    const auto original = static_cast<std::size_t>(plan.original_of(static_cast<std::int64_t>(t)));
    TrialRow& row = table.rows.emplace_back();
    row.trial = static_cast<std::int64_t>(t);
    row.status = "waiting";
    row.round = plan.round_of(row.trial);
    if (original != t) row.same_as = static_cast<std::int64_t>(original);
    if (original < trials.size() && !trials[original].empty()) {
      const Outcome& latest = trials[original].back();
      row.status = latest.failed ? "failed" : latest.rung + 1 == plan.rungs() ? "done" : "stopped";
      row.rung = latest.rung;
      row.curve = latest.curve;
      row.reason = latest.reason;
      for (const Outcome& fold : latest.folds) row.folds.push_back({fold.curve, fold.reason});
      if (!latest.failed && !latest.folds.empty()) row.deviation = deviation_of(latest.folds);
    }
    const Place& place = plan.place(row.trial, row.rung);
    row.values = values_of(settings.space, place);
    row.numbers = numbers_of(settings.space, place);
    if (plan.population() == nullptr) continue;
    for (const Forebear& one : plan.population()->lineage(row.trial, row.rung))
      row.lineage.push_back({one.member, values_of(settings.space, one.place), numbers_of(settings.space, one.place)});
  }
  std::vector<std::int64_t> order(trials.size());
  std::iota(order.begin(), order.end(), 0);
  std::int64_t place = 0;
  for (const std::int64_t t : from_best(std::move(order), standings_of(trials, settings.metric))) {
    TrialRow& row = table.rows[static_cast<std::size_t>(t)];
    if (row.result() != nullptr && !row.same_as) row.place = ++place;
  }
  for (TrialRow& row : table.rows) {
    if (row.same_as) row.place = table.rows[static_cast<std::size_t>(*row.same_as)].place;
  }
  return table;
}

std::string to_csv(const SweepTable& table) {
  std::string text =
      "trial,place,status,round,rung,epochs,train.loss,train.accuracy,validation.loss,validation.accuracy";
  const Metric metric = table.settings.metric;
  if (!stands_apart(metric)) text += ',' + to_string(metric);
  if (table.settings.folded()) {
    for (const char* name : {"train.loss", "train.accuracy", "validation.loss", "validation.accuracy"})
      text += fmt::format(",{}.deviation", name);
    if (!stands_apart(metric)) text += fmt::format(",{}.deviation", to_string(metric));
  }
  for (const Dimension& d : table.settings.space) text += ',' + csv_cell(d.key);
  const bool taken_over = any_taken_over(table);
  text += taken_over ? ",reason,same_as\n" : ",reason\n";
  for (const TrialRow& row : table.rows) {
    text += fmt::format("{},{},{},{},{},{}", row.trial, row.place ? std::to_string(*row.place) : "", row.status,
                        row.round, row.rung, epochs(row));
    text += cells_of(row.result(), metric);
    if (table.settings.folded()) text += cells_of(row.deviation ? &*row.deviation : nullptr, metric);
    for (const std::string& value : row.values) text += ',' + csv_cell(plain(value));
    text += ',' + csv_cell(row.reason);
    if (taken_over) text += row.same_as ? fmt::format(",{}", *row.same_as) : ",";
    text += '\n';
  }
  return text;
}

std::string to_jsonl(const SweepTable& table) {
  const Metric metric = table.settings.metric;
  std::string text;
  for (const TrialRow& row : table.rows) {
    const std::optional<double> value = row.result() ? metric_at(*row.result(), metric) : std::nullopt;
    Json line = Json::object({{"trial", row.trial},
                              {"place", row.place},
                              {"status", row.status},
                              {"round", row.round},
                              {"rung", row.rung},
                              {"epochs", epochs(row)},
                              {to_string(metric), value ? Json::shortest(*value) : Json()},
                              {"hyperparameters", json_values(table.settings.space, row.values)},
                              {"curve", json_curve(row.curve, metric)}});
    if (row.deviation) line.set("deviation", json_measures(*row.deviation, metric));
    if (table.settings.folded()) line.set("folds", json_folds(row, metric));
    if (!row.lineage.empty()) {
      Json lineage = Json::array();
      for (const LineagePart& part : row.lineage)
        lineage.push(Json::object(
            {{"member", part.member}, {"hyperparameters", json_values(table.settings.space, part.values)}}));
      line.set("lineage", std::move(lineage));
    }
    if (row.status == "failed") line.set("reason", row.reason);
    if (row.same_as) line.set("same_as", *row.same_as);
    text += line.text() + '\n';
  }
  return text;
}

std::string times_jsonl(const std::vector<History>& trials) {
  std::string text;
  const auto add = [&](const Outcome& o) {
    Json line = Json::object({{"trial", o.trial}, {"rung", o.rung}});
    if (o.fold != 0) line.set("fold", o.fold);
    line.set("rank", o.rank).set("seconds", Json::verbatim(fmt::format("{:.6f}", o.seconds)));
    text += line.text() + '\n';
  };
  for (const History& history : trials) {
    for (const Outcome& o : history) {
      if (o.folds.empty()) add(o);
      for (const Outcome& fold : o.folds) add(fold);
    }
  }
  return text;
}

}  // namespace shoal
