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

/// A failure that was not foreseen is one of this rank, which its message names.
Failure unforeseen(const Communicator& comm, const std::string& what) {
  return {true, ExitStatus::internal, comm.size() == 1 ? what : "rank " + std::to_string(comm.rank()) + ": " + what};
}

Failure attempt(const Communicator& comm, const std::function<void()>& step) {
  try {
    step();
    return {};
  } catch (const Error& e) {
    return {true, e.status(), e.what()};
  } catch (const std::bad_alloc&) {
    return unforeseen(comm, "out of memory");
  } catch (const std::exception& e) {
    return unforeseen(comm, e.what());
  } catch (...) {
    return unforeseen(comm, "unknown exception");
  }
}

}  // namespace

void run_together(const Communicator& comm, const std::function<void()>& step) {
  Failure failure = attempt(comm, step);
  const auto lowest = static_cast<int>(comm.all_min(failure.failed ? comm.rank() : comm.size()));
  if (lowest == comm.size()) return;
  comm.broadcast_string(failure.message, lowest);
  comm.broadcast(std::as_writable_bytes(std::span(&failure.status, 1)), lowest);
  throw SharedError(failure.status, failure.message);
}

}  // namespace shoal
