#include "shoal/io/start_thread.hpp"

#include <system_error>
#include <utility>

#include "shoal/core/error.hpp"
#include "shoal/io/posix.hpp"
#include "shoal/io/signals_blocked.hpp"

namespace shoal {

std::thread start_thread(std::function<void()> work) {
  const SignalsBlocked blocked;
  try {
    return std::thread(std::move(work));
  } catch (const std::system_error& error) {
    throw Error(ExitStatus::input_output,
                "cannot start a thread: " + posix::reason(error.code().value()) +
                    "; allow more of them (ulimit -u, a container's limit of pids) or more memory (ulimit -v)");
  }
}

}  // namespace shoal
