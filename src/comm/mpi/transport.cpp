#include "comm/mpi/transport.hpp"

#include <algorithm>
#include <cassert>
#include <exception>
#include <limits>

#include "comm/mpi/check.hpp"
#include "comm/mpi/messages.hpp"
#include "comm/pieces.hpp"
#include "comm/waiting.hpp"

namespace shoal {
namespace {

constexpr int gather_tag = 1;

Place place_of(MPI_Comm comm, int threads, bool crowded, int most_in_group) {
  check_mpi(MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  Place place{.threads = threads, .crowded = crowded, .most_in_group = most_in_group};
  check_mpi(MPI_Comm_rank(comm, &place.rank), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(comm, &place.size), "MPI_Comm_size");
  const std::vector<int> lowest = lowest_ranks_on_hosts(comm);
  const int own_host = lowest[static_cast<std::size_t>(place.rank)];
  place.ranks_on_host = static_cast<int>(std::count(lowest.begin(), lowest.end(), own_host));
  place.hosts = 0;
  for (int r = 0; r < place.size; ++r) place.hosts += lowest[static_cast<std::size_t>(r)] == r ? 1 : 0;
  place.groups = group_by_host(lowest, most_in_group, place.rank);
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

/// Waits for what `call` has begun.
void finish(MPI_Request request, const char* call) {
  wait_until([&] {
    int finished = 0;
    check_mpi(MPI_Test(&request, &finished, MPI_STATUS_IGNORE), call);
    return finished != 0;
  });
}

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

MpiTransport::MpiTransport(MPI_Comm comm, int threads, bool crowded, int most_in_group)
    : Transport(place_of(comm, threads, crowded, most_in_group)), comm_(comm) {}

MpiTransport::~MpiTransport() {
  int ended = 0;
  MPI_Finalized(&ended);
  // Freeing is collective: while an exception unwinds, the other ranks may be elsewhere.
  if (ended == 0 && std::uncaught_exceptions() == 0) MPI_Comm_free(&comm_);
}

void MpiTransport::barrier() {
  const Waiting waiting;
  MPI_Request request = MPI_REQUEST_NULL;
  check_mpi(MPI_Ibarrier(comm_, &request), "MPI_Ibarrier");
  finish(request, "MPI_Ibarrier");
}

void MpiTransport::broadcast(std::span<std::byte> data, int root) {
  const Waiting waiting;
  for_each_piece(data, largest_piece_bytes, [&](std::span<std::byte> piece) {
    MPI_Request request = MPI_REQUEST_NULL;
    check_mpi(MPI_Ibcast(piece.data(), static_cast<int>(piece.size()), MPI_BYTE, root, comm_, &request), "MPI_Ibcast");
    finish(request, "MPI_Ibcast");
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
  MPI_Request request = MPI_REQUEST_NULL;
  check_mpi(MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all.data(), pieces.counts.data(),
                            pieces.positions.data(), MPI_BYTE, comm_, &request),
            "MPI_Iallgatherv");
  finish(request, "MPI_Iallgatherv");
}

void MpiTransport::gather(std::span<const std::byte> mine, std::span<const std::span<std::byte>> places, int root) {
  const Waiting waiting;
  if (place().rank != root) {
    for_each_piece(mine, largest_piece_bytes, [&](std::span<const std::byte> piece) {
      MPI_Request request = MPI_REQUEST_NULL;
      check_mpi(MPI_Isend(piece.data(), static_cast<int>(piece.size()), MPI_BYTE, root, gather_tag, comm_, &request),
                "MPI_Isend");
      finish(request, "MPI_Isend");
    });
    return;
  }
  for (int r = 0; r < place().size; ++r) {
    if (r == root) continue;
    for_each_piece(places[static_cast<std::size_t>(r)], largest_piece_bytes, [&](std::span<std::byte> piece) {
      MPI_Request request = MPI_REQUEST_NULL;
      check_mpi(MPI_Irecv(piece.data(), static_cast<int>(piece.size()), MPI_BYTE, r, gather_tag, comm_, &request),
                "MPI_Irecv");
      finish(request, "MPI_Irecv");
    });
  }
}

std::unique_ptr<Messages> MpiTransport::messages() { return std::make_unique<MpiMessages>(comm_); }

void MpiTransport::progress() {
  int found = 0;
  check_mpi(MPI_Iprobe(MPI_ANY_SOURCE, gather_tag, comm_, &found, MPI_STATUS_IGNORE), "MPI_Iprobe");
}

std::unique_ptr<Transport> MpiTransport::split(int color, int most_in_group) {
  const Waiting waiting;
  assert(color >= 0);
  MPI_Comm part = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split(comm_, color, place().rank, &part), "MPI_Comm_split");
  return std::make_unique<MpiTransport>(part, place().threads, place().crowded, most_in_group);
}

void MpiTransport::abort(int status) { MPI_Abort(MPI_COMM_WORLD, status); }

}  // namespace shoal
