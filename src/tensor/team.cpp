#include "tensor/team.hpp"

#include <sched.h>

#include <algorithm>
#include <utility>

namespace shoal {
namespace {

constexpr std::int64_t most_pieces = 0xffff;

constexpr std::uint64_t packed(std::uint32_t number, std::int64_t next, std::int64_t end) {
  return (static_cast<std::uint64_t>(number) << 32) | (static_cast<std::uint64_t>(next) << 16) |
         static_cast<std::uint64_t>(end);
}

/// Spins for some ten microseconds, then yields: several processes may share a core.
class Patience {
 public:
  void wait() {
    if (spins_ < 400) {
      ++spins_;
#if defined(__x86_64__) || defined(__i386__)
      __builtin_ia32_pause();
#elif defined(__aarch64__)
      __asm__ volatile("yield");
#endif
    } else {
      sched_yield();
    }
  }

 private:
  int spins_ = 0;
};

}  // namespace

Team::Team(int size) : size_(size), shares_(std::make_unique<Share[]>(static_cast<std::size_t>(size))) {}

void Team::run(const TaskList& list) {
  const std::int64_t grain = (list.tasks + most_pieces - 1) / most_pieces;
  const std::int64_t pieces = (list.tasks + grain - 1) / grain;
  const std::uint32_t number = number_.load(std::memory_order_relaxed) + 1;
  function_.store(list.function, std::memory_order_relaxed);
  context_.store(list.context, std::memory_order_relaxed);
  tasks_.store(list.tasks, std::memory_order_relaxed);
  grain_.store(grain, std::memory_order_relaxed);
  pieces_left_.store(pieces, std::memory_order_relaxed);
  for (int t = 0; t < size_; ++t) {
    const std::uint64_t word = packed(number, pieces * t / size_, pieces * (t + 1) / size_);
    shares_[static_cast<std::size_t>(t)].word.store(word, std::memory_order_release);
  }
  number_.store(number, std::memory_order_release);
  work(0, number);
  for (Patience patience; pieces_left_.load(std::memory_order_acquire) > 0;) patience.wait();
  if (failed_.exchange(false, std::memory_order_relaxed)) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void Team::help(int thread) {
  std::uint32_t seen = 0;
  Patience patience;
  while (true) {
    const std::uint32_t number = number_.load(std::memory_order_acquire);
    if (number != seen) {
      seen = number;
      work(thread, number);
      patience = {};
    } else if (dismissed_.load(std::memory_order_acquire)) {
      return;
    } else {
      patience.wait();
    }
  }
}

void Team::dismiss() { dismissed_.store(true, std::memory_order_release); }

/// A piece of the list `number` from a share, or -1 when there is none left.
std::int64_t Team::take(Share& share, std::uint32_t number, bool front) {
  std::uint64_t word = share.word.load(std::memory_order_acquire);
  while (true) {
    const auto next = static_cast<std::int64_t>((word >> 16) & most_pieces);
    const auto end = static_cast<std::int64_t>(word & most_pieces);
    if (static_cast<std::uint32_t>(word >> 32) != number || next == end) return -1;
    const std::uint64_t rest = front ? packed(number, next + 1, end) : packed(number, next, end - 1);
    if (share.word.compare_exchange_weak(word, rest, std::memory_order_acq_rel, std::memory_order_acquire))
      return front ? next : end - 1;
  }
}

void Team::work(int thread, std::uint32_t number) {
  std::int64_t done = 0;
  for (int i = 0; i < size_; ++i) {
    Share& share = shares_[static_cast<std::size_t>((thread + i) % size_)];
    for (std::int64_t piece = take(share, number, i == 0); piece >= 0; piece = take(share, number, i == 0)) {
      // A piece was left, so the list is not done and its description still stands.
      const TaskList::Function function = function_.load(std::memory_order_relaxed);
      const void* context = context_.load(std::memory_order_relaxed);
      const std::int64_t grain = grain_.load(std::memory_order_relaxed);
      const std::int64_t last = std::min(tasks_.load(std::memory_order_relaxed), (piece + 1) * grain);
      try {
        for (std::int64_t task = piece * grain; task < last; ++task) function(context, task);
      } catch (...) {
        if (!failed_.exchange(true, std::memory_order_relaxed)) failure_ = std::current_exception();
      }
      ++done;
    }
  }
  if (done > 0) pieces_left_.fetch_sub(done, std::memory_order_acq_rel);
}

}  // namespace shoal
