#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "comm/groups.hpp"

namespace shoal {

/// Where a rank stands among those of its communicator.
struct Place {
  int rank = 0;
  int size = 1;
  int ranks_on_host = 1;
  int hosts = 1;
  int threads = 1;
  bool crowded = false;   ///< the threads of the ranks on this host are more than its cores
  int most_in_group = 1;  ///< of ranks that may share memory
  Groups groups{};
};

/// Messages under way. Whoever adds one keeps its memory until wait() has returned or test() was true.
class Messages {
 public:
  virtual ~Messages() = default;
  /// Between two ranks, messages with one tag arrive in the order in which they were added.
  virtual void send(int to, int tag, std::span<const std::byte> data) = 0;
  virtual void receive(int from, int tag, std::span<std::byte> data) = 0;
  /// Whether all have arrived; lets them go on.
  virtual bool test() = 0;
  virtual void wait() = 0;
};

/// What Communicator needs of the thing that carries bytes: MPI, or nothing at all for one process.
class Transport {
 public:
  explicit Transport(const Place& place) : place_(place) {}
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  const Place& place() const { return place_; }

  virtual void barrier() = 0;
  virtual void broadcast(std::span<std::byte> data, int root) = 0;
  virtual void all_gather(std::span<std::byte> all, std::span<const std::int64_t> begin) = 0;
  /// places: on `root`, room for each rank's bytes in rank order; root's own is left alone.
  virtual void gather(std::span<const std::byte> mine, std::span<const std::span<std::byte>> places, int root) = 0;
  virtual std::unique_ptr<Messages> messages() = 0;
  /// Not collective: lets messages under way go on.
  virtual void progress() = 0;
  virtual std::unique_ptr<Transport> split(int color, int most_in_group) = 0;
  /// Ends the other ranks; may return.
  virtual void abort(int status) = 0;

 private:
  Place place_;
};

std::unique_ptr<Transport> local_transport();

}  // namespace shoal
