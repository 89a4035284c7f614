#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace shoal {

/// The bytes that a client has sent, until they are a request. Judges it as early as it can.
class RequestBuffer {
 public:
  static constexpr std::size_t most_head_bytes = 16 << 10;
  static constexpr std::size_t most_body_bytes = 64 << 10;

  struct Request {
    std::string head;  ///< the request line, and those headers that anybody here reads
    std::string body;
    bool close = false;  ///< the client wants no other one on this connection
  };

  void add(std::string_view bytes) { bytes_ += bytes; }
  bool empty() const { return bytes_.empty(); }

  /// The first request that is whole, which is then gone from here. Nothing: there is more to come, or what is there
  /// will never be one: see refusal().
  std::optional<Request> take();
  /// The HTTP status of what cannot be taken, such as 413; 0: nothing was wrong so far. Then the connection is of no
  /// use any more.
  int refusal() const { return refusal_; }

 private:
  void read_head(std::string_view head);

  std::string bytes_;
  std::size_t head_bytes_ = 0;  // of the request that is under way, with the empty line; 0: not all there
  std::size_t body_bytes_ = 0;
  Request request_;
  int refusal_ = 0;
};

}  // namespace shoal
