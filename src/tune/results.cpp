#include "tune/results.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "shoal/core/csv_cell.hpp"
#include "shoal/core/json.hpp"
#include "shoal/tune/search_space.hpp"
namespace shoal {
namespace {

std::string number(double value) { return fmt::format("{}", value); }
std::string number(const std::optional<double>& value) { return value ? number(*value) : ""; }

std::string json_text(const std::string& text) { return Json(text).text(); }

std::int64_t epochs(const TrialRow& row) { return row.curve.empty() ? 0 : row.curve.back().epoch; }

std::string json_point(const CurvePoint& p) {
  std::string text = fmt::format("{{\"epoch\":{},\"train.loss\":{}", p.epoch, number(p.train_loss));
  const auto add = [&](const char* name, const std::optional<double>& value) {
    if (value) text += fmt::format(",\"{}\":{}", name, number(*value));
  };
  add("train.accuracy", p.train_accuracy);
  add("validation.loss", p.validation_loss);
  add("validation.accuracy", p.validation_accuracy);
  return text + '}';
}

}  // namespace

std::string plain(const std::string& toml) {
  if (!toml.starts_with('"')) return toml;
  return Json::valid(toml) ? Json::parse(toml).string() : toml;  // what config_text writes is JSON too
}

SweepTable make_table(const SweepSettings& settings, const SearchPlan& plan, const std::vector<History>& trials) {
  SweepTable table{settings, {}};
  for (std::size_t t = 0; t < trials.size(); ++t) {
    TrialRow& row = table.rows.emplace_back();
    const Outcome& latest = trials[t].back();
    row.trial = static_cast<std::int64_t>(t);
    row.status = latest.failed ? "failed" : latest.rung + 1 == plan.rungs() ? "done" : "stopped";
    row.round = plan.round_of(row.trial);
    row.rung = latest.rung;
    row.curve = latest.curve;
    row.reason = latest.reason;
    for (std::size_t d = 0; d < settings.space.size(); ++d) {
      row.values.push_back(value_at(settings.space[d], plan.places()[t][d]));
      row.numbers.push_back(number_at(settings.space[d], plan.places()[t][d]));
    }
  }
  std::vector<std::int64_t> order(trials.size());
  std::iota(order.begin(), order.end(), 0);
  std::int64_t place = 0;
  for (const std::int64_t t : from_best(std::move(order), standings_of(trials, settings.metric))) {
    TrialRow& row = table.rows[static_cast<std::size_t>(t)];
    if (row.status != "failed") row.place = ++place;
  }
  return table;
}

std::string to_csv(const SweepTable& table) {
  std::string text =
      "trial,place,status,round,rung,epochs,train.loss,train.accuracy,validation.loss,validation.accuracy";
  for (const Dimension& d : table.settings.space) text += ',' + csv_cell(d.key);
  text += ",reason\n";
  for (const TrialRow& row : table.rows) {
    text += fmt::format("{},{},{},{},{},{}", row.trial, row.place ? std::to_string(*row.place) : "", row.status,
                        row.round, row.rung, epochs(row));
    const CurvePoint* p = row.result();
    const std::optional<double> none;
    text += fmt::format(",{},{},{},{}", p ? number(p->train_loss) : "", number(p ? p->train_accuracy : none),
                        number(p ? p->validation_loss : none), number(p ? p->validation_accuracy : none));
    for (const std::string& value : row.values) text += ',' + csv_cell(plain(value));
    text += ',' + csv_cell(row.reason) + '\n';
  }
  return text;
}

std::string to_jsonl(const SweepTable& table) {
  std::string text;
  for (const TrialRow& row : table.rows) {
    text +=
        fmt::format("{{\"trial\":{},\"place\":{},\"status\":\"{}\",\"round\":{},\"rung\":{},\"epochs\":{}", row.trial,
                    row.place ? std::to_string(*row.place) : "null", row.status, row.round, row.rung, epochs(row));
    const std::string metric = to_string(table.settings.metric);
    const std::optional<double> value = row.result() ? metric_at(*row.result(), table.settings.metric) : std::nullopt;
    text += fmt::format(",\"{}\":{},\"hyperparameters\":{{", metric, value ? number(*value) : "null");
    for (std::size_t d = 0; d < row.values.size(); ++d)
      text += fmt::format("{}{}:{}", d == 0 ? "" : ",", json_text(table.settings.space[d].key), row.values[d]);
    text += "},\"curve\":[";
    for (std::size_t i = 0; i < row.curve.size(); ++i) {
      if (i > 0) text += ',';
      text += json_point(row.curve[i]);
    }
    text += ']';
    if (row.status == "failed") text += ",\"reason\":" + json_text(row.reason);
    text += "}\n";
  }
  return text;
}

std::string times_jsonl(const std::vector<History>& trials) {
  std::string text;
  for (const History& history : trials) {
    for (const Outcome& o : history)
      text += fmt::format("{{\"trial\":{},\"rung\":{},\"rank\":{},\"seconds\":{:.6f}}}\n", o.trial, o.rung, o.rank,
                          o.seconds);
  }
  return text;
}

}  // namespace shoal
