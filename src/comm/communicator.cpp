#include "shoal/comm/communicator.hpp"

#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <iostream>
#include <utility>

#include "comm/transport.hpp"

namespace shoal {

Communicator::Communicator() : transport_(local_transport()) {}
Communicator::Communicator(std::unique_ptr<Transport> transport) : transport_(std::move(transport)) {}
Communicator::Communicator(Communicator&&) noexcept = default;
Communicator& Communicator::operator=(Communicator&&) noexcept = default;
Communicator::~Communicator() = default;

int Communicator::rank() const noexcept { return transport_->place().rank; }
int Communicator::size() const noexcept { return transport_->place().size; }
int Communicator::ranks_on_this_host() const noexcept { return transport_->place().ranks_on_host; }
int Communicator::host_count() const noexcept { return transport_->place().hosts; }
int Communicator::threads_for_this_rank() const noexcept { return transport_->place().threads; }

void Communicator::tree_reduce(const LeafShare& share, std::span<const double> partials, const Merge& merge,
                               std::span<double> result) {
  const std::size_t width = result.size();
  assert(share.ranks() == size() && share.rank() == rank());
  assert(share.slots() > 0 && partials.size() == share.nodes().size() * width);
  slots_.resize(share.slots() * width);
  std::copy(partials.begin(), partials.end(), slots_.begin() + static_cast<std::ptrdiff_t>(share.first_slot() * width));
  std::vector<std::int64_t> begin;
  for (int r = 0; r <= size(); ++r)
    begin.push_back(static_cast<std::int64_t>(share.first_slot(r) * width * sizeof(double)));
  transport_->all_gather(std::as_writable_bytes(std::span(slots_)), begin);
  fold_slots(share, slots_, width, merge);
  std::copy_n(slots_.begin(), width, result.begin());
}

void Communicator::barrier() const { transport_->barrier(); }

void Communicator::broadcast(std::span<std::byte> data, int root) const { transport_->broadcast(data, root); }

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
  transport_->gather(mine, all, root);
  return all;
}

void Communicator::all_gather_pieces(std::span<std::byte> all, std::span<const std::int64_t> begin) const {
  assert(begin.size() == static_cast<std::size_t>(size()) + 1 && begin.back() <= static_cast<std::int64_t>(all.size()));
  transport_->all_gather(all, begin);
}

void Communicator::exchange(std::span<const float> send, std::span<const std::int64_t> send_begin,
                            std::span<float> receive, std::span<const std::int64_t> receive_begin) const {
  assert(send_begin.size() == static_cast<std::size_t>(size()) + 1 && receive_begin.size() == send_begin.size());
  assert(send_begin.back() <= static_cast<std::int64_t>(send.size()) || size() == 1);
  assert(receive_begin.back() <= static_cast<std::int64_t>(receive.size()) || size() == 1);
  transport_->exchange(send, send_begin, receive, receive_begin);
}

std::int64_t Communicator::all_max(std::int64_t mine) const {
  const std::vector<std::int64_t> all = all_gather(mine);
  return *std::max_element(all.begin(), all.end());
}

std::int64_t Communicator::all_min(std::int64_t mine) const {
  const std::vector<std::int64_t> all = all_gather(mine);
  return *std::min_element(all.begin(), all.end());
}

bool Communicator::all_equal(std::string_view text) const {
  std::string first(text);
  broadcast_string(first);
  return all_min(first == text ? 1 : 0) == 1;
}

Communicator Communicator::split(int color) const { return Communicator(transport_->split(color)); }

void Communicator::abort(int status) const {
  std::cout.flush();
  std::cerr.flush();
  std::fflush(nullptr);
  transport_->abort(status);
  _exit(status);  // MPI_Abort may return
}

}  // namespace shoal
