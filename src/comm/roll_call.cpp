#include "shoal/comm/roll_call.hpp"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "shoal/core/host_name.hpp"
#include "shoal/core/log.hpp"

namespace shoal {
namespace {

sockaddr_in socket_address(std::uint32_t host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = host;
  address.sin_port = port;
  return address;
}

/// Loopback among them: what arrives at the wrong process by it is not meant for it, and ignored there.
std::vector<std::uint32_t> own_hosts() {
  std::vector<std::uint32_t> hosts;
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return hosts;
  for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
    sockaddr_in address{};
    std::memcpy(&address, one->ifa_addr, sizeof address);
    hosts.push_back(address.sin_addr.s_addr);
  }
  freeifaddrs(all);
  return hosts;
}

}  // namespace

RollCall::RollCall(const Communicator& comm) : rank_(comm.rank()) {
  std::random_device random;
  key_ = (std::uint64_t{random()} << 32) | random();
  comm.broadcast(std::as_writable_bytes(std::span(&key_, 1)));
  addresses_ = comm.all_gather(open());
}

RollCall::~RollCall() {
  if (socket_ >= 0) close(socket_);
  if (bell_ >= 0) close(bell_);
}

RollCall::Address RollCall::open() {
  Address mine;
  mine.process = static_cast<std::int32_t>(getpid());
  mine.rank = log_rank();
  const std::string host = host_name();
  std::copy_n(host.begin(), std::min(host.size(), mine.host.size() - 1), mine.host.begin());
  bell_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  socket_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket_ < 0) return mine;
  const sockaddr_in any = socket_address(htonl(INADDR_ANY), 0);
  sockaddr_in bound{};
  socklen_t length = sizeof bound;
  if (bind(socket_, reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0 ||
      getsockname(socket_, reinterpret_cast<sockaddr*>(&bound), &length) != 0) {
    close(socket_);
    socket_ = -1;
    return mine;
  }
  mine.port = bound.sin_port;
  for (const std::uint32_t one : own_hosts()) {
    if (mine.count < mine.hosts.size()) mine.hosts[mine.count++] = one;
  }
  return mine;
}

std::string RollCall::name(int rank) const {
  const Address& address = addresses_[static_cast<std::size_t>(rank)];
  return fmt::format("rank {} (process {} on {})", address.rank, address.process, address.host.data());
}

void RollCall::send(int to, Word word) {
  const Address& address = addresses_[static_cast<std::size_t>(to)];
  const Datagram datagram{key_, word, rank_, to, 0, {}};
  for (std::uint32_t i = 0; i < address.count; ++i) {
    const sockaddr_in place = socket_address(address.hosts[i], address.port);
    sendto(socket_, &datagram, sizeof datagram, 0, reinterpret_cast<const sockaddr*>(&place), sizeof place);
  }
}

void RollCall::tell_to_leave() {
  for (int i = 0; i < 3; ++i) {  // each may be lost
    for (int to = 0; to < size(); ++to) {
      if (to != rank_) send(to, Word::leave);
    }
  }
}

RollCall::Heard RollCall::receive(int milliseconds, const Presence& self) {
  std::array<pollfd, 2> ready = {pollfd{bell_, POLLIN, 0}, pollfd{socket_, POLLIN, 0}};
  if (poll(ready.data(), ready.size(), milliseconds) <= 0 || (ready[1].revents & POLLIN) == 0) return {};
  Datagram datagram;
  sockaddr_in sender{};
  socklen_t length = sizeof sender;
  const ssize_t bytes =
      recvfrom(socket_, &datagram, sizeof datagram, MSG_TRUNC, reinterpret_cast<sockaddr*>(&sender), &length);
  if (bytes != static_cast<ssize_t>(sizeof datagram) || datagram.key != key_ || datagram.to != rank_ ||
      datagram.from < 0 || datagram.from >= size()) {
    return {Heard::Kind::other, 0, {}};
  }
  switch (datagram.word) {
    case Word::question: {
      const Datagram answer{key_, Word::answer, rank_, datagram.from, 0, self};
      sendto(socket_, &answer, sizeof answer, 0, reinterpret_cast<const sockaddr*>(&sender), length);
      return {Heard::Kind::other, datagram.from, {}};
    }
    case Word::answer: return {Heard::Kind::answer, datagram.from, datagram.presence};
    case Word::leave: return {Heard::Kind::leave, datagram.from, {}};
  }
  return {Heard::Kind::other, 0, {}};
}

void RollCall::wake() noexcept {
  const std::uint64_t ring = 1;
  [[maybe_unused]] const auto written = write(bell_, &ring, sizeof ring);
}

}  // namespace shoal
