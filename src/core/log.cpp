#include "shoal/core/log.hpp"

#include <cstdio>
#include <string>

#include "shoal/core/quiet.hpp"

namespace shoal {
namespace {

int rank_of_log = 0;
bool warnings_alone = false;

/// One call for a whole line: lines of two threads never mix.
void write_line(std::string_view kind, std::string_view message) {
  if (rank_of_log != 0) return;
  const std::string line = std::string("shoal: ").append(kind).append(message).append("\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fflush(stderr);
}

}  // namespace

void log_info(std::string_view message) {
  if (!warnings_alone) write_line("", message);
}

void log_warning(std::string_view message) { write_line("warning: ", message); }

void log_warnings_alone() { warnings_alone = true; }

bool logs_warnings_alone() noexcept { return warnings_alone; }

void set_log_rank(int rank) { rank_of_log = rank; }

int log_rank() noexcept { return rank_of_log; }

}  // namespace shoal
