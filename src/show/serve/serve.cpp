#include "shoal/show/serve.hpp"

#include <fmt/format.h>

#include "show/serve/connections.hpp"
#include "show/serve/door.hpp"
#include "show/serve/listener.hpp"
#include "show/serve/service.hpp"

namespace shoal {

void serve(const ServeOptions& options, const std::function<void(const ServedAt&)>& started,
           const std::function<bool()>& stopped) {
  const bool by_file = !options.socket.empty();
  const Listener listener = by_file
                                ? Listener::on_socket(options.socket)
                                : Listener::on_port(options.host.empty() ? "127.0.0.1" : options.host, options.port);
  const Door door(listener.port(), options.host);
  Service service(options, door, stopped);
  const std::string link = by_file ? fmt::format("http://localhost:{}/#{}", Listener::usual_port, door.token())
                                   : fmt::format("http://{}/#{}", door.authority(), door.token());
  started({link, listener.port(), listener.is_loopback()});
  serve_connections(
      listener.descriptor(), {}, [&](const HttpRequest& request) { return service.answer(request); }, stopped);
}

}  // namespace shoal
