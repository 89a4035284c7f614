#pragma once

#include <cstdint>
#include <string>

#include "shoal/io/posix.hpp"

namespace shoal {

/// A socket that waits for connections: without blocking, and not passed on to other programs.
class Listener {
 public:
  /// TCP on the first address of `host`. `port` 0: the first free one from `usual_port` on, of `usual_ports`.
  /// @throws Error  usage: no such host, port taken or not allowed
  static Listener on_port(const std::string& host, std::int64_t port);
  /// A Unix socket that this user alone may open. One that nobody listens on any more is replaced; anything else that
  /// is there is not. @throws Error(usage), Error(input_output)
  static Listener on_socket(const std::string& path);

  Listener(Listener&&) noexcept;
  Listener& operator=(Listener&&) = delete;
  ~Listener();  ///< removes a Unix socket

  static constexpr int usual_port = 8765;
  static constexpr int usual_ports = 100;

  int descriptor() const { return socket_.get(); }
  int port() const { return port_; }              ///< 0 of a Unix socket
  bool is_loopback() const { return loopback_; }  ///< of this host alone

 private:
  Listener() = default;

  posix::Descriptor socket_;
  std::string path_;
  int port_ = 0;
  bool loopback_ = true;
};

}  // namespace shoal
