#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace shoal {

struct ServeOptions {
  std::string folder;
  std::string host;        ///< name or address to listen on; empty: 127.0.0.1
  std::int64_t port = 0;   ///< 0: the first that is free of those usual here
  std::string socket;      ///< path of a Unix socket, in place of host and port
  bool read_only = false;  ///< no nudge, and no stop
};

/// Where the server can be reached.
struct ServedAt {
  std::string link;  ///< http://127.0.0.1:8765/#TOKEN; of a Unix socket, what a tunnel makes of it at port 8765
  int port = 0;      ///< 0 of a Unix socket
  bool of_this_host_alone = true;
};

/// A page of the runs and sweeps below a folder, as they get on, and nudges for them. Reads files alone, so any host of
/// the file system will do; what it writes are the requests that nudge_run() and ask_run() write. Only who has the
/// link can ask for anything: see the README of src/.
/// @param started  called when it listens
/// @param stopped  asked several times a second; once true, it ends
/// @throws Error  no_input: no such folder; usage: a port or socket that cannot be taken
void serve(const ServeOptions& options, const std::function<void(const ServedAt&)>& started,
           const std::function<bool()>& stopped);

}  // namespace shoal
