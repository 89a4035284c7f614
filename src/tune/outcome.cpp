#include "tune/outcome.hpp"

#include <fmt/format.h>

#include <cassert>
#include <sstream>

#include "shoal/core/error.hpp"
#include "shoal/core/json.hpp"

namespace shoal {
namespace {

std::optional<double> optional(const Json& value) {
  return value.is_null() ? std::nullopt : std::optional(value.number());
}

}  // namespace

bool stands_apart(Metric metric) { return is_loss(metric) || metric == Metric::validation_accuracy; }

std::optional<double> metric_at(const CurvePoint& point, Metric metric) {
  switch (metric) {
    case Metric::validation_accuracy: return point.validation_accuracy;
    case Metric::train_loss: return point.train_loss;
    case Metric::validation_loss: return point.validation_loss;
    default: return point.metric;
  }
}

double metric_of(const Outcome& outcome, Metric metric) {
  assert(!outcome.failed && !outcome.curve.empty());
  const std::optional<double> value = metric_at(outcome.curve.back(), metric);
  if (!value)  // check_sweep() refuses such a config
    throw Error(ExitStatus::internal, fmt::format("trial {} has no {}", outcome.trial, to_string(metric)));
  return *value;
}

Score score_of(const Outcome& outcome, Metric metric) {
  const double value = metric_of(outcome, metric);
  if (is_loss(metric)) return {value, value};
  return {higher_is_better(metric) ? -value : value, metric_of(outcome, Metric::validation_loss)};
}

std::vector<Standing> standings_of(const std::vector<History>& trials, Metric metric) {
  std::vector<Standing> standings;
  for (const History& history : trials) {
    Standing& standing = standings.emplace_back();
    if (history.empty()) continue;
    const Outcome& latest = history.back();
    standing = {latest.rung, latest.failed, latest.failed ? Score() : score_of(latest, metric)};
  }
  return standings;
}

std::string to_json_line(const Outcome& outcome) {
  Json curve = Json::array();
  for (const CurvePoint& p : outcome.curve) {
    Json point = Json::array({p.epoch, p.train_loss, p.train_accuracy, p.validation_loss, p.validation_accuracy});
    if (p.metric) point.push(*p.metric);
    curve.push(std::move(point));
  }
  Json line = Json::object({{"trial", outcome.trial}, {"rung", outcome.rung}});
  if (outcome.fold != 0) line.set("fold", outcome.fold);
  line.set("failed", outcome.failed)
      .set("reason", outcome.reason)
      .set("curve", std::move(curve))
      .set("seconds", outcome.seconds)
      .set("rank", outcome.rank);
  return line.text() + '\n';
}

std::optional<Outcome> parse_outcome(const std::string& line) try {
  const Json json = Json::parse(line);
  Outcome outcome;
  outcome.trial = json.at("trial").integer();
  outcome.rung = json.at("rung").integer();
  if (const Json* fold = json.find("fold")) outcome.fold = fold->integer();
  outcome.failed = json.at("failed").boolean();
  outcome.reason = json.at("reason").string();
  for (const Json& p : json.at("curve").items()) {
    outcome.curve.push_back(
        {p.at(0).integer(), optional(p.at(1)), optional(p.at(2)), optional(p.at(3)), optional(p.at(4))});
    if (p.items().size() > 5) outcome.curve.back().metric = p.at(5).number();
  }
  outcome.seconds = json.at("seconds").number();
  outcome.rank = static_cast<int>(json.at("rank").integer());
  return outcome.trial >= 0 && outcome.rung >= 0 ? std::optional(outcome) : std::nullopt;
} catch (const JsonError&) {
  return std::nullopt;
}

std::vector<Outcome> outcomes_of(const std::string& lines) {
  std::vector<Outcome> outcomes;
  std::istringstream stream(lines);
  for (std::string line; std::getline(stream, line);) {
    const auto outcome = parse_outcome(line);
    if (!outcome) throw Error(ExitStatus::internal, "an outcome of a trial does not read back: " + line);
    outcomes.push_back(*outcome);
  }
  return outcomes;
}

}  // namespace shoal
