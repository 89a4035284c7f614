#pragma once

#include <optional>
#include <string>
#include <vector>

#include "show/serve/http_exchange.hpp"

namespace shoal {

/// Who may come in. On a login node other users reach a port of loopback as well, and a page of anybody's may be open
/// in the browser that has the link.
///
///   Host     is one that the link has: a name that somebody lets point here (DNS rebinding) is none
///   Origin   where there is one, is this server's own, and so says Sec-Fetch-Site
///   token    made at every start, in a header of its own, which no form and no other page can send; the page itself,
///            which is the same for everybody, needs none
class Door {
 public:
  /// @param port  0: of a Unix socket, which a tunnel may give any port
  /// @param host  another name or address than loopback's that was asked for; empty: none
  Door(int port, const std::string& host);

  static constexpr const char* token_header = "x-shoal-token";

  const std::string& token() const { return token_; }
  /// `HOST:PORT` of the link.
  std::string authority() const;

  /// Why not; nothing where it may come in. Of the token: see knows_token().
  std::optional<HttpAnswer> refuses(const HttpRequest& request) const;
  bool knows_token(const HttpRequest& request) const;

 private:
  bool is_own(const std::string& authority) const;

  int port_;
  std::string host_;
  std::vector<std::string> names_;
  bool any_address_ = false;
  std::string token_;
};

/// The header fields of every answer: nothing from elsewhere is loaded, nothing is kept or framed, no type is guessed.
void add_guards(HttpAnswer& answer);

HttpAnswer json_error(int status, const std::string& message);

}  // namespace shoal
