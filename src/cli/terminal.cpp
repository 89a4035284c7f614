#include "cli/terminal.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>

#include "cli/output.hpp"

namespace shoal {
namespace {

constexpr const char* enter = "\x1b[?1049h\x1b[?25l";  // second screen, no cursor
constexpr const char* leave = "\x1b[?25h\x1b[?1049l";

extern "C" void end_the_wait(int /*number*/) {}

}  // namespace

Terminal::Terminal() {
  reads_keys_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
  if (reads_keys_) {
    termios keys = before_;
    keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    keys.c_cc[VSUSP] = _POSIX_VDISABLE;  // stopped by Ctrl-Z, it would leave the terminal as it is now
    ::tcsetattr(STDIN_FILENO, TCSANOW, &keys);
  }
  struct sigaction action = {};
  action.sa_handler = end_the_wait;
  sigemptyset(&action.sa_mask);
  sigaction(SIGWINCH, &action, nullptr);
  print(enter);
  flush_output();
}

Terminal::~Terminal() {
  // Not by print(): what failed there must not keep the terminal from coming back.
  [[maybe_unused]] const ssize_t written = ::write(STDOUT_FILENO, leave, std::string(leave).size());
  if (reads_keys_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

Terminal::Size Terminal::size() {
  winsize size{};
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): the one way to ask
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_row, size.ws_col};
}

void Terminal::draw(const std::vector<std::string>& lines) {
  std::string text = "\x1b[H";
  for (std::size_t i = 0; i < lines.size(); ++i) text += lines[i] + "\x1b[K" + (i + 1 < lines.size() ? "\r\n" : "");
  print(text + "\x1b[J");
  flush_output();
}

char Terminal::wait_for_key(std::chrono::milliseconds time) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  const int ready = ::poll(&input, reads_keys_ ? 1 : 0, static_cast<int>(time.count()));
  char key = 0;
  if (ready > 0 && ::read(STDIN_FILENO, &key, 1) != 1) reads_keys_ = false;  // closed: there will be no more
  return key;
}

}  // namespace shoal
