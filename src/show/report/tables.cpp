#include "show/report/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "show/report/html.hpp"

namespace shoal {
namespace {

constexpr std::size_t most_evaluations = 40;  // in a table; the curve has all

std::string section(const std::string& title, const std::string& body) {
  return fmt::format("<section><h2>{}</h2>\n{}</section>\n", html_text(title), body);
}

/// Numbers of so many digits are texts that Json only passes on.
double number_in(const Json& value) { return Json::parse(value.text()).number(); }

/// A number to read, anything else as JSON has it; nothing for null.
std::string shown(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_integer()) return fmt::format("{}", value.integer());
  if (const auto* text = std::get_if<std::string>(&value.value())) return *text;
  return fmt::format("{:.5g}", number_in(value));
}

/// Columns by how much the model needs them, with a bar.
std::string explanation_section(const Json& explanation) {
  if (explanation.is_null()) return "";
  constexpr double longest_bar = 24.0;  // blocks
  HtmlTable table{fmt::format("How much worse {} of the split {} of {} gets without a column, at step {}",
                              explanation.at("metric").string(), explanation.at("split").string(),
                              explanation.at("data").string(), explanation.at("step").integer()),
                  {"column", "importance", "deviation", ""},
                  {}};
  const auto& columns = explanation.at("columns").items();
  const double most =
      columns.empty() ? 0.0 : number_in(columns.front().at("importance"));  // they come from the best on
  for (const Json& column : columns) {
    const double importance = number_in(column.at("importance"));
    const double length = most > 0.0 ? std::clamp(importance / most, 0.0, 1.0) * longest_bar : 0.0;
    std::string bar;
    for (int block = 0; block < static_cast<int>(std::lround(length)); ++block) bar += "\u2588";
    table.rows.push_back(
        {column.at("name").string(), shown(column.at("importance")), shown(column.at("deviation")), bar});
  }
  return section("What matters", to_html(table));
}

std::string facts_section(const Json& facts) {
  HtmlTable table{"How it ran", {}, {}};
  table.titled = true;
  for (const Json& fact : facts.items()) table.rows.push_back({fact.at(0).string(), fact.at(1).string()});
  return section("How it ran", to_html(table));
}

std::string jobs_section(const Json& jobs) {
  if (jobs.items().empty()) return "";
  HtmlTable table{"Each job that trained the run",
                  {"began", "after step", "ranks", "hosts", "threads", "cores", "host of rank 0", "instruction set",
                   "shoal", "ended", "how"},
                  {}};
  for (const Json& job : jobs.items()) {
    auto& cells = table.rows.emplace_back();
    for (const char* name : {"began", "after_step", "ranks", "hosts", "threads", "cores", "host", "instruction_set",
                             "shoal", "ended", "text"})
      cells.push_back(shown(job.at(name)));
  }
  return section("Where it ran", to_html(table));
}

std::string commands_section(const Json& commands) {
  std::string html;
  for (const Json& command : commands.items())
    html += fmt::format("<p>{}:</p>\n<pre tabindex=\"0\"><code>{}</code></pre>\n", html_text(command.at(1).string()),
                        html_text(command.at(0).string()));
  return section("How to repeat it", html);
}

std::string config_section(const Json& config) {
  HtmlTable chosen{"Settings that differ from their defaults", {"key", "value", "default"}, {}};
  HtmlTable others{"Settings at their defaults", {"key", "value"}, {}};
  const bool nudged = std::any_of(config.items().begin(), config.items().end(),
                                  [](const Json& row) { return row.find("now") != nullptr; });
  if (nudged) chosen.headings.emplace_back("nudged to");
  for (const Json& row : config.items()) {
    const std::string& value = row.at("value").string();
    const Json* now = row.find("now");
    if (value == row.at("default").string() && now == nullptr) {
      others.rows.push_back({row.at("key").string(), value});
      continue;
    }
    auto& cells = chosen.rows.emplace_back();
    cells = {row.at("key").string(), value, row.at("default").string()};
    if (nudged) cells.push_back(now == nullptr ? "" : now->string());
  }
  return section("Settings", to_html(chosen) + "<details><summary>Settings at their defaults</summary>\n" +
                                 to_html(others) + "</details>\n");
}

/// Columns of evaluations: a name and an array each.
std::vector<std::string> columns_of(const Json& evaluations) {
  std::vector<std::string> names;
  for (const auto& [name, value] : evaluations.members()) {
    if (name != "split") names.push_back(name);
  }
  return names;
}

std::vector<std::string> evaluation_row(const Json& evaluations, std::size_t at) {
  std::vector<std::string> cells;
  for (const std::string& name : columns_of(evaluations)) cells.push_back(shown(evaluations.at(name).at(at)));
  return cells;
}

std::string evaluations_section(const Json& run) {
  const Json& evaluations = run.at("evaluations");
  if (evaluations.is_null()) return section("Evaluations", "<p>The run was not evaluated yet.</p>\n");
  const std::size_t count = evaluations.at("step").items().size();
  HtmlTable table{"Evaluations on " + evaluations.at("split").string(), columns_of(evaluations), {}};
  table.headings.emplace_back("");
  const std::size_t first = count - std::min(count, most_evaluations);
  const Json& best = run.at("best");
  for (std::size_t i = 0; i < count; ++i) {
    const bool is_best = !best.is_null() && evaluations.at("step").at(i) == best;
    if (i < first && !is_best) continue;
    auto& cells = table.rows.emplace_back(evaluation_row(evaluations, i));
    cells.emplace_back(is_best ? "best" : "");
  }
  if (first > 0) table.caption += fmt::format(": the last {} of {}, and the best", most_evaluations, count);
  return section("Evaluations", to_html(table));
}

std::string marks_section(const Json& marks) {
  if (marks.items().empty()) return "";
  HtmlTable table{"Nudges, and where the run was stopped and resumed", {"step", "what"}, {}};
  for (const Json& mark : marks.items())
    table.rows.push_back({shown(mark.at("step")), mark.at("kind").string() + ": " + mark.at("text").string()});
  return section("Marks", to_html(table));
}

constexpr std::size_t most_matrix = 30;  // classes of a matrix that can be read

std::string matrix_table(const Json& judgement) {
  const Json& classes = judgement.at("classes");
  if (judgement.find("confusion") == nullptr || classes.items().size() > most_matrix) return "";
  std::string html =
      "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"Confusion matrix\"><table class=\"matrix\" "
      "id=\"confusion\"><caption>Confusion matrix: rows by their true class (down) and the class they were taken for "
      "(across)</caption><thead><tr><th scope=\"col\">true</th>";
  for (const Json& c : classes.items())
    html += fmt::format("<th scope=\"col\">{}</th>", html_text(c.at("name").string()));
  html += "</tr></thead><tbody>\n";
  for (std::size_t r = 0; r < classes.items().size(); ++r) {
    html += fmt::format("<tr><th scope=\"row\">{}</th>", html_text(classes.at(r).at("name").string()));
    for (const Json& cell : judgement.at("confusion").at(r).items())
      html += fmt::format("<td>{}</td>", html_text(shown(cell)));
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

/// A table of objects, each a row; a name and its heading.
HtmlTable table_of(const std::string& caption, const Json& rows, const std::vector<std::string>& names) {
  HtmlTable table{caption, names, {}};
  for (const Json& row : rows.items()) {
    auto& cells = table.rows.emplace_back();
    for (const std::string& name : names) cells.push_back(shown(row.at(name)));
  }
  return table;
}

std::string judgement_section(const Json& judgement) {
  if (judgement.is_null()) return "";
  if (const Json* absent = judgement.find("absent"))
    return section("What the model makes of the data",
                   fmt::format("<p>The best checkpoint could not be evaluated here, so there is no confusion matrix, "
                               "prediction or calibration: {}.</p>\n",
                               html_text(absent->string())));
  std::string html = fmt::format(
      "<p>The checkpoint of step {}, evaluated for this report on {} rows: {}.{}</p>\n", judgement.at("step").integer(),
      judgement.at("samples").integer(),
      judgement.at("held_out").boolean()
          ? fmt::format("the split {}, which the run was validated on", html_text(judgement.at("split").string()))
          : "those that it was trained on, for none were held out, so the numbers flatter it",
      judgement.find("weights") == nullptr ? "" : fmt::format(" Weights: {}.", judgement.at("weights").string()));
  HtmlTable metrics{"Metrics", {}, {}};
  metrics.titled = true;
  for (const Json& metric : judgement.at("metrics").items())
    metrics.rows.push_back({metric.at(0).string(), shown(metric.at(1))});
  html += to_html(metrics);
  if (const Json* classes = judgement.find("classes")) {
    html += matrix_table(judgement);
    html += to_html(table_of("Each class", *classes, {"name", "support", "precision", "recall", "f1"}));
  }
  if (const Json* outputs = judgement.find("outputs")) {
    const bool probabilities = !outputs->items().empty() && outputs->at(0).find("accuracy") != nullptr;
    html += to_html(probabilities ? table_of("Each output", *outputs,
                                             {"name", "rmse", "mae", "r2", "accuracy", "auc", "average_precision"})
                                  : table_of("Each output", *outputs, {"name", "rmse", "mae", "r2"}));
  }
  for (const Json& note : judgement.at("notes").items())
    html += fmt::format("<p class=\"note\">{}</p>\n", html_text(note.string()));
  return section("What the model makes of the data", html);
}

std::string name_of_choice(const Json& dimension, const Json& value) {
  const Json* choices = dimension.find("choices");
  if (choices == nullptr) return shown(value);
  return choices->at(static_cast<std::size_t>(number_in(value))).string();
}

HtmlTable trials_table(const Json& sweep) {
  HtmlTable table{"Trials", {"place", "trial", "status", "epochs", sweep.at("metric").at("name").string()}, {}};
  table.id = "trials";
  table.titled = true;
  const auto& trials = sweep.at("trials").items();
  const bool folded =
      std::any_of(trials.begin(), trials.end(), [](const Json& trial) { return trial.find("deviation") != nullptr; });
  const bool twice = table.headings.back() != "train.loss";
  if (folded) table.headings.emplace_back("deviation");
  if (twice) table.headings.emplace_back("train.loss");
  for (const Json& d : sweep.at("space").items()) table.headings.push_back(d.at("key").string());
  std::vector<const Json*> placed;
  for (const Json& trial : trials) {
    if (!trial.at("place").is_null()) placed.push_back(&trial);
  }
  std::sort(placed.begin(), placed.end(),
            [](const Json* a, const Json* b) { return a->at("place").integer() < b->at("place").integer(); });
  for (const Json* trial : placed) {
    auto& cells = table.rows.emplace_back();
    for (const char* name : {"place", "trial", "status", "epoch", "score"}) cells.push_back(shown(trial->at(name)));
    if (const Json* other = trial->find("same_as")) cells[2] += " as trial " + shown(*other);
    if (folded) cells.push_back(shown(trial->at("deviation")));
    if (twice) cells.push_back(shown(trial->at("train_loss")));
    for (std::size_t d = 0; d < sweep.at("space").items().size(); ++d)
      cells.push_back(name_of_choice(sweep.at("space").at(d), trial->at("values").at(d)));
    table.row_attributes.push_back(fmt::format(" data-trial=\"{}\"", trial->at("trial").integer()));
  }
  return table;
}

/// Of the best trial, where trials have folds.
std::string folds_section(const Json& sweep) {
  const std::string metric = sweep.at("metric").at("name").string();
  for (const Json& trial : sweep.at("trials").items()) {
    const Json* folds = trial.find("folds");
    if (folds == nullptr || trial.at("place").is_null() || trial.at("place").integer() != 1) continue;
    HtmlTable table{
        fmt::format("Folds of trial {}", trial.at("trial").integer()), {"fold", "epochs", metric, "train.loss"}, {}};
    for (std::size_t f = 0; f < folds->items().size(); ++f) {
      const Json& fold = folds->at(f);
      table.rows.push_back({std::to_string(f + 1), shown(fold.at(0)), shown(fold.at(1)), shown(fold.at(2))});
    }
    return section("Folds", to_html(table));
  }
  return "";
}

std::string failed_section(const Json& sweep) {
  HtmlTable table{"Trials that failed, in no chart", {"trial", "epochs", "reason"}, {}};
  for (const Json& d : sweep.at("space").items()) table.headings.push_back(d.at("key").string());
  for (const Json& trial : sweep.at("trials").items()) {
    if (trial.at("status").string() != "failed") continue;
    const Json* reason = trial.find("reason");
    auto& cells = table.rows.emplace_back();
    cells = {shown(trial.at("trial")), shown(trial.at("epoch")), reason == nullptr ? "" : reason->string()};
    for (std::size_t d = 0; d < sweep.at("space").items().size(); ++d)
      cells.push_back(name_of_choice(sweep.at("space").at(d), trial.at("values").at(d)));
  }
  return table.rows.empty() ? "" : section("Failed trials", to_html(table));
}

std::string lineage_section(const Json& sweep) {
  if (sweep.at("lineage").items().empty()) return "";
  HtmlTable table{"What led to the best member of the population", {"until epoch", "trained by member"}, {}};
  for (const Json& d : sweep.at("space").items()) table.headings.push_back(d.at("key").string());
  for (const Json& part : sweep.at("lineage").items()) {
    auto& cells = table.rows.emplace_back();
    cells = {shown(part.at("epoch")), shown(part.at("member"))};
    for (std::size_t d = 0; d < sweep.at("space").items().size(); ++d)
      cells.push_back(name_of_choice(sweep.at("space").at(d), part.at("values").at(d)));
  }
  return section("Schedule of the best", to_html(table));
}

std::string importance_section(const Json& sweep) {
  if (sweep.at("importance").items().empty()) return "";
  HtmlTable table{
      "How much each hyperparameter mattered", {"hyperparameter", "share of variance", "rank correlation"}, {}};
  for (const Json& one : sweep.at("importance").items())
    table.rows.push_back({one.at("key").string(), shown(one.at("share")), shown(one.at("correlation"))});
  for (const Json& pair : sweep.at("pairs").items())
    table.rows.push_back(
        {pair.at("keys").at(0).string() + " with " + pair.at("keys").at(1).string(), shown(pair.at("share")), ""});
  return section(
      "Importance",
      to_html(table) +
          "<p class=\"note\">Share of variance: functional ANOVA by trees, of the ranks of the metric (Hutter "
          "et al. 2014); of a pair what neither explains by itself. Rank correlation: Spearman. Both over the "
          "first rung, where all trials were trained alike.</p>\n");
}

/// Of a run: the evaluation of its best checkpoint, and in front of it what it was evaluated on; nothing where that
/// evaluation is not there, for the last would not be the best.
std::vector<std::string> result_of(const Json& run, const std::vector<std::string>& names) {
  std::vector<std::string> cells(names.size() + 1);
  const Json& evaluations = run.at("evaluations");
  if (evaluations.is_null()) return cells;
  cells[0] = evaluations.at("split").string();
  const auto& steps = evaluations.at("step").items();
  const auto at = std::find(steps.begin(), steps.end(), run.at("best"));
  if (at == steps.end()) return cells;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Json* column = evaluations.find(names[i]);
    if (column != nullptr) cells[i + 1] = shown(column->at(static_cast<std::size_t>(at - steps.begin())));
  }
  return cells;
}

}  // namespace

std::string run_tables(const Json& run) {
  return judgement_section(run.at("judgement")) + explanation_section(run.at("explanation")) +
         evaluations_section(run) + marks_section(run.at("marks")) + jobs_section(run.at("jobs")) +
         facts_section(run.at("facts")) + config_section(run.at("config")) + commands_section(run.at("commands"));
}

std::string sweep_tables(const Json& sweep) {
  return section("Trials", to_html(trials_table(sweep))) + folds_section(sweep) + lineage_section(sweep) +
         failed_section(sweep) + importance_section(sweep) + facts_section(sweep.at("facts")) +
         config_section(sweep.at("config")) + commands_section(sweep.at("commands"));
}

std::string comparison_tables(const std::vector<Json>& runs) {
  std::vector<std::string> names;
  for (const Json& run : runs) {
    if (run.at("evaluations").is_null()) continue;
    for (const std::string& name : columns_of(run.at("evaluations"))) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  HtmlTable results{"Each run at its best evaluation", {"run", "split"}, {}};
  results.headings.insert(results.headings.end(), names.begin(), names.end());
  std::vector<std::map<std::string, std::string>> configs;
  std::vector<std::string> keys;  // in the order of the config
  for (const Json& run : runs) {
    auto& cells = results.rows.emplace_back(result_of(run, names));
    cells.insert(cells.begin(), run.at("name").string());
    auto& config = configs.emplace_back();
    for (const Json& row : run.at("config").items()) {
      const std::string& key = row.at("key").string();
      const Json* now = row.find("now");
      config[key] = row.at("value").string() + (now == nullptr ? "" : ", nudged to " + now->string());
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    }
  }
  HtmlTable differences{"Settings that differ", {"key"}, {}};
  for (const Json& run : runs) differences.headings.push_back(run.at("name").string());
  for (const std::string& key : keys) {
    std::vector<std::string> cells{key};
    std::set<std::string> values;
    for (const auto& config : configs) {
      const auto found = config.find(key);
      cells.push_back(found == config.end() ? "" : found->second);
      values.insert(cells.back());
    }
    if (values.size() > 1) differences.rows.push_back(std::move(cells));
  }
  std::string html = section("Results", to_html(results));
  html += section("What differs",
                  differences.rows.empty() ? "<p>The runs have the same settings.</p>\n" : to_html(differences));
  for (const Json& run : runs) {
    HtmlTable facts{"How " + run.at("name").string() + " ran", {}, {}};
    facts.titled = true;
    for (const Json& fact : run.at("facts").items()) facts.rows.push_back({fact.at(0).string(), fact.at(1).string()});
    html += section(run.at("name").string(), to_html(facts));
  }
  return html;
}

}  // namespace shoal
