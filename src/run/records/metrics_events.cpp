#include "shoal/run/metrics_events.hpp"

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "shoal/core/json.hpp"
#include "shoal/io/event_file.hpp"

namespace shoal {
namespace {

/// A line that is whole; where a number could not be told, there is none.
struct LineOfCurves {
  std::int64_t step = 0;
  double time = 0.0;  // since its job began
  std::vector<std::pair<std::string, double>> curves;
};

std::optional<double> number_of(const Json& json) try { return json.number(); } catch (const JsonError&) {
  return std::nullopt;
}

bool read_curves(std::string_view text, LineOfCurves& line) try {
  static const std::set<std::string> no_curve = {"step", "epoch", "split", "time"};
  const Json json = Json::parse(text);
  const Json* split = json.find("split");
  line.step = json.at("step").integer();
  if (const Json* time = json.find("time")) line.time = time->number();
  for (const auto& [key, value] : json.members()) {
    if (no_curve.contains(key)) continue;
    if (const std::optional<double> number = number_of(value))
      line.curves.emplace_back(split == nullptr ? key : split->string() + '/' + key, *number);
  }
  return true;
} catch (const JsonError&) {
  return false;
}

std::vector<LineOfCurves> lines_of(std::string_view metrics) {
  std::vector<LineOfCurves> lines;
  while (!metrics.empty()) {
    const std::size_t end = metrics.find('\n');
    if (end == std::string_view::npos) break;  // torn
    if (LineOfCurves line; read_curves(metrics.substr(0, end), line)) lines.push_back(std::move(line));
    metrics.remove_prefix(end + 1);
  }
  return lines;
}

std::string events_of(const LineOfCurves& line, double began) {
  std::string events;
  for (const auto& [tag, value] : line.curves) events += EventFile::scalar(began + line.time, line.step, tag, value);
  return events;
}

}  // namespace

std::string events_of(std::string_view lines, double began) {
  std::string events;
  for (const LineOfCurves& line : lines_of(lines)) events += events_of(line, began);
  return events;
}

std::string event_file_of(std::string_view text, double ended) {
  std::vector<LineOfCurves> lines = lines_of(text);
  double before = 0.0;  // seconds of the jobs before
  double last = 0.0;
  for (LineOfCurves& line : lines) {
    if (line.time < last) before += last;
    last = line.time;
    line.time += before;
  }
  const double began = ended - (lines.empty() ? 0.0 : lines.back().time);
  std::string file = EventFile::start(began, 0);
  for (const LineOfCurves& line : lines) file += events_of(line, began);
  return file;
}

}  // namespace shoal
