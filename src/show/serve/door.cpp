#include "show/serve/door.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "shoal/core/error.hpp"
#include "shoal/core/host_name.hpp"
#include "shoal/core/json.hpp"
#include "shoal/io/posix.hpp"

namespace shoal {
namespace {

std::string make_token() {
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw Error(ExitStatus::input_output, "the system has no random numbers: " + posix::reason(errno));
  std::string token;
  for (const unsigned char byte : bytes) token += fmt::format("{:02x}", byte);
  return token;
}

/// How long it takes says nothing of where they differ.
bool same_in_constant_time(std::string_view given, std::string_view secret) {
  unsigned differs = given.size() == secret.size() ? 0U : 1U;
  for (std::size_t i = 0; i < secret.size(); ++i) {
    const char other = given.empty() ? '\0' : given[i % given.size()];
    differs |= static_cast<unsigned char>(other) ^ static_cast<unsigned char>(secret[i]);
  }
  return differs == 0;
}

bool is_address(const std::string& name) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  if (name.starts_with('[') && name.ends_with(']'))
    return ::inet_pton(AF_INET6, name.substr(1, name.size() - 2).c_str(), bytes.data()) == 1;
  return ::inet_pton(AF_INET, name.c_str(), bytes.data()) == 1;
}

std::string in_brackets(const std::string& host) {
  return host.find(':') != std::string::npos && !host.starts_with('[') ? '[' + host + ']' : host;
}

}  // namespace

Door::Door(int port, const std::string& host)
    : port_(port),
      host_(in_small_letters(in_brackets(host))),
      names_{"localhost", "127.0.0.1", "[::1]"},
      token_(make_token()) {
  // Any address is one that was connected to; names are what an attacker can choose.
  any_address_ = host_ == "0.0.0.0" || host_ == "[::]";
  if (any_address_) host_ = in_small_letters(host_name());
  if (!host_.empty()) names_.push_back(host_);
}

std::string Door::authority() const {
  const std::string name = host_.empty() ? "127.0.0.1" : host_;
  return port_ == 0 ? name : fmt::format("{}:{}", name, port_);
}

bool Door::is_own(const std::string& authority) const {
  const std::string given = in_small_letters(authority);
  const std::size_t colon = given.find(':', given.starts_with('[') ? std::min(given.find(']'), given.size()) : 0);
  const std::string name = given.substr(0, colon);
  const std::string port = colon == std::string::npos ? "80" : given.substr(colon + 1);
  const bool digits = !port.empty() && port.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || (port_ != 0 && port != std::to_string(port_))) return false;
  return std::find(names_.begin(), names_.end(), name) != names_.end() || (any_address_ && is_address(name));
}

std::optional<HttpAnswer> Door::refuses(const HttpRequest& request) const {
  const std::string host = request.header("host");
  if (!is_own(host))
    return json_error(403, port_ == 0
                               ? "the Host of this request is not this server; use localhost"
                               : fmt::format("the Host of this request is not this server; open it as {0}, and a "
                                             "tunnel with the same port: ssh -L {1}:localhost:{1}",
                                             authority(), port_));
  const std::string origin = request.header("origin");
  if (request.headers.contains("origin") && in_small_letters(origin) != "http://" + in_small_letters(host))
    return json_error(403, "this request comes from another page");
  const std::string site = request.header("sec-fetch-site");
  // A link that was clicked is a page of anywhere opening this one, which shows nothing without the token.
  const bool opens_page = request.method == "GET" && request.path == "/";
  if (!site.empty() && site != "same-origin" && site != "none" && !opens_page)
    return json_error(403, "this request comes from another page");
  return std::nullopt;
}

bool Door::knows_token(const HttpRequest& request) const {
  return same_in_constant_time(request.header(token_header), token_);
}

void add_guards(HttpAnswer& answer) {
  answer.headers.insert(
      answer.headers.end(),
      {{"Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri "
        "'none'; form-action 'none'; frame-ancestors 'none'"},
       {"X-Content-Type-Options", "nosniff"},
       {"X-Frame-Options", "DENY"},
       {"Referrer-Policy", "no-referrer"},
       {"Cross-Origin-Opener-Policy", "same-origin"},
       {"Cross-Origin-Resource-Policy", "same-origin"},
       {"Cache-Control", "no-store"}});
}

HttpAnswer json_error(int status, const std::string& message) {
  return {status, "application/json", Json::object({{"error", message}}).text() + '\n'};
}

}  // namespace shoal
