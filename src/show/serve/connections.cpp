#include "show/serve/connections.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shoal/core/error.hpp"
#include "shoal/io/posix.hpp"
#include "show/serve/http_exchange.hpp"
#include "show/serve/request_buffer.hpp"
#include "show/serve/workers.hpp"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds between_questions{250};  // whether to stop
constexpr std::size_t taken_at_once = 64 << 10;

enum class State {
  idle,       // no byte of a request is there
  reading,    // some are
  answering,  // a worker has it
  writing,
  lingering,  // refused; what the client still sends is thrown away, or it would not see the answer
};

/// Bytes of an answer for which a client has as much time again.
constexpr std::size_t enough_read = 96 << 10;

struct Connection {
  posix::Descriptor socket;
  State state = State::idle;
  Clock::time_point since;  // it is in that state
  RequestBuffer in;
  std::string out;
  std::size_t sent = 0;
  std::size_t counted = 0;  // of them, when its time began anew
  bool close = false;
  bool refused = false;
};

class Connections {
 public:
  Connections(int listener, const ConnectionLimits& limits, const HttpHandler& handler)
      : listener_(listener), limits_(limits), workers_(limits.workers, handler) {}

  void run(const std::function<bool()>& stopped) {
    while (!stopped()) turn();
  }

 private:
  using Number = std::uint64_t;
  using Place = std::map<Number, Connection>::iterator;

  void turn();
  void accept();
  void make_room();
  void take_answers();
  void expire();
  void advance(Number number, short events);
  bool read(Connection& connection);
  bool write(Connection& connection);
  bool discard(Connection& connection) const;
  void next_request(Number number, Connection& connection);
  std::chrono::milliseconds patience(State state) const;
  void enter(Connection& connection, State state) {
    connection.state = state;
    connection.since = Clock::now();
  }

  int listener_;
  ConnectionLimits limits_;
  std::map<Number, Connection> connections_;  // the oldest first
  Number next_ = 0;
  Workers workers_;  // last: they end first
};

std::chrono::milliseconds Connections::patience(State state) const {
  switch (state) {
    case State::idle: return limits_.idle;
    case State::reading: return limits_.request;
    case State::writing: return limits_.answer;
    case State::lingering: return limits_.linger;
    case State::answering: break;
  }
  return std::chrono::hours(24);  // that is the worker's to limit
}

void Connections::turn() {
  std::vector<pollfd> watched = {{listener_, POLLIN, 0}, {workers_.bell(), POLLIN, 0}};
  std::vector<Number> numbers;
  for (const auto& [number, connection] : connections_) {
    if (connection.state == State::answering) continue;  // a client that has gone is found when there is an answer
    const bool writes = connection.state == State::writing;
    watched.push_back({connection.socket.get(), static_cast<short>(writes ? POLLOUT : POLLIN), 0});
    numbers.push_back(number);
  }
  if (::poll(watched.data(), watched.size(), static_cast<int>(between_questions.count())) < 0) {
    if (errno == EINTR) return;
    throw Error(ExitStatus::internal, "cannot wait for connections: " + posix::reason(errno));
  }
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (watched[i + 2].revents != 0) advance(numbers[i], watched[i + 2].revents);
  }
  if (watched[1].revents != 0) take_answers();
  expire();
  if (watched[0].revents != 0) accept();
}

/// The oldest of those that nobody works for. New ones that send a whole request at once are never among them.
void Connections::make_room() {
  for (auto& [number, connection] : connections_) {
    if (connection.state == State::answering) continue;
    connections_.erase(number);
    return;
  }
}

