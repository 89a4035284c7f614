#include "cli/report.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <iostream>
#include <new>

#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/io/temporary_file.hpp"

namespace shoal {
namespace {

void print_error(std::string_view where, std::string_view message) {
  // In one piece, so that lines of several ranks do not mix.
  std::cerr << "shoal: error" + std::string(where) + ": " + one_line(message) + '\n' << std::flush;
}

/// " on rank 2 at step 17"; without the step before the first one.
std::string place(int rank) {
  const std::string step = noted_step() > 0 ? " at step " + std::to_string(noted_step()) : "";
  return " on rank " + std::to_string(rank) + step;
}

/// An exception that nobody could catch: out of a parallel region, another thread, or a function that promised none.
[[noreturn]] void end_terminated() {
  std::string message = "ended without a reason";
  try {
    if (std::current_exception()) std::rethrow_exception(std::current_exception());
  } catch (const std::exception& e) {
    message = e.what();
  } catch (...) {
    message = "unknown exception";
  }
  print_error(place(log_rank()), message);
  posix::remove_temporary_files();
  _exit(static_cast<int>(ExitStatus::internal));  // the launcher then ends the other ranks
}

/// Ends the process as the signal would, without the half of a file that nobody will finish.
extern "C" void end_by_signal(int number) {
  posix::remove_temporary_files();
  std::raise(number);  // by now its action is the default again
}

void clean_up_at(int number) {
  struct sigaction former = {};
  if (sigaction(number, nullptr, &former) != 0 || former.sa_handler == SIG_IGN) return;  // as nohup wants it
  struct sigaction action = {};  // in the place of a library's: UCX takes SIGHUP for a wish to debug, and goes on
  action.sa_handler = end_by_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(number, &action, nullptr);
}

int end_alone(const Communicator& world, std::string_view message, ExitStatus status) {
  const int number = static_cast<int>(status);
  if (world.size() == 1) {
    print_error("", message);
    return number;
  }
  print_error(place(world.rank()), message);
  world.abort(number);
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool is_break = c == '\n' || c == '\r';
    if (!is_break)
      line += c;
    else if (!line.empty() && line.back() != ' ')
      line += ' ';
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

int report_errors(const Communicator& world, const std::function<int()>& body) try {
  return body();
} catch (const SharedError& e) {
  if (world.rank() == 0) print_error("", e.what());
  return static_cast<int>(e.status());
} catch (const Error& e) {
  return end_alone(world, e.what(), e.status());
} catch (const std::bad_alloc&) {
  return end_alone(world, "out of memory", ExitStatus::internal);
} catch (const std::exception& e) {
  return end_alone(world, e.what(), ExitStatus::internal);
} catch (...) {
  return end_alone(world, "unknown exception", ExitStatus::internal);
}

void prepare_process() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGXCPU}) clean_up_at(number);
  std::set_terminate(end_terminated);
  // Held back until a run is ready for it (StopSignal): a scheduler's warning may come while MPI starts.
  sigset_t held;
  sigemptyset(&held);
  sigaddset(&held, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &held, nullptr);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) >= 0) continue;
    // Open in the direction that is not used, so that using it still fails. The lowest free number is this one.
    if (::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0) return;
  }
}

}  // namespace shoal
