#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "shoal/show/serve.hpp"
#include "show/serve/door.hpp"
#include "show/serve/http_exchange.hpp"
#include "show/serve/run_list.hpp"

namespace shoal {

/// What the server answers. Many threads may ask at once.
///
///   GET  /                                    the page, with its script and style
///   GET  /api/runs?version=V                  what is new in the list: see RunList
///   GET  /api/run?name=NAME&from=MARK         what is new of a run or sweep: see run_news(); and "summary", as in the
///   list POST /api/nudge  {"name", "settings": ["KEY=VALUE"], "at_step"}    waits for the run's answer POST /api/stop
///   {"name"}                 the same: the run saves and ends
///
/// An error is {"error": message} with a status of 400 or more.
class Service {
 public:
  Service(const ServeOptions& options, Door door, std::function<bool()> stopped);

  HttpAnswer answer(const HttpRequest& request);

 private:
  HttpAnswer route(const HttpRequest& request);
  HttpAnswer ask_api(const HttpRequest& request);
  HttpAnswer change(const HttpRequest& request);

  Door door_;
  std::string folder_;
  bool read_only_;
  std::function<bool()> stopped_;
  RunList list_;
  std::atomic<int> waiting_ = 0;  // for the answer of a run
};

}  // namespace shoal
