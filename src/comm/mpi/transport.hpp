#pragma once

#include <mpi.h>

#include <vector>

#include "comm/transport.hpp"

namespace shoal {

/// For each rank of `comm`, the lowest rank on its host. Collective.
std::vector<int> lowest_ranks_on_hosts(MPI_Comm comm);

/// Carries bytes by MPI messages and owns its communicator.
class MpiTransport final : public Transport {
 public:
  /// Takes `comm` over. threads: see Communicator::threads_for_this_rank; crowded: see Place. Collective.
  MpiTransport(MPI_Comm comm, int threads, bool crowded, int most_in_group);
  ~MpiTransport() override;

  void barrier() override;
  void broadcast(std::span<std::byte> data, int root) override;
  void all_gather(std::span<std::byte> all, std::span<const std::int64_t> begin) override;
  void gather(std::span<const std::byte> mine, std::span<const std::span<std::byte>> places, int root) override;
  std::unique_ptr<Messages> messages() override;
  void progress() override;
  std::unique_ptr<Transport> split(int color, int most_in_group) override;
  void abort(int status) override;

 private:
  MPI_Comm comm_;
};

}  // namespace shoal
