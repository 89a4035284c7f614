#include "comm/mpi/runtime.hpp"

#include <fmt/format.h>
#include <mpi.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>

#include "comm/mpi/check.hpp"
#include "comm/mpi/transport.hpp"
#include "comm/placement.hpp"
#include "shoal/core/error.hpp"
#include "shoal/tensor/parallel.hpp"

namespace shoal {
namespace {

/// The ranks of this rank's host, itself among them, that have the same affinity mask: those that share its cores.
struct Sharing {
  int ranks = 0;
  int index = 0;  // of this one among them
};
Sharing sharing_ranks(MPI_Comm comm, int rank, const std::vector<int>& lowest_on_host) {
  const std::vector<unsigned char> mask = affinity_mask();
  const std::string_view text(reinterpret_cast<const char*>(mask.data()), mask.size());
  const std::uint64_t own = std::hash<std::string_view>()(text);
  std::vector<std::uint64_t> all(lowest_on_host.size());
  check_mpi(MPI_Allgather(&own, 1, MPI_UINT64_T, all.data(), 1, MPI_UINT64_T, comm), "MPI_Allgather");
  Sharing sharing;
  const int own_host = lowest_on_host[static_cast<std::size_t>(rank)];
  for (std::size_t r = 0; r < all.size(); ++r) {
    if (static_cast<int>(r) == rank) sharing.index = sharing.ranks;
    sharing.ranks += lowest_on_host[r] == own_host && all[r] == own ? 1 : 0;
  }
  return sharing;
}

/// A rank tells its launcher of its end in several small messages. By Nagle's algorithm the last waits until the
/// launcher has acknowledged those before, which it delays by 40 ms.
void send_without_delay() {
  std::error_code error;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end; at.increment(error)) {
    const int on = 1;
    const int descriptor = std::atoi(at->path().filename().c_str());
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // refused where it is no such socket
  }
}

std::unique_ptr<Transport> world_by_host() {
  int rank = 0;
  check_mpi(MPI_Comm_rank(MPI_COMM_WORLD, &rank), "MPI_Comm_rank");
  const std::vector<int> lowest = lowest_ranks_on_hosts(MPI_COMM_WORLD);
  const std::vector<int> place = order_by_host(lowest);
  const Sharing sharing = sharing_ranks(MPI_COMM_WORLD, rank, lowest);
  const int threads = thread_count(omp_num_threads(), cores_in_reach(), sharing.ranks);
  // Ranks that OpenMP has bound to one core together are crowded, whatever else is in reach.
  const bool crowded = threads * sharing.ranks > (sharing.ranks > 1 ? usable_cores() : cores_in_reach());
  if (!crowded && sharing.ranks > 1 && variable_placing_threads(std::getenv).empty()) {
    // Nobody has bound the ranks, or their masks would differ. Left alone, the system at times puts two on one core.
    const std::vector<int> processors = by_core(processors_of(affinity_mask()));
    const std::span<const int> share = share_of_processors(processors, sharing.ranks, sharing.index);
    if (static_cast<int>(share.size()) >= threads) stay_on(share);
  }
  MPI_Comm ordered = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split(MPI_COMM_WORLD, 0, place[static_cast<std::size_t>(rank)], &ordered), "MPI_Comm_split");
  return std::make_unique<MpiTransport>(ordered, threads, crowded, most_in_group(std::getenv("SHOAL_WINDOWS")));
}

}  // namespace

StartedMpi start_mpi(int& argc, char**& argv, const Launcher& launcher) {
  int already = 0;
  MPI_Initialized(&already);
  if (already == 0 && !launcher.found) return {.world = local_transport()};
  StartedMpi started;
  if (already == 0) {
    // Ranks that wait must not hold a core that another rank's threads compute on. A value of the user's wins.
    setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
    // Ranks of one host need no network: looking for one takes half of the start. Open MPI would come to the same.
    if (launcher.one_host) setenv("OMPI_MCA_pml", "ob1", 0);
    int provided = MPI_THREAD_SINGLE;
    check_mpi(MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
    started.ends_mpi = true;
    send_without_delay();
  }
  check_mpi(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  int size = 0;
  check_mpi(MPI_Comm_size(MPI_COMM_WORLD, &size), "MPI_Comm_size");
  if (started.ends_mpi && launcher.ranks != 0 && launcher.ranks != size) {
    MPI_Finalize();
    throw Error(
        ExitStatus::usage,
        fmt::format("{} ranks were launched, but {} finds {}: the launcher belongs to another MPI; use the mpirun of "
                    "the MPI that this binary was built with",
                    launcher.ranks, mpi_library_version(), size));
  }
  started.world = world_by_host();
  return started;
}

void end_mpi() {
  int ended = 0;
  MPI_Finalized(&ended);
  if (ended == 0) MPI_Finalize();
}

std::string mpi_library_version() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);
  const std::string version(text.data(), static_cast<std::size_t>(length));
  return version.substr(0, version.find_first_of(",\n"));  // what follows is how it was packaged
}

}  // namespace shoal
