#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace shoal {

/// Where a rank stands among those of its communicator.
struct Place {
  int rank = 0;
  int size = 1;
  int ranks_on_host = 1;
  int hosts = 1;
  int threads = 1;
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
  /// received: on `root`, room for each rank's bytes in rank order; root's own entry is left alone.
  virtual void gather(std::span<const std::byte> mine, std::span<std::vector<std::byte>> received, int root) = 0;
  virtual void exchange(std::span<const float> send, std::span<const std::int64_t> send_begin, std::span<float> receive,
                        std::span<const std::int64_t> receive_begin) = 0;
  virtual std::unique_ptr<Transport> split(int color) = 0;
  /// Ends the other ranks; may return.
  virtual void abort(int status) = 0;

 private:
  Place place_;
};

std::unique_ptr<Transport> local_transport();

}  // namespace shoal
