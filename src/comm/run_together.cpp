#include "shoal/comm/run_together.hpp"

#include <exception>
#include <new>
#include <string>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

struct Failure {
  bool failed = false;
  ExitStatus status = ExitStatus::done;
  std::string message;
};

Failure attempt(const std::function<void()>& step) {
  try {
    step();
    return {};
  } catch (const Error& e) {
    return {true, e.status(), e.what()};
  } catch (const std::bad_alloc&) {
    return {true, ExitStatus::internal, "out of memory"};
  } catch (const std::exception& e) {
    return {true, ExitStatus::internal, e.what()};
  } catch (...) {
    return {true, ExitStatus::internal, "unknown exception"};
  }
}

}  // namespace

void run_together(const Communicator& comm, const std::function<void()>& step) {
  Failure failure = attempt(step);
  const auto lowest = static_cast<int>(comm.all_min(failure.failed ? comm.rank() : comm.size()));
  if (lowest == comm.size()) return;
  comm.broadcast_string(failure.message, lowest);
  comm.broadcast(std::as_writable_bytes(std::span(&failure.status, 1)), lowest);
  throw SharedError(failure.status, failure.message);
}

}  // namespace shoal
