#pragma once

#include <functional>
#include <thread>

namespace shoal {

/// A thread beside the main one, which takes none of the signals that the main one waits for.
/// @throws Error(input_output)  where the system grants none: that is the host's matter, and no trial's
std::thread start_thread(std::function<void()> work);

}  // namespace shoal
