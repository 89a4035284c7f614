#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/terminal.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/guard/stop_signal.hpp"
#include "shoal/run/run_directory.hpp"
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

bool under_way(const RunView& view) { return view.under_way; }
bool under_way(const SweepFrame& sweep) { return sweep.view.under_way; }

/// Until it ends or somebody has seen enough.
template <class Follower>
void follow(Follower& follower) {
  const StopSignal signals;
  Terminal terminal;
  for (;;) {
    const auto& view = follower.refresh();
    if (!under_way(view)) return;
    Terminal::draw(draw_frame(view, frame_style()));
    const char key = terminal.wait_for_key(between_frames);
    if (key == 'q' || key == 'Q' || key == ctrl_c || StopSignal::received() != 0) return;
  }
}

/// The last frame stays on the screen.
template <class Follower>
void watch(Follower follower, bool once) {
  const bool drawable = style_of_output() != ProgressStyle::lines;  // a terminal on which a frame can be drawn again
  if (drawable && !once && under_way(follower.refresh())) follow(follower);
  for (const std::string& line : draw_frame(follower.refresh(), frame_style())) print(line + '\n');
}

}  // namespace

ExitStatus execute(const WatchRequest& request, Communicator& world) {
  run_together(world, [&] {
    if (world.rank() != 0) return;
    if (RunDirectory::holds_sweep(request.run)) {
      watch(SweepFollower(request.run), request.once);
    } else {
      watch(RunFollower(request.run), request.once);
    }
  });
  return ExitStatus::done;
}

}  // namespace shoal
