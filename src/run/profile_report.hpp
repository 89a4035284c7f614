#pragma once

#include <cstdint>
#include <string>

#include "shoal/comm/communicator.hpp"
#include "shoal/core/profile.hpp"

namespace shoal {

/// What `shoal train --profile` prints of one rank: a line per operation with its share of the steps' time, GFLOP/s,
/// share of peak and bytes sent; then what the reader did beside them.
/// @param peak_gflops  of all threads of the rank together
std::string profile_table(const Profile& profile, double peak_gflops, int threads);

/// Events of one rank as members of a JSON array in Chrome's trace event format, without the brackets.
/// Source: "Trace Event Format", complete events (ph = X), times in microseconds.
std::string trace_events(const Profile& profile, int rank);

/// Profiles a run from construction on.
class Profiler {
 public:
  /// Collective. Measures the peak of all threads. trace_path: a Chrome trace of all ranks to be written, or empty.
  Profiler(Communicator& comm, std::string trace_path);
  /// Collective. Prints the table of rank 0 to standard output, and writes the trace. @throws Error (input_output)
  void finish();

 private:
  Communicator& comm_;
  std::string trace_path_;
  double peak_gflops_ = 0.0;
};

}  // namespace shoal
