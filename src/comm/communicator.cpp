#include "shoal/comm/communicator.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <system_error>
#include <thread>
#include <utility>

#include "comm/agreement.hpp"
#include "comm/small_sums.hpp"
#include "comm/transport.hpp"
#include "shoal/comm/session.hpp"
#include "shoal/core/error.hpp"
#include "shoal/tensor/parallel.hpp"

namespace shoal {
namespace {

#ifdef SHOAL_CHECK_COLLECTIVES
constexpr bool calls_are_checked = true;
#else
constexpr bool calls_are_checked = false;
#endif

std::int64_t length(std::span<const std::byte> data) { return static_cast<std::int64_t>(data.size()); }

}  // namespace

void agree(Transport& transport, const CollectiveCall& call) {
  if constexpr (!calls_are_checked) return;
  std::vector<CollectiveCall> calls(static_cast<std::size_t>(transport.place().size));
  calls[static_cast<std::size_t>(transport.place().rank)] = call;
  std::vector<std::int64_t> begin;
  for (std::size_t r = 0; r <= calls.size(); ++r)
    begin.push_back(static_cast<std::int64_t>(r * sizeof(CollectiveCall)));
  transport.all_gather(std::as_writable_bytes(std::span(calls)), begin);
  const std::string different = disagreement(calls);
  if (!different.empty())
    throw SharedError(ExitStatus::internal,
                      fmt::format("ranks call different collectives: {}; it is number {} of this process", different,
                                  collectives_begun()));
}

Communicator::Communicator() : Communicator(local_transport()) {}
Communicator::Communicator(std::unique_ptr<Transport> transport)
    : transport_(std::move(transport)), sums_(std::make_unique<SmallSums>(*transport_)) {}
Communicator::Communicator(Communicator&&) noexcept = default;
Communicator& Communicator::operator=(Communicator&&) noexcept = default;
Communicator::~Communicator() = default;

int Communicator::rank() const noexcept { return transport_->place().rank; }
int Communicator::size() const noexcept { return transport_->place().size; }
int Communicator::host_count() const noexcept { return transport_->place().hosts; }
int Communicator::ranks_on_host() const noexcept { return transport_->place().ranks_on_host; }
int Communicator::threads_for_this_rank() const noexcept { return transport_->place().threads; }

std::string Communicator::crowding() const {
  const Place& place = transport_->place();
  if (!place.crowded || place.threads == 1) return "";
  const int cores = cores_in_reach();
  return fmt::format("{} threads {} {}; unset OMP_NUM_THREADS, or set it lower", place.threads,
                     place.threads > cores ? "on" : "for each of the ranks that share", counted(cores, "core"));
}

void Communicator::tree_reduce(const LeafShare& share, std::span<const double> partials, const Merge& merge,
                               std::span<double> result) {
  assert(share.ranks() == size() && share.rank() == rank());
  assert(share.slots() > 0 && partials.size() == share.nodes().size() * result.size());
  agree(*transport_, {Collective::tree_reduce, 0, static_cast<std::int64_t>(share.slots() * result.size())});
  sums_->reduce(share, partials, merge, result);
}

void Communicator::barrier() const {
  agree(*transport_, {Collective::barrier});
  transport_->barrier();
}

void Communicator::broadcast(std::span<std::byte> data, int root) const {
  agree(*transport_, {Collective::broadcast, root, length(data)});
  transport_->broadcast(data, root);
}

void Communicator::broadcast_bytes(std::vector<std::byte>& data, int root) const {
  std::uint64_t length = data.size();
  broadcast(std::as_writable_bytes(std::span(&length, 1)), root);
  data.resize(length);
  broadcast(data, root);
}

void Communicator::broadcast_string(std::string& text, int root) const {
  std::uint64_t length = text.size();
  broadcast(std::as_writable_bytes(std::span(&length, 1)), root);
  text.resize(length);
  broadcast(std::as_writable_bytes(std::span(text)), root);
}

std::vector<std::vector<std::byte>> Communicator::gather_bytes(std::span<const std::byte> mine, int root) const {
  const std::vector<std::uint64_t> lengths = all_gather(static_cast<std::uint64_t>(mine.size()));
  std::vector<std::vector<std::byte>> all;
  if (rank() == root) {
    for (const std::uint64_t length : lengths) all.emplace_back(length);
    std::copy(mine.begin(), mine.end(), all[static_cast<std::size_t>(root)].begin());
  }
  const std::vector<std::span<std::byte>> places(all.begin(), all.end());
  agree(*transport_, {Collective::gather, root});
  transport_->gather(mine, places, root);
  return all;
}

void Communicator::gather_pieces(std::span<const std::byte> mine, std::span<std::byte> all,
                                 std::span<const std::int64_t> begin, int root) const {
  const auto at = [&](int r) { return static_cast<std::size_t>(begin[static_cast<std::size_t>(r)]); };
  assert(begin.size() == static_cast<std::size_t>(size()) + 1 && mine.size() == at(rank() + 1) - at(rank()));
  assert(rank() != root || at(size()) <= all.size());
  std::vector<std::span<std::byte>> places;
  if (rank() == root) {
    for (int r = 0; r < size(); ++r) places.push_back(all.subspan(at(r), at(r + 1) - at(r)));
    std::copy(mine.begin(), mine.end(), places[static_cast<std::size_t>(root)].begin());
  }
  agree(*transport_, {Collective::gather, root, begin.back()});
  transport_->gather(mine, places, root);
}

void Communicator::all_gather_pieces(std::span<std::byte> all, std::span<const std::int64_t> begin) const {
  assert(begin.size() == static_cast<std::size_t>(size()) + 1 && begin.back() <= static_cast<std::int64_t>(all.size()));
  agree(*transport_, {Collective::all_gather, 0, begin.back()});
  transport_->all_gather(all, begin);
}

std::int64_t Communicator::all_max(std::int64_t mine) const {
  const std::vector<std::int64_t> all = all_gather(mine);
  return *std::max_element(all.begin(), all.end());
}

std::int64_t Communicator::all_min(std::int64_t mine) const {
  const std::vector<std::int64_t> all = all_gather(mine);
  return *std::min_element(all.begin(), all.end());
}

Communicator Communicator::split(int color) const {
  agree(*transport_, {Collective::split});
  return Communicator(transport_->split(color, transport_->place().most_in_group));
}

void Communicator::abort(int status) const {
  std::cout.flush();
  std::cerr.flush();
  std::fflush(nullptr);
  // Where the other ranks cannot be reached, MPI_Abort may hang.
  try {
    std::thread([status] {
      std::this_thread::sleep_for(std::chrono::seconds(3));
      _exit(status);
    }).detach();
  } catch (const std::system_error&) {
    // No thread is to be had, which may be why the job ends: without one, it ends as well where others are reached.
  }
  transport_->abort(status);
  _exit(status);  // MPI_Abort may return
}

}  // namespace shoal
