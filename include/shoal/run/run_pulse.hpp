#pragma once

#include <string>

#include "shoal/io/ownership/standstill.hpp"
#include "shoal/run/run_paths.hpp"

namespace shoal {

/// Who owns a run now, by its lock: different for every process that ever does; empty when nobody does.
std::string run_owner(const std::string& run);

/// Whether a run waits since somebody has asked it to. under_way: whether there is a process that may
bool is_paused(const RunPaths& run, bool under_way);

/// Signs of life of the process that owns a run, maybe on another host: not its clock counts, but whether it counts on.
class RunPulse {
 public:
  explicit RunPulse(std::string run);

  const std::string& owner() const { return owner_; }
  /// Looks. False once the owner has ended, was replaced, or has shown no sign of life for 30 s of looking.
  bool beats();
  /// The same of whoever owns the run by then: another process may have gone on with it.
  bool anyone_beats();

 private:
  std::string run_;
  std::string owner_;
  Standstill still_;
};

}  // namespace shoal
