#include "comm/mpi_transport.hpp"

#include <algorithm>
#include <cassert>
#include <exception>
#include <limits>

#include "comm/mpi_check.hpp"
#include "comm/pieces.hpp"
#include "comm/waiting.hpp"

namespace shoal {
namespace {

constexpr int gather_tag = 1;

Place place_of(MPI_Comm comm, int threads) {
  check_mpi(MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  Place place{.threads = threads};
  check_mpi(MPI_Comm_rank(comm, &place.rank), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(comm, &place.size), "MPI_Comm_size");
  const std::vector<int> lowest = lowest_ranks_on_hosts(comm);
  const int own_host = lowest[static_cast<std::size_t>(place.rank)];
  place.ranks_on_host = static_cast<int>(std::count(lowest.begin(), lowest.end(), own_host));
  place.hosts = 0;
  for (int r = 0; r < place.size; ++r) place.hosts += lowest[static_cast<std::size_t>(r)] == r ? 1 : 0;
  return place;
}

/// Counts and positions of pieces [begin[r], begin[r + 1]), as MPI wants them.
struct Pieces {
  std::vector<int> counts;
  std::vector<int> positions;

  explicit Pieces(std::span<const std::int64_t> begin) {
    for (std::size_t r = 0; r + 1 < begin.size(); ++r) {
      counts.push_back(mpi_count(begin[r + 1] - begin[r]));
      positions.push_back(mpi_count(begin[r]));
    }
  }
};

}  // namespace

std::vector<int> lowest_ranks_on_hosts(MPI_Comm comm) {
  int rank = 0;
  int size = 0;
  check_mpi(MPI_Comm_rank(comm, &rank), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(comm, &size), "MPI_Comm_size");
  MPI_Comm host = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &host), "MPI_Comm_split_type");
  int lowest = rank;
  check_mpi(MPI_Bcast(&lowest, 1, MPI_INT, 0, host), "MPI_Bcast");
  check_mpi(MPI_Comm_free(&host), "MPI_Comm_free");
  std::vector<int> all(static_cast<std::size_t>(size));
  check_mpi(MPI_Allgather(&lowest, 1, MPI_INT, all.data(), 1, MPI_INT, comm), "MPI_Allgather");
  return all;
}

MpiTransport::MpiTransport(MPI_Comm comm, int threads) : Transport(place_of(comm, threads)), comm_(comm) {}

MpiTransport::~MpiTransport() {
  int ended = 0;
  MPI_Finalized(&ended);
  // Freeing is collective: while an exception unwinds, the other ranks may be elsewhere.
  if (ended == 0 && std::uncaught_exceptions() == 0) MPI_Comm_free(&comm_);
}

void MpiTransport::barrier() {
  const Waiting waiting;
  check_mpi(MPI_Barrier(comm_), "MPI_Barrier");
}

void MpiTransport::broadcast(std::span<std::byte> data, int root) {
  const Waiting waiting;
  for_each_piece(data, largest_piece_bytes, [&](std::span<std::byte> piece) {
    check_mpi(MPI_Bcast(piece.data(), static_cast<int>(piece.size()), MPI_BYTE, root, comm_), "MPI_Bcast");
  });
}

void MpiTransport::all_gather(std::span<std::byte> all, std::span<const std::int64_t> begin) {
  if (begin.back() > std::numeric_limits<int>::max()) {  // more than MPI counts: one broadcast per rank
    for (int r = 0; r < place().size; ++r) {
      const auto first = static_cast<std::size_t>(begin[static_cast<std::size_t>(r)]);
      const auto last = static_cast<std::size_t>(begin[static_cast<std::size_t>(r) + 1]);
      broadcast(all.subspan(first, last - first), r);
    }
    return;
  }
  const Waiting waiting;
  const Pieces pieces(begin);
  check_mpi(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all.data(), pieces.counts.data(),
                           pieces.positions.data(), MPI_BYTE, comm_),
            "MPI_Allgatherv");
}

void MpiTransport::gather(std::span<const std::byte> mine, std::span<std::vector<std::byte>> received, int root) {
  const Waiting waiting;
  if (place().rank != root) {
    for_each_piece(mine, largest_piece_bytes, [&](std::span<const std::byte> piece) {
      check_mpi(MPI_Send(piece.data(), static_cast<int>(piece.size()), MPI_BYTE, root, gather_tag, comm_), "MPI_Send");
    });
    return;
  }
  for (int r = 0; r < place().size; ++r) {
    if (r == root) continue;
    for_each_piece(
        std::span(received[static_cast<std::size_t>(r)]), largest_piece_bytes, [&](std::span<std::byte> piece) {
          check_mpi(
              MPI_Recv(piece.data(), static_cast<int>(piece.size()), MPI_BYTE, r, gather_tag, comm_, MPI_STATUS_IGNORE),
              "MPI_Recv");
        });
  }
}

void MpiTransport::exchange(std::span<const float> send, std::span<const std::int64_t> send_begin,
                            std::span<float> receive, std::span<const std::int64_t> receive_begin) {
  const Waiting waiting;
  Pieces out(send_begin);
  Pieces in(receive_begin);
  const auto self = static_cast<std::size_t>(place().rank);
  out.counts[self] = 0;
  in.counts[self] = 0;
  check_mpi(MPI_Alltoallv(send.data(), out.counts.data(), out.positions.data(), MPI_FLOAT, receive.data(),
                          in.counts.data(), in.positions.data(), MPI_FLOAT, comm_),
            "MPI_Alltoallv");
}

std::unique_ptr<Transport> MpiTransport::split(int color) {
  const Waiting waiting;
  assert(color >= 0);
  MPI_Comm part = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split(comm_, color, place().rank, &part), "MPI_Comm_split");
  return std::make_unique<MpiTransport>(part, place().threads);
}

void MpiTransport::abort(int status) { MPI_Abort(MPI_COMM_WORLD, status); }

}  // namespace shoal
