#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>

#include "shoal/tensor/parallel.hpp"

namespace shoal {

/// Threads of one parallel region, of which thread 0 hands out lists of tasks to all.
///
/// Every thread has a share [next, end) of the tasks, packed with the number of the list into one atomic word: its
/// owner takes from the front, others from the back once their own is empty. A word of an older or newer list never
/// matches, so a thread that wakes up late takes nothing that is not there. A list is done when all tasks have been
/// executed, whether or not every thread has noticed it.
class Team {  // NOLINT(clang-analyzer-optin.performance.Padding): on cache lines of their own on purpose
 public:
  explicit Team(int size);

  /// Thread 0: runs a list of at least one task and returns when it is done. What a task throws, on any thread, is
  /// thrown here then: until all threads have left the list, they use what it lies in. Of several, the first counts.
  void run(const TaskList& list);
  /// The other threads: take part until dismiss().
  void help(int thread);
  /// Thread 0: lets the others leave help().
  void dismiss();

 private:
  struct alignas(64) Share {
    std::atomic<std::uint64_t> word{0};  // number of the list << 32 | next << 16 | end
  };

  void work(int thread, std::uint32_t number);
  std::int64_t take(Share& share, std::uint32_t number, bool front);

  int size_;
  std::unique_ptr<Share[]> shares_;
  alignas(64) std::atomic<std::uint32_t> number_{0};  // of the list under way
  std::atomic<bool> dismissed_{false};
  // The list under way. Written before number_ and the shares; read by a thread that may be late, hence atomic.
  std::atomic<TaskList::Function> function_{nullptr};
  std::atomic<const void*> context_{nullptr};
  std::atomic<std::int64_t> tasks_{0};
  std::atomic<std::int64_t> grain_{1};  // tasks in a piece, of which a share can count 65,535
  alignas(64) std::atomic<std::int64_t> pieces_left_{0};
  std::atomic<bool> failed_{false};  // a task of the list under way has thrown; its exception is
  std::exception_ptr failure_;       // read when the list is done
};

}  // namespace shoal
