#include "progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <utility>

#include "shoal/core/log.hpp"

namespace shoal {
namespace {

constexpr std::chrono::milliseconds pause_on_terminal{200};
constexpr std::chrono::seconds pause_elsewhere{10};

}  // namespace

ImportProgress::ImportProgress(std::string what, std::int64_t total)
    : what_(std::move(what)),
      total_(total),
      on_terminal_(isatty(STDERR_FILENO) == 1),
      next_(Clock::now() + (on_terminal_ ? std::chrono::seconds(1) : pause_elsewhere)) {}

ImportProgress::~ImportProgress() {
  if (shown_) std::cerr << "\r\x1b[K" << std::flush;
}

void ImportProgress::add(std::int64_t done) {
  done_ += done;
  if (done == 0) return;  // rows from what was read before: no reason to look at the clock
  const Clock::time_point now = Clock::now();
  if (now < next_ || log_rank() != 0) return;
  const std::string line =
      fmt::format("{}: {:.0f} %", what_,
                  100.0 * static_cast<double>(done_) / static_cast<double>(std::max<std::int64_t>(1, total_)));
  if (on_terminal_) {
    std::cerr << "\rshoal: " << line << "\x1b[K" << std::flush;
    shown_ = true;
    next_ = now + pause_on_terminal;
  } else {
    log_info(line);
    next_ = now + pause_elsewhere;
  }
}

}  // namespace shoal
