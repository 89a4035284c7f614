#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "comm/shared_memory.hpp"
#include "comm/transport.hpp"

namespace shoal {

/// Memory that the ranks of a group see together: a part for all of them and one of each rank, with a barrier and a
/// signal per rank. Where the memory cannot be shared, every rank is a group of its own with memory of its own: callers
/// see other groups() and nothing else. Memory starts as zeros; parts begin on pages.
class Window {
 public:
  /// Collective over all ranks of the transport, which agree on whether memory is shared. common_bytes: equal on all;
  /// own_bytes: of this rank's part.
  Window(Transport& transport, std::int64_t common_bytes, std::int64_t own_bytes);
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  const Groups& groups() const { return groups_; }
  std::byte* common() const { return at(common_begin_); }
  /// The part of a rank of this group.
  std::byte* part(int rank) const { return at(part_begin_[static_cast<std::size_t>(rank - groups_.begin())]); }

  /// Collective over the group. What its ranks wrote before, all see behind it.
  void barrier();

  /// Raises this rank's signal, from 0; whoever sees the value sees what this rank wrote before.
  void signal(std::uint64_t value);
  /// The lowest signal of the group.
  std::uint64_t lowest_signal() const;
  /// Waits until all signals are that high.
  void wait_for_signals(std::uint64_t value);

 private:
  // Two cache lines a rank, so that neither disturbs the other or another rank's.
  struct alignas(64) Flag {
    std::atomic<std::uint64_t> value;
  };
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "processes share it");
  struct Flags {
    Flag arrivals;
    Flag signal;
  };

  std::byte* at(std::int64_t offset) const { return memory_.data() + offset; }
  Flags& flags(int member) const { return reinterpret_cast<Flags*>(memory_.data())[member]; }
  void lay_out(std::int64_t common_bytes, const std::vector<std::int64_t>& own_bytes);
  template <class Ready>
  void wait_until(const Ready& ready);

  Transport& transport_;
  Groups groups_;
  int member_ = 0;
  SharedMemory memory_;
  std::int64_t common_begin_ = 0;
  std::vector<std::int64_t> part_begin_;  // of each member, then the end
  std::uint64_t barriers_ = 0;
};

}  // namespace shoal
