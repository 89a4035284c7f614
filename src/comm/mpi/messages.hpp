#pragma once

#include <mpi.h>

#include <vector>

#include "comm/transport.hpp"

namespace shoal {

/// Non-blocking messages of one communicator, which outlives them.
class MpiMessages final : public Messages {
 public:
  explicit MpiMessages(MPI_Comm comm) : comm_(comm) {}

  void send(int to, int tag, std::span<const std::byte> data) override;
  void receive(int from, int tag, std::span<std::byte> data) override;
  bool test() override;
  void wait() override;

 private:
  MPI_Comm comm_;
  std::vector<MPI_Request> requests_;
};

}  // namespace shoal
