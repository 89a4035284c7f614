#include "comm/mpi/messages.hpp"

#include "comm/mpi/check.hpp"
#include "comm/waiting.hpp"

namespace shoal {

void MpiMessages::send(int to, int tag, std::span<const std::byte> data) {
  const int bytes = mpi_count(static_cast<std::int64_t>(data.size()));
  check_mpi(MPI_Isend(data.data(), bytes, MPI_BYTE, to, tag, comm_, &requests_.emplace_back(MPI_REQUEST_NULL)),
            "MPI_Isend");
}

void MpiMessages::receive(int from, int tag, std::span<std::byte> data) {
  const int bytes = mpi_count(static_cast<std::int64_t>(data.size()));
  check_mpi(MPI_Irecv(data.data(), bytes, MPI_BYTE, from, tag, comm_, &requests_.emplace_back(MPI_REQUEST_NULL)),
            "MPI_Irecv");
}

bool MpiMessages::test() {
  int arrived = 1;
  check_mpi(MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &arrived, MPI_STATUSES_IGNORE),
            "MPI_Testall");
  if (arrived != 0) requests_.clear();
  return arrived != 0;
}

void MpiMessages::wait() {
  const Waiting waiting;
  wait_until([this] { return test(); });
}

}  // namespace shoal
