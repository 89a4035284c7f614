#pragma once

namespace shoal {

/// From here on log_info() says nothing, and no progress is shown. Called with the command line, before any thread
/// starts.
void log_warnings_alone();
bool logs_warnings_alone() noexcept;

}  // namespace shoal
