#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace shoal {

struct HttpRequest {
  std::string method;
  std::string path;                            ///< without the query; %-escapes decoded
  std::map<std::string, std::string> query;    ///< of a name given twice, the first
  std::map<std::string, std::string> headers;  ///< by their names in small letters
  std::string body;

  /// Empty where there is none.
  std::string header(const std::string& name) const;
  std::string parameter(const std::string& name) const;
};

struct HttpAnswer {
  int status = 200;
  std::string type;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};
};

using HttpHandler = std::function<HttpAnswer(const HttpRequest&)>;

std::string in_small_letters(std::string text);

/// What comes back, as bytes, for a request that is there as a whole: see RequestBuffer. Reads and writes no socket.
/// Many threads may call it at once.
/// @param close  whether the connection ends with it: then the answer says so
std::string exchange(const std::string& head, std::string body, bool close, const HttpHandler& handler);

}  // namespace shoal
