#include "show/serve/listener.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

constexpr int waiting = 512;  // connections that the system holds until they are taken

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Addresses resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0)
    throw Error(ExitStatus::usage,
                fmt::format("--host is {}: {}; give a name or address of this host", host, ::gai_strerror(error)));
  return {found, &freeaddrinfo};
}

posix::Descriptor make_socket(int family) {
  posix::Descriptor made(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!made) throw Error(ExitStatus::input_output, "cannot make a socket: " + posix::reason(errno));
  return made;
}

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  void set_port(int port) {
    const auto in_network_order = htons(static_cast<std::uint16_t>(port));
    if (storage.ss_family == AF_INET6) {
      reinterpret_cast<sockaddr_in6&>(storage).sin6_port = in_network_order;
    } else {
      reinterpret_cast<sockaddr_in&>(storage).sin_port = in_network_order;
    }
  }
  bool is_loopback() const {
    if (storage.ss_family == AF_INET6)
      return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr);
    return ntohl(reinterpret_cast<const sockaddr_in&>(storage).sin_addr.s_addr) >> 24 == 127;
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// 0, or the errno value.
int try_port(int socket, Address address, int port) {
  address.set_port(port);
  return ::bind(socket, address.get(), address.size) == 0 && ::listen(socket, waiting) == 0 ? 0 : errno;
}

/// Whether somebody answers there.
bool is_in_use(const sockaddr_un& address) {
  const posix::Descriptor caller(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(caller.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

Listener::Listener(Listener&& other) noexcept
    : socket_(std::move(other.socket_)),
      path_(std::exchange(other.path_, {})),
      port_(other.port_),
      loopback_(other.loopback_) {}

Listener::~Listener() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

Listener Listener::on_port(const std::string& host, std::int64_t port) {
  if (port < 0 || port > 65535) throw Error(ExitStatus::usage, fmt::format("--port is {}; use 1 to 65535", port));
  const Addresses addresses = resolve(host);
  Address address;
  std::memcpy(&address.storage, addresses->ai_addr, addresses->ai_addrlen);
  address.size = addresses->ai_addrlen;
  const int first = port == 0 ? usual_port : static_cast<int>(port);
  const int last = port == 0 ? usual_port + usual_ports - 1 : first;
  int error = 0;
  for (int tried = first; tried <= last; ++tried) {
    Listener listener;
    listener.socket_ = make_socket(address.storage.ss_family);
    const int on = 1;  // a port whose last connections are still fading may be taken again
    ::setsockopt(listener.socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    error = try_port(listener.socket_.get(), address, tried);
    if (error == 0) {
      listener.port_ = tried;
      listener.loopback_ = address.is_loopback();
      return listener;
    }
    if (error != EADDRINUSE) break;
  }
  throw Error(
      ExitStatus::usage,
      fmt::format("cannot listen on port {} of {}: {}; give another --port, or --socket PATH",
                  port == 0 ? fmt::format("{} to {}", first, last) : std::to_string(port), host, posix::reason(error)));
}

Listener Listener::on_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    throw Error(ExitStatus::usage, fmt::format("--socket has {} characters; a Unix socket takes 1 to {}", path.size(),
                                               sizeof address.sun_path - 1));
  std::memcpy(&address.sun_path, path.c_str(), path.size());
  struct stat there {};
  if (::lstat(path.c_str(), &there) == 0) {
    if (!S_ISSOCK(there.st_mode))
      throw Error(ExitStatus::usage, fmt::format("--socket is {}, which is there and no socket; give another", path));
    if (is_in_use(address))
      throw Error(ExitStatus::usage, fmt::format("--socket is {}, where another process listens; give another", path));
    ::unlink(path.c_str());
  }
  Listener listener;
  listener.socket_ = make_socket(AF_UNIX);
  // Made with the right mode: changed afterwards, others could be in already.
  const mode_t before = ::umask(0177);
  const int bound = ::bind(listener.socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = errno;
  ::umask(before);
  if (bound != 0) posix::fail("make the socket", path, error);
  listener.path_ = path;
  if (::listen(listener.socket_.get(), waiting) != 0) posix::fail("listen on", path, errno);
  return listener;
}

}  // namespace shoal
