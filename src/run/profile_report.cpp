#include "run/profile_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iostream>
#include <vector>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/json.hpp"
#include "shoal/core/log.hpp"
#include "shoal/io/file.hpp"
#include "shoal/tensor/parallel.hpp"
#include "shoal/tensor/peak.hpp"

namespace shoal {
namespace {

constexpr std::string_view between = "(between the spans)";
constexpr std::size_t most_trace_events = 200'000;

std::string line_text(const ProfileLine& line, std::size_t width, double steps, double step_seconds,
                      double peak_gflops) {
  const bool own = line.kind == SpanKind::step;
  std::string text = fmt::format("{:<8} {:<{}} {:>8.1f} {:>9.4f} {:>6.1f}%", own ? "" : to_string(line.kind),
                                 own ? between : line.name, width, static_cast<double>(line.calls) / steps,
                                 line.seconds / steps * 1e3, 100.0 * line.seconds / step_seconds);
  const double gflops = line.seconds > 0.0 ? line.flops / line.seconds * 1e-9 : 0.0;
  text += line.flops > 0.0 ? fmt::format(" {:>8.1f} {:>6.1f}%", gflops, 100.0 * gflops / peak_gflops)
                           : fmt::format(" {:>8} {:>7}", "", "");
  if (line.bytes > 0) text += fmt::format(" {:>12.0f}", static_cast<double>(line.bytes) / steps);
  text.erase(text.find_last_not_of(' ') + 1);
  return text + "\n";
}

/// Products, pass by pass, by the time that threads spend in them.
std::string parts_table(std::vector<ProfilePart> parts, double steps, double peak_gflops) {
  if (parts.empty()) return "";
  std::ranges::stable_sort(parts, std::ranges::greater(), &ProfilePart::seconds);
  std::size_t width = 8;
  for (const ProfilePart& part : parts) width = std::max(width, part.name.size());
  std::string text = fmt::format("\n{:<{}} {:>9} {:>8} {:>7}\n", "products", width, "ms", "GFLOP/s", "of peak");
  for (const ProfilePart& part : parts) {
    const double gflops = part.seconds > 0.0 ? part.flops / part.seconds * 1e-9 : 0.0;
    text += fmt::format("{:<{}} {:>9.4f} {:>8.1f} {:>6.1f}%\n", part.name, width, part.seconds / steps * 1e3, gflops,
                        100.0 * gflops / peak_gflops);
  }
  return text + "ms are those of a step, of all threads together; GFLOP/s those of one\n";
}

}  // namespace

std::string profile_table(const Profile& profile, double peak_gflops, int threads) {
  double steps = 0.0;
  double seconds = 0.0;
  for (const ProfileLine& line : profile.lines) {
    if (line.kind != SpanKind::read) seconds += line.seconds;
    if (line.kind == SpanKind::step) steps += static_cast<double>(line.calls);
  }
  if (steps == 0.0) return "no step was profiled\n";
  std::vector<ProfileLine> lines = profile.lines;
  std::stable_sort(lines.begin(), lines.end(), [](const ProfileLine& a, const ProfileLine& b) {
    const bool a_beside = a.kind == SpanKind::read;
    const bool b_beside = b.kind == SpanKind::read;
    return a_beside != b_beside ? b_beside : a.seconds > b.seconds;
  });
  std::size_t width = between.size();
  for (const ProfileLine& line : lines) width = std::max(width, line.name.size());
  std::string text = fmt::format(
      "{:.0f} steps of {:.4f} ms on rank 0; peak of {} {} {:.1f} GFLOP/s, measured at the start\n"
      "{:<8} {:<{}} {:>8} {:>9} {:>7} {:>8} {:>7} {:>12}\n",
      steps, seconds / steps * 1e3, threads, threads == 1 ? "thread" : "threads", peak_gflops, "kind", "name", width,
      "calls", "ms", "share", "GFLOP/s", "of peak", "bytes sent");
  for (const ProfileLine& line : lines) text += line_text(line, width, steps, seconds, peak_gflops);
  text += "calls, ms and bytes are those of a step; `read` runs beside it\n";
  return text + parts_table(profile.parts, steps, peak_gflops / threads);
}

std::string trace_events(const Profile& profile, int rank) {
  std::string text = Json::object({{"ph", "M"},
                                   {"name", "process_name"},
                                   {"pid", rank},
                                   {"args", Json::object({{"name", fmt::format("rank {}", rank)}})}})
                         .text();
  for (const ProfileEvent& event : profile.events) {
    const ProfileLine& line = profile.lines[event.line];
    text += ",\n" + Json::object({{"ph", "X"},
                                  {"name", line.name},
                                  {"cat", to_string(line.kind)},
                                  {"pid", rank},
                                  {"tid", std::int64_t{event.thread}},
                                  {"ts", event.begin_s * 1e6},
                                  {"dur", event.duration_s * 1e6}})
                        .text();
  }
  return text;
}

Profiler::Profiler(Communicator& comm, std::string trace_path) : comm_(comm), trace_path_(std::move(trace_path)) {
  comm_.barrier();
  std::vector<double> peaks(static_cast<std::size_t>(threads()));
  parallel_for(threads(), [&](std::int64_t i) { peaks[static_cast<std::size_t>(i)] = measure_peak_gflops(); });
  for (const double peak : peaks) peak_gflops_ += peak;
  comm_.barrier();
  start_profile(trace_path_.empty() ? 0 : most_trace_events);
}

void Profiler::finish() {
  const Profile profile = end_profile();
  if (comm_.rank() == 0) std::cout << profile_table(profile, peak_gflops_, threads()) << std::flush;
  if (trace_path_.empty()) return;
  if (profile.events_lost > 0)
    log_warning(fmt::format("the trace holds the first {} spans; {} more were left out", profile.events.size(),
                            profile.events_lost));
  const std::string mine = trace_events(profile, comm_.rank());
  const auto all = comm_.gather_bytes(std::as_bytes(std::span(mine)));
  run_together(comm_, [&] {
    if (comm_.rank() != 0) return;
    std::string text = "{\"traceEvents\":[\n";
    for (std::size_t rank = 0; rank < all.size(); ++rank) {
      if (rank > 0) text += ",\n";
      text.append(reinterpret_cast<const char*>(all[rank].data()), all[rank].size());
    }
    write_text_atomically(trace_path_, text + "\n],\"displayTimeUnit\":\"ms\"}\n");
  });
}

}  // namespace shoal