void Connections::accept() {
  for (int taken = 0; taken < 64; ++taken) {
    if (connections_.size() >= limits_.connections) make_room();
    posix::Descriptor socket(::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket && (errno == EMFILE || errno == ENFILE)) {
      make_room();
      socket = posix::Descriptor(::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    }
    if (!socket) return;
    Connection& connection = connections_[next_++];
    connection.socket = std::move(socket);
    enter(connection, State::idle);
  }
}

void Connections::expire() {
  const auto now = Clock::now();
  std::erase_if(connections_,
                [&](const auto& entry) { return now - entry.second.since > patience(entry.second.state); });
  auto unread = static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(), [](const auto& entry) {
    return entry.second.state == State::writing;
  }));
  for (Place at = connections_.begin(); at != connections_.end() && unread > limits_.unread_answers;) {
    const bool writes = at->second.state == State::writing;
    unread -= writes ? 1 : 0;
    at = writes ? connections_.erase(at) : std::next(at);
  }
}

void Connections::take_answers() {
  for (Workers::Answer& answer : workers_.answers()) {
    const Place at = connections_.find(answer.number);
    if (at == connections_.end()) continue;
    at->second.out = std::move(answer.bytes);
    at->second.sent = at->second.counted = 0;
    enter(at->second, State::writing);
    advance(answer.number, POLLOUT);
  }
}

void Connections::advance(Number number, short events) {
  const Place at = connections_.find(number);
  if (at == connections_.end()) return;
  Connection& connection = at->second;
  bool goes_on = true;
  switch (connection.state) {
    case State::idle:
    case State::reading:
      goes_on = read(connection);
      if (goes_on) next_request(number, connection);
      break;
    case State::writing:
      goes_on = (events & POLLOUT) != 0 && write(connection);
      if (goes_on && connection.state == State::idle) next_request(number, connection);  // it may have sent two at once
      break;
    case State::lingering: goes_on = discard(connection); break;
    case State::answering: break;
  }
  if (!goes_on) connections_.erase(number);
}

/// False: the client has gone.
bool Connections::read(Connection& connection) {
  std::array<char, 16 << 10> bytes{};
  const ssize_t got = ::recv(connection.socket.get(), bytes.data(), bytes.size(), 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  connection.in.add({bytes.data(), static_cast<std::size_t>(got)});
  if (connection.state == State::idle) enter(connection, State::reading);
  return true;
}

void Connections::next_request(Number number, Connection& connection) {
  if (auto request = connection.in.take()) {
    connection.close = request->close;
    enter(connection, State::answering);
    workers_.give(number, std::move(*request));
    return;
  }
  if (connection.in.refusal() == 0) {
    if (connection.state == State::idle && !connection.in.empty()) enter(connection, State::reading);
    return;
  }
  connection.close = connection.refused = true;
  connection.out = exchange("GET / HTTP/1.1\r\n\r\n", "", true, [&](const HttpRequest&) {
    return HttpAnswer{connection.in.refusal(), "application/json",
                      R"({"error":"this is no request that is taken here"})"};
  });
  connection.sent = connection.counted = 0;
  enter(connection, State::writing);
}

/// False: all was written, and the connection ends.
bool Connections::write(Connection& connection) {
  while (connection.sent < connection.out.size()) {
    const ssize_t put = ::send(connection.socket.get(), connection.out.data() + connection.sent,
                               connection.out.size() - connection.sent, MSG_NOSIGNAL);
    if (put < 0) return errno == EAGAIN || errno == EINTR;
    connection.sent += static_cast<std::size_t>(put);
    if (connection.sent - connection.counted < enough_read) continue;
    connection.counted = connection.sent;  // through a slow tunnel, but not byte by byte
    connection.since = Clock::now();
  }
  connection.out = {};
  if (!connection.close) {
    enter(connection, State::idle);
    return true;
  }
  ::shutdown(connection.socket.get(), SHUT_WR);
  if (!connection.refused) return false;
  enter(connection, State::lingering);
  return true;
}

bool Connections::discard(Connection& connection) const {
  std::array<char, taken_at_once> bytes{};
  const ssize_t got = ::recv(connection.socket.get(), bytes.data(), bytes.size(), 0);
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

}  // namespace

void serve_connections(int listener, const ConnectionLimits& limits, const HttpHandler& handler,
                       const std::function<bool()>& stopped) {
  Connections(listener, limits, handler).run(stopped);
}

}  // namespace shoal
