#include "cli/inspect.hpp"

#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/io/archive.hpp"
#include "shoal/run/checkpoint_path.hpp"

namespace shoal {

std::string inspect(const std::string& path, bool json) {
  const std::string file = checkpoint_file(path);
  return looks_like_checkpoint(file) ? inspect_checkpoint(file, json) : inspect_dataset(file, json);
}

ExitStatus execute(const PrintRequest& request, Communicator& world) {
  if (world.rank() == 0) print(request.text);
  return request.status;
}

ExitStatus execute(const InspectRequest& request, Communicator& world) {
  run_together(world, [&] {
    if (world.rank() == 0) print(inspect(request.file, request.json));
  });
  return ExitStatus::done;
}

}  // namespace shoal
