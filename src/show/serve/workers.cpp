#include "show/serve/workers.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>
#include <utility>

#include "shoal/core/error.hpp"
#include "shoal/io/start_thread.hpp"

namespace shoal {

Workers::Workers(int count, HttpHandler handler)
    : handler_(std::move(handler)), bell_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!bell_) throw Error(ExitStatus::input_output, "cannot make an event: " + posix::reason(errno));
  try {
    while (std::ssize(threads_) < count) threads_.push_back(start_thread([this] { work(); }));
  } catch (const Error&) {
    end();
    throw;
  }
}

Workers::~Workers() { end(); }

void Workers::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Workers::give(std::uint64_t number, RequestBuffer::Request request) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back({number, std::move(request)});
  }
  changed_.notify_one();
}

std::vector<Workers::Answer> Workers::answers() {
  std::uint64_t rings = 0;
  [[maybe_unused]] const ssize_t got = ::read(bell_.get(), &rings, sizeof rings);
  const std::lock_guard lock(mutex_);
  return std::exchange(answers_, {});
}

void Workers::work() {
  for (;;) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return ended_ || !tasks_.empty(); });
      if (ended_) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    const bool close = task.request.close;
    std::string bytes = exchange(task.request.head, std::move(task.request.body), close, handler_);
    {
      const std::lock_guard lock(mutex_);
      answers_.push_back({task.number, std::move(bytes)});
    }
    const std::uint64_t ring = 1;
    [[maybe_unused]] const ssize_t put = ::write(bell_.get(), &ring, sizeof ring);
  }
}

}  // namespace shoal
