#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/terminal.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/guard/stop_signal.hpp"
#include "shoal/show/watch.hpp"
#include "shoal/train/progress.hpp"

namespace shoal {
namespace {

constexpr std::chrono::milliseconds between_frames{1000};
constexpr char ctrl_c = '\x03';  // where the terminal makes no signal of it

/// Whether the locale, as the environment names it, has more than ASCII; most terminals do where nothing is said.
bool shows_unicode() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view locale(value);
    return locale.find("UTF-8") != std::string_view::npos || locale.find("utf8") != std::string_view::npos;
  }
  return true;
}

ProgressStyle style_of_output() {
  return choose_progress_style(::isatty(STDOUT_FILENO) == 1, std::getenv("TERM"), std::getenv("NO_COLOR"));
}

FrameStyle frame_style() {
  const Terminal::Size size = Terminal::size();
  return {size.rows, size.columns, shows_unicode(), style_of_output() == ProgressStyle::coloured_bar};
}

void print_frame(const RunView& view, const FrameStyle& style) {
  for (const std::string& line : draw_frame(view, style)) print(line + '\n');
}

/// Until the run ends or somebody has seen enough. @returns whether it is the run that ended
bool follow(RunFollower& follower) {
  const StopSignal signals;
  Terminal terminal;
  for (;;) {
    const RunView& view = follower.refresh();
    if (!view.under_way) return true;
    Terminal::draw(draw_frame(view, frame_style()));
    const char key = terminal.wait_for_key(between_frames);
    if (key == 'q' || key == 'Q' || key == ctrl_c || StopSignal::received() != 0) return false;
  }
}

void watch(const WatchRequest& request) {
  RunFollower follower(request.run);
  const bool drawable = style_of_output() != ProgressStyle::lines;  // a terminal on which a frame can be drawn again
  const bool follows = drawable && !request.once && follower.refresh().under_way;
  // The last frame stays on the screen, unless it was left before.
  if (!follows || follow(follower)) print_frame(follower.refresh(), frame_style());
}

}  // namespace

ExitStatus execute(const WatchRequest& request, Communicator& world) {
  run_together(world, [&] {
    if (world.rank() == 0) watch(request);
  });
  return ExitStatus::done;
}

}  // namespace shoal
