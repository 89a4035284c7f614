#pragma once

#include <chrono>
#include <cstddef>
#include <functional>

#include "show/serve/http_exchange.hpp"

namespace shoal {

struct ConnectionLimits {
  /// Open at a time. A further one takes the place of the oldest that nobody works for: who is slow loses, and nobody
  /// is kept out.
  std::size_t connections = 400;
  std::size_t unread_answers = 32;  ///< held at a time for clients that do not read; the same then
  int workers = 8;
  std::chrono::milliseconds request{10000};  ///< from the first byte to the last
  std::chrono::milliseconds idle{60000};     ///< between requests
  std::chrono::milliseconds answer{60000};   ///< until it was read, or some more of a long one
  std::chrono::milliseconds linger{2000};    ///< in which a client that was refused may send its rest
};

/// Answers HTTP requests that come through `listener` until `stopped`, which is asked several times a second. One
/// thread holds all connections, with a deadline each, however slowly they send or read; whole requests go to a few
/// workers.
/// @param handler  called by workers, several at a time; throws nothing
void serve_connections(int listener, const ConnectionLimits& limits, const HttpHandler& handler,
                       const std::function<bool()>& stopped);

}  // namespace shoal
