#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "shoal/io/posix.hpp"
#include "show/serve/http_exchange.hpp"
#include "show/serve/request_buffer.hpp"

namespace shoal {

/// Threads that answer whole requests. Ended, they finish what they work at, and nothing that still waits.
class Workers {
 public:
  Workers(int count, HttpHandler handler);
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  ~Workers();

  void give(std::uint64_t number, RequestBuffer::Request request);

  struct Answer {
    std::uint64_t number = 0;  ///< of the request
    std::string bytes;
  };
  /// Those that are ready.
  std::vector<Answer> answers();
  /// Readable when there are answers.
  int bell() const { return bell_.get(); }

 private:
  struct Task {
    std::uint64_t number = 0;
    RequestBuffer::Request request;
  };
  void work();
  void end();

  HttpHandler handler_;
  posix::Descriptor bell_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  std::deque<Task> tasks_;
  std::vector<Answer> answers_;
  std::vector<std::thread> threads_;
};

}  // namespace shoal
