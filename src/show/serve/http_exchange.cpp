// The one unit that sees cpp-httplib, as parser and writer of HTTP/1.1 alone. Its own loop gives each connection a
// thread and has no limit to the time of a request, so that a few hundred slow ones stop it: sockets, limits and
// deadlines are ours (connections.cpp). Bodies are taken by us as well, so that it unpacks and assembles none.
#include "show/serve/http_exchange.hpp"

#include <httplib.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace shoal {
namespace {

/// Later versions of the library ask for some of these under other names, so that none can be marked as an override.
class ReadyStream : public httplib::Stream {
 public:
  // NOLINTBEGIN(modernize-use-override)
  bool is_readable() const { return true; }
  bool is_writable() const { return true; }
  bool wait_readable() const { return true; }
  bool wait_writable() const { return true; }
  time_t duration() const { return 0; }
  // NOLINTEND(modernize-use-override)
};

/// A head in memory, and the answer to it.
class MemoryStream final : public ReadyStream {
 public:
  explicit MemoryStream(const std::string& in) : in_(in) {}

  const std::string& written() const { return out_; }

  ssize_t read(char* to, size_t size) override {
    const std::size_t taken = std::min(size, in_.size() - read_);
    std::memcpy(to, in_.data() + read_, taken);
    read_ += taken;
    return static_cast<ssize_t>(taken);
  }
  ssize_t write(const char* from, size_t size) override {
    out_.append(from, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string& /*ip*/, int& /*port*/) const override {}
  void get_local_ip_and_port(std::string& /*ip*/, int& /*port*/) const override {}
  socket_t socket() const override { return 0; }

 private:
  const std::string& in_;
  std::size_t read_ = 0;
  std::string out_;
};

HttpRequest taken_from(const httplib::Request& from, std::string body) {
  HttpRequest request{from.method, from.path, {}, {}, std::move(body)};
  for (const auto& [name, value] : from.params) request.query.emplace(name, value);
  for (const auto& [name, value] : from.headers) request.headers.emplace(in_small_letters(name), value);
  return request;
}

/// Never listens.
class Exchange final : public httplib::Server {
 public:
  Exchange(std::string body, const HttpHandler& handler) {
    set_keep_alive_timeout(30);  // what it tells clients; the deadline is that of connections.cpp
    set_pre_routing_handler(
        [body = std::move(body), &handler](const httplib::Request& asked, httplib::Response& given) {
          HttpAnswer answer = handler(taken_from(asked, body));
          given.status = answer.status;
          for (auto& [name, value] : answer.headers) given.set_header(name, value);
          given.set_header("Content-Type", answer.type);
          given.body = std::move(answer.body);
          return HandlerResponse::Handled;
        });
  }

  void process(MemoryStream& stream, bool close) { process_by(*this, stream, close); }

 private:
  /// The signature of process_request() depends on the version.
  template <class Self>
  static void process_by(Self& self, MemoryStream& stream, bool close) {
    bool closed = false;
    const std::function<void(httplib::Request&)> no_setup;
    if constexpr (requires { self.process_request(stream, close, closed, no_setup); }) {
      self.process_request(stream, close, closed, no_setup);
    } else {
      self.process_request(stream, std::string(), 0, std::string(), 0, close, closed, no_setup);
    }
  }
};

}  // namespace

std::string HttpRequest::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

std::string HttpRequest::parameter(const std::string& name) const {
  const auto found = query.find(name);
  return found == query.end() ? "" : found->second;
}

std::string in_small_letters(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return text;
}

std::string exchange(const std::string& head, std::string body, bool close, const HttpHandler& handler) {
  MemoryStream stream(head);
  Exchange(std::move(body), handler).process(stream, close);
  return stream.written();
}

}  // namespace shoal
