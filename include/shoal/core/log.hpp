#pragma once

#include <string_view>

namespace shoal {

/// The one sink of log lines: standard error, from rank 0 alone. Lines read "shoal: message" or
/// "shoal: warning: message".
void log_info(std::string_view message);
void log_warning(std::string_view message);

/// Silences every rank but 0. Called once by Session, before any thread starts.
void set_log_rank(int rank);
/// The rank that was set; 0 before.
int log_rank() noexcept;

}  // namespace shoal
