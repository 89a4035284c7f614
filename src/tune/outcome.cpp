#include "tune/outcome.hpp"

#include <fmt/format.h>

#include <cassert>
#include <nlohmann/json.hpp>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

nlohmann::json optional(const std::optional<double>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json();
}

std::optional<double> optional(const nlohmann::json& value) {
  return value.is_null() ? std::nullopt : std::optional(value.get<double>());
}

}  // namespace

std::optional<double> metric_at(const CurvePoint& point, Metric metric) {
  switch (metric) {
    case Metric::validation_accuracy: return point.validation_accuracy;
    case Metric::train_loss: return point.train_loss;
    default: return point.validation_loss;
  }
}

double metric_of(const Outcome& outcome, Metric metric) {
  assert(!outcome.failed && !outcome.curve.empty());
  const std::optional<double> value = metric_at(outcome.curve.back(), metric);
  if (!value)  // read_sweep() refuses such a config
    throw Error(ExitStatus::internal, fmt::format("trial {} has no {}", outcome.trial, to_string(metric)));
  return *value;
}

Score score_of(const Outcome& outcome, Metric metric) {
  const double value = metric_of(outcome, metric);
  if (metric != Metric::validation_accuracy) return {value, value};
  return {-value, metric_of(outcome, Metric::validation_loss)};
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
  nlohmann::ordered_json json{
      {"trial", outcome.trial}, {"rung", outcome.rung}, {"failed", outcome.failed}, {"reason", outcome.reason}};
  json["curve"] = nlohmann::json::array();
  for (const CurvePoint& p : outcome.curve)
    json["curve"].push_back({p.epoch, p.train_loss, optional(p.train_accuracy), optional(p.validation_loss),
                             optional(p.validation_accuracy)});
  json["seconds"] = outcome.seconds;
  json["rank"] = outcome.rank;
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

std::optional<Outcome> parse_outcome(const std::string& line) try {
  const nlohmann::json json = nlohmann::json::parse(line);
  Outcome outcome;
  json.at("trial").get_to(outcome.trial);
  json.at("rung").get_to(outcome.rung);
  json.at("failed").get_to(outcome.failed);
  json.at("reason").get_to(outcome.reason);
  for (const nlohmann::json& p : json.at("curve"))
    outcome.curve.push_back({p.at(0), p.at(1), optional(p.at(2)), optional(p.at(3)), optional(p.at(4))});
  json.at("seconds").get_to(outcome.seconds);
  json.at("rank").get_to(outcome.rank);
  return outcome.trial >= 0 && outcome.rung >= 0 ? std::optional(outcome) : std::nullopt;
} catch (const nlohmann::json::exception&) {
  return std::nullopt;
}

}  // namespace shoal
