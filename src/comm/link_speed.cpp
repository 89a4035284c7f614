#include "shoal/comm/link_speed.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <set>

#include "comm/transport.hpp"
#include "shoal/comm/roll_call.hpp"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int tag = 77;

double seconds_since(Clock::time_point then) { return std::chrono::duration<double>(Clock::now() - then).count(); }

/// Seconds of the fastest round trip of so many bytes, among up to `trips` and for at most about `patience` seconds.
/// Both ends make as many: a says with its message whether it is the last.
double round_trip(const Communicator& comm, int other, bool begins, std::size_t bytes, int trips, double patience) {
  std::vector<std::byte> data(bytes);
  const auto send = [&] {
    const auto messages = comm.transport().messages();
    messages->send(other, tag, data);
    messages->wait();
  };
  const auto receive = [&] {
    const auto messages = comm.transport().messages();
    messages->receive(other, tag, data);
    messages->wait();
  };
  double best = std::numeric_limits<double>::infinity();
  const Clock::time_point begun = Clock::now();
  for (int i = 0;; ++i) {
    if (begins) {
      const bool last = i + 1 >= trips || seconds_since(begun) > patience;
      data.front() = std::byte{last};
      const Clock::time_point then = Clock::now();
      send();
      receive();
      best = std::min(best, seconds_since(then));
      if (last) return best;
    } else {
      receive();
      const bool last = data.front() == std::byte{1};
      send();
      if (last) return best;
    }
  }
}

}  // namespace

LinkSpeed measure_link(const Communicator& comm, int a, int b) {
  constexpr std::size_t small = 8;
  constexpr std::size_t large = 4 << 20;
  LinkSpeed speed;
  comm.barrier();
  if (comm.rank() == a || comm.rank() == b) {
    const int other = comm.rank() == a ? b : a;
    const double latency = round_trip(comm, other, comm.rank() == a, small, 1000, 0.3);
    const double transfer = round_trip(comm, other, comm.rank() == a, large, 8, 0.5);
    speed.latency_us = latency * 1e6 / 2;
    speed.gb_per_s = static_cast<double>(large) * 2 / transfer * 1e-9;
  }
  comm.broadcast(std::as_writable_bytes(std::span(&speed, 1)), a);
  return speed;
}

std::vector<bool> hear_ranks(const Communicator& comm) {
  constexpr int most = 64;
  constexpr double patience = 0.5;
  std::set<int> unheard;
  RollCall roll(comm);
  comm.barrier();
  for (int i = 1; i <= std::min(most, comm.size() - 1); ++i) unheard.insert((comm.rank() + i) % comm.size());
  if (roll.works()) {
    for (const int rank : unheard) roll.ask(rank);
    const Clock::time_point begun = Clock::now();
    bool again = false;
    while (seconds_since(begun) < patience) {
      const RollCall::Heard heard = roll.receive(20, {});
      if (heard.kind == RollCall::Heard::Kind::answer) unheard.erase(heard.rank);
      if (!again && seconds_since(begun) > patience / 2) {  // a datagram may be lost
        again = true;
        for (const int rank : unheard) roll.ask(rank);
      }
    }
  }
  std::vector<bool> all(static_cast<std::size_t>(comm.size()), true);
  std::vector<std::byte> mine(all.size());
  for (const int rank : unheard) mine[static_cast<std::size_t>(rank)] = std::byte{1};
  const auto gathered = comm.gather_bytes(mine);
  for (const auto& from : gathered) {
    for (std::size_t r = 0; r < from.size(); ++r) all[r] = all[r] && from[r] == std::byte{0};
  }
  std::vector<std::byte> shared(all.size());
  for (std::size_t r = 0; r < all.size(); ++r) shared[r] = all[r] ? std::byte{1} : std::byte{0};
  comm.broadcast(shared);
  for (std::size_t r = 0; r < all.size(); ++r) all[r] = shared[r] == std::byte{1};
  return all;
}

}  // namespace shoal
