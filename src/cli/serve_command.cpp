#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/core/host_name.hpp"
#include "shoal/core/log.hpp"
#include "shoal/guard/stop_signal.hpp"
#include "shoal/show/serve.hpp"

namespace shoal {
namespace {

void tell(const ServeOptions& options, const ServedAt& at) {
  print(at.link + '\n');
  flush_output();
  const std::string way =
      at.port == 0 ? fmt::format("ssh -L 8765:{} {}", std::filesystem::absolute(options.socket).string(), host_name())
                   : fmt::format("ssh -L {0}:localhost:{0} {1}", at.port, host_name());
  if (at.of_this_host_alone) {
    log_info(fmt::format("{} is shown at that link{}, to nobody without it; from elsewhere: {}; Ctrl-C ends it",
                         options.folder, options.read_only ? ", read-only" : "", way));
    return;
  }
  log_warning(
      fmt::format("everybody who reaches {} may try this port; the link goes over the network as plain text, and "
                  "who reads it can change your runs; better leave out --host, and use {}",
                  options.host, way));
}

}  // namespace

ExitStatus execute(const ServeRequest& request, Communicator& world) {
  run_together(world, [&] {
    if (world.rank() != 0) return;
    static_cast<void>(::nice(10));  // training on the same cores goes first
    ServeOptions options = request.options;
    if (options.folder.empty()) options.folder = std::filesystem::is_directory("runs") ? "runs" : ".";
    const StopSignal signals;
    serve(
        options, [&](const ServedAt& at) { tell(options, at); }, [] { return StopSignal::received() != 0; });
  });
  return ExitStatus::done;
}

}  // namespace shoal
