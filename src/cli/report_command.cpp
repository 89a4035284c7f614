#include "cli/commands.hpp"
#include "shoal/show/report.hpp"

namespace shoal {

ExitStatus execute(const ReportRequest& request, Communicator& world) {
  write_report(request, world);
  return ExitStatus::done;
}

}  // namespace shoal
