#include "show/report/sweep_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "shoal/config/keys.hpp"
#include "shoal/core/shell_word.hpp"
#include "shoal/run/run_paths.hpp"
#include "shoal/tune/sweep_view.hpp"
#include "show/report/thin_curve.hpp"

namespace shoal {
namespace {

constexpr std::size_t columns_of_curve = 100;  // of each of thousands

const char* name_of(Scale scale) {
  switch (scale) {
    case Scale::linear: return "linear";
    case Scale::log: return "log";
    case Scale::one_minus_log: return "one_minus_log";
    default: return "choices";
  }
}

/// Of a TOML string the text.
std::string plain_text(const std::string& toml) {
  return toml.starts_with('"') && Json::valid(toml) ? Json::parse(toml).string() : toml;
}

Json space_of(const SweepSettings& settings) {
  Json space = Json::array();
  for (const Dimension& d : settings.space) {
    Json one = Json::object({{"key", d.key}, {"scale", name_of(d.scale)}});
    if (d.scale == Scale::choices) {
      Json choices = Json::array();
      for (const std::string& choice : d.choices) choices.push(plain_text(choice));
      one.set("choices", std::move(choices));
    } else {
      one.set("min", Json::shortest(d.min)).set("max", Json::shortest(d.max)).set("integer", d.integer);
    }
    space.push(std::move(one));
  }
  return space;
}

Json curve_of_trial(const TrialRow& row, Metric metric) {
  CurvePoints points;
  for (const CurvePoint& p : row.curve) {
    const auto value = metric_at(p, metric);
    if (value && std::isfinite(*value)) points.push_back({p.epoch, *value});
  }
  if (points.size() > columns_of_curve)
    points = thin_curve(points, points.front().step, points.back().step, columns_of_curve);
  Json epochs = Json::array();
  Json values = Json::array();
  for (const RunView::Point& p : points) {
    epochs.push(p.step);
    values.push(Json::shortest(p.value, curve_digits));
  }
  return Json::array({std::move(epochs), std::move(values)});
}

Json train_loss_of(const CurvePoint* result) {
  const bool known = result != nullptr && result->train_loss;
  return known ? Json::shortest(*result->train_loss, curve_digits) : Json();
}

/// Epochs, score and training loss of each fold; null where it failed.
Json folds_of(const TrialRow& row, Metric metric) {
  Json folds = Json::array();
  for (const FoldRow& fold : row.folds) {
    const CurvePoint* result = fold.result();
    const auto score = result != nullptr ? metric_at(*result, metric) : std::nullopt;
    folds.push(Json::array({fold.curve.empty() ? std::int64_t{0} : fold.curve.back().epoch,
                            score ? Json::shortest(*score) : Json(), train_loss_of(result)}));
  }
  return folds;
}

Json trials_of(const SweepView& view) {
  const Metric metric = view.config.sweep.metric;
  Json trials = Json::array();
  for (const TrialRow& row : view.rows) {
    const CurvePoint* result = row.result();
    const auto score = result != nullptr ? metric_at(*result, metric) : std::nullopt;
    Json values = Json::array();
    for (const double number : row.numbers) values.push(Json::shortest(number));
    Json one = Json::object({{"trial", row.trial},
                             {"place", row.place},
                             {"status", row.status},
                             {"round", row.round},
                             {"rung", row.rung},
                             {"epoch", row.curve.empty() ? 0 : row.curve.back().epoch},
                             {"score", score ? Json::shortest(*score) : Json()},
                             {"train_loss", train_loss_of(result)},
                             {"values", std::move(values)},
                             {"curve", curve_of_trial(row, metric)}});
    if (!row.reason.empty()) one.set("reason", row.reason);
    if (row.same_as) one.set("same_as", *row.same_as);
    if (row.deviation) {
      const auto off = metric_at(*row.deviation, metric);
      one.set("deviation", off ? Json::shortest(*off, curve_digits) : Json());
    }
    if (!row.folds.empty()) one.set("folds", folds_of(row, metric));
    trials.push(std::move(one));
  }
  return trials;
}

Json importance_of(const SweepView& view) {
  Json list = Json::array();
  for (const Importance& one : view.importance.single)
    list.push(
        Json::object({{"key", one.key},
                      {"share", one.share ? Json::shortest(*one.share, curve_digits) : Json()},
                      {"correlation", one.correlation ? Json::shortest(*one.correlation, curve_digits) : Json()}}));
  return list;
}

Json pairs_of(const SweepView& view) {
  Json list = Json::array();
  for (const PairImportance& pair : view.importance.pairs)
    list.push(Json::object(
        {{"keys", Json::array({pair.first, pair.second})}, {"share", Json::shortest(pair.share, curve_digits)}}));
  return list;
}

Json boxes_of(const SweepView& view) {
  Json list = Json::array();
  for (const SearchBox& box : view.boxes) {
    Json low = Json::array();
    for (const double place : box.low) low.push(Json::shortest(place, curve_digits));
    list.push(Json::object({{"round", box.round}, {"low", std::move(low)}, {"width", Json::shortest(box.width)}}));
  }
  return list;
}

Json lineage_of(const SweepView& view) {
  Json list = Json::array();
  const std::int64_t epochs = view.config.train.epochs;
  const std::int64_t generation = view.config.sweep.population.epochs_of_generation(epochs);
  for (const TrialRow& row : view.rows) {
    if (row.place != 1) continue;
    std::int64_t end = 0;
    for (const LineagePart& part : row.lineage) {
      end = std::min(epochs, end + generation);
      Json values = Json::array();
      for (const double number : part.numbers) values.push(Json::shortest(number));
      list.push(Json::object({{"epoch", end}, {"member", part.member}, {"values", std::move(values)}}));
    }
  }
  return list;
}

Json facts_of(const SweepView& view) {
  const SweepSettings& s = view.config.sweep;
  const auto with = [&](const char* status) {
    return std::count_if(view.rows.begin(), view.rows.end(), [&](const TrialRow& row) { return row.status == status; });
  };
  std::string trials = fmt::format("{} done", with("done"));
  for (const char* status : {"stopped", "failed", "waiting"}) {
    if (with(status) > 0) trials += fmt::format(", {} {}", with(status), status);
  }
  const auto taken_over =
      std::count_if(view.rows.begin(), view.rows.end(), [](const TrialRow& row) { return row.same_as.has_value(); });
  if (taken_over > 0) trials += fmt::format("; {} of them taken over from equal trials", taken_over);
  Json facts = Json::array();
  const auto add = [&](const char* name, const std::string& text) { facts.push(Json::array({name, text})); };
  add("state", view.under_way ? "under way" : view.trainings_done < view.trainings ? "not finished" : "ended");
  add("trials", fmt::format("{}: {}", view.rows.size(), trials));
  if (!s.space.empty())
    add("search", to_string(s.search) + (s.successive_halving.enabled ? ", with successive halving" : ""));
  if (view.generations > 0)
    add("population",
        fmt::format("of {}, generation {} of {}", s.population.members, view.generation, view.generations));
  if (s.folded()) add("folds", fmt::format("{}: metrics are means over them, deviations by n - 1", s.folds));
  add("compared by", to_string(s.metric) + (higher_is_better(s.metric) ? ", higher is better" : ", lower is better"));
  add("data", view.config.data.file);
  return facts;
}

Json commands_of(const std::string& folder, const SweepView& view) {
  const std::string sweep = shell_word(folder);
  Json commands = Json::array();
  const auto say = [&](const std::string& line, const std::string& about) {
    commands.push(Json::array({line, about}));
  };
  const char* command = view.config.sweep.space.empty() ? "cv" : "sweep";
  say(fmt::format("shoal {} {} --run {}-again", command, shell_word(SweepPaths{folder}.config()), sweep),
      "repeat it: sweep.csv is the same, on any number of ranks");
  if (const SweepSettings& settings = view.config.sweep; settings.folded() && !settings.fits_finally()) {
    say(fmt::format("shoal {} --run {} --resume --final-fit", command, sweep), "train the best setting on all rows");
    return commands;
  }
  say(fmt::format("shoal train --resume {} --run {}-best --set train.epochs=N", shell_word(SweepPaths{folder}.best()),
                  sweep),
      "train the best trial on");
  if (view.generations > 0)
    say(fmt::format("shoal train --replay {} --run {}-replay", sweep, sweep),
        "repeat the training of the best, with its schedule, to the same bits");
  return commands;
}

Json config_of_sweep(const Config& config) {
  const Config defaults;
  Json rows = Json::array();
  for (const config_keys::Key& key : config_keys::keys()) {
    if (key.name == "sweep.space" || !is_written(key, config)) continue;
    rows.push(
        Json::object({{"key", key.name}, {"value", value_text(key, config)}, {"default", value_text(key, defaults)}}));
  }
  return rows;
}

}  // namespace

Json sweep_json(const std::string& given) {
  std::string folder = given;
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  const SweepView view = read_sweep(folder);
  const SweepSettings& s = view.config.sweep;
  return Json::object({
      {"kind", "sweep"},
      {"name", folder},
      {"under_way", view.under_way},
      {"done", view.trainings_done},
      {"trainings", view.trainings},
      {"search", to_string(s.search)},
      {"metric", Json::object({{"name", to_string(s.metric)}, {"higher_is_better", higher_is_better(s.metric)}})},
      {"space", space_of(s)},
      {"trials", trials_of(view)},
      {"importance", importance_of(view)},
      {"pairs", pairs_of(view)},
      {"explained", view.importance.explained ? Json::shortest(*view.importance.explained, curve_digits) : Json()},
      {"boxes", boxes_of(view)},
      {"rounds", view.rounds},
      {"generations", view.generations},
      {"lineage", lineage_of(view)},
      {"facts", facts_of(view)},
      {"commands", commands_of(folder, view)},
      {"config", config_of_sweep(view.config)},
  });
}

}  // namespace shoal
