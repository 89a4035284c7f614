#include "shoal/train/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "shoal/core/log.hpp"
#include "shoal/core/quiet.hpp"

namespace shoal {
namespace {

constexpr std::chrono::milliseconds between_redraws{100};
constexpr std::chrono::seconds between_lines{10};
constexpr int usual_columns = 80;
constexpr std::size_t most_cells = 20;  // of the bar
constexpr std::size_t least_cells = 4;  // fewer show nothing
constexpr double rate_seconds = 1.0;    // a single step may be far off the mean
constexpr std::string_view erase_line = "\r\x1b[K";
constexpr std::string_view cyan = "\x1b[36m";
constexpr std::string_view plain = "\x1b[0m";

std::int64_t step_in_epoch(const ProgressRange& range, const ProgressState& state) {
  return std::clamp<std::int64_t>(state.step - (state.epoch - 1) * range.steps_per_epoch, 0, range.steps_per_epoch);
}

std::string numbers(const ProgressState& state) {
  std::string text = std::isfinite(state.loss) ? fmt::format("  loss {:.4g}", state.loss) : "";
  if (state.accuracy) text += fmt::format(" accuracy {:.4f}", *state.accuracy);
  if (state.validation_loss) text += fmt::format("  validation loss {:.4g}", *state.validation_loss);
  if (state.validation_accuracy) text += fmt::format(" accuracy {:.4f}", *state.validation_accuracy);
  return text;
}

std::string rate(const ProgressState& state) {
  return state.seconds > 0 ? fmt::format("  {:.0f} samples/s", static_cast<double>(state.samples) / state.seconds) : "";
}

int terminal_columns() {
  winsize size{};
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): the one way to ask
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual_columns;
}

void write_raw(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

ProgressStyle choose_progress_style(bool terminal, const char* term, const char* no_color) {
  if (!terminal || term == nullptr || *term == '\0' || std::string_view(term) == "dumb") return ProgressStyle::lines;
  return no_color != nullptr && *no_color != '\0' ? ProgressStyle::bar : ProgressStyle::coloured_bar;
}

ProgressStyle choose_progress_style() {
  if (logs_warnings_alone()) return ProgressStyle::none;
  return choose_progress_style(::isatty(STDERR_FILENO) == 1, std::getenv("TERM"), std::getenv("NO_COLOR"));
}

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds > 1e9) return "?";
  const auto whole = std::int64_t{std::lround(std::max(0.0, seconds))};
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string format_epoch_line(const ProgressRange& range, const ProgressState& state) {
  return fmt::format("epoch {}/{}{}{}", state.epoch, range.epochs, numbers(state), rate(state));
}

std::string format_step_line(const ProgressRange& range, const ProgressState& state, double seconds_left) {
  return fmt::format("epoch {}/{}  step {}/{}{}{}  {} left", state.epoch, range.epochs, step_in_epoch(range, state),
                     range.steps_per_epoch, numbers(state), rate(state), format_duration(seconds_left));
}

std::string format_bar(const ProgressRange& range, const ProgressState& state, double seconds_left, int columns) {
  const std::int64_t done = step_in_epoch(range, state);
  const auto most = static_cast<std::size_t>(std::max(0, columns));
  const std::string epoch = fmt::format("epoch {}/{}", state.epoch, range.epochs);
  const std::string head = fmt::format("  {}/{}{}", done, range.steps_per_epoch, numbers(state));
  const std::string left = fmt::format("  {} left", format_duration(seconds_left));
  const std::string rest = head + rate(state) + left;
  std::string text = epoch + rest;
  const std::string frame = " []";
  if (text.size() + frame.size() + least_cells <= most) {
    const std::size_t cells = std::min(most_cells, most - text.size() - frame.size());
    std::string bar(cells * static_cast<std::size_t>(done) / static_cast<std::size_t>(range.steps_per_epoch), '=');
    if (bar.size() < cells) bar += '>';
    bar.resize(cells, ' ');
    return epoch + " [" + bar + ']' + rest;
  }
  if (text.size() > most) text = epoch + head + left;
  text.resize(std::min(text.size(), most));
  return text;
}

Progress::Progress(const ProgressRange& range, ProgressStyle style)
    : Progress(range, style, log_info, write_raw, std::chrono::steady_clock::now, 0) {}

Progress::Progress(const ProgressRange& range, ProgressStyle style, Write line, Write raw, Clock clock, int columns)
    : range_(range),
      style_(style),
      line_(std::move(line)),
      raw_(std::move(raw)),
      clock_(std::move(clock)),
      columns_(columns),
      started_(clock_()),
      shown_(started_) {}

void Progress::count(const ProgressState& state) {
  if (recent_.seconds >= rate_seconds) before_ = std::exchange(recent_, {});
  recent_.samples += state.samples;
  recent_.seconds += state.seconds;
}

ProgressState Progress::smoothed(ProgressState state) const {
  state.samples = before_.samples + recent_.samples;
  state.seconds = before_.seconds + recent_.seconds;
  return state;
}

double Progress::seconds_left(std::int64_t step, std::chrono::steady_clock::time_point now) const {
  const auto done = static_cast<double>(step - range_.first_step);
  const std::chrono::duration<double> elapsed = now - started_;
  return done > 0 ? elapsed.count() / done * static_cast<double>(range_.last_step - step) : HUGE_VAL;
}

void Progress::step(const ProgressState& state) {
  if (style_ == ProgressStyle::none) return;
  count(state);
  const auto now = clock_();
  if (style_ == ProgressStyle::lines) {
    if (now - shown_ < between_lines) return;
    shown_ = now;
    line_(format_step_line(range_, smoothed(state), seconds_left(state.step, now)));
    return;
  }
  if (now - shown_ < between_redraws) return;
  shown_ = now;
  // A bar that reaches the last column would wrap on some terminals, and could not be wiped.
  const int columns = (columns_ > 0 ? columns_ : terminal_columns()) - 1;
  std::string text = format_bar(range_, smoothed(state), seconds_left(state.step, now), columns);
  if (style_ == ProgressStyle::coloured_bar) {
    const std::size_t open = text.find('[');
    const std::size_t close = text.find(']');
    if (close != std::string::npos) text.insert(close, plain).insert(open + 1, cyan);
  }
  raw_(std::string(erase_line) + text);
  bar_is_drawn_ = true;
}

void Progress::end_epoch(const ProgressState& state) {
  if (style_ == ProgressStyle::none) return;
  count(state);
  clear();
  shown_ = clock_();
  line_(format_epoch_line(range_, smoothed(state)));
}

void Progress::clear() {
  if (!bar_is_drawn_) return;
  raw_(erase_line);
  bar_is_drawn_ = false;
}

}  // namespace shoal
