#pragma once

#include <string>
#include <vector>

#include "shoal/comm/communicator.hpp"

namespace shoal {

/// `shoal report`, as the command line gives it.
struct ReportRequest {
  std::vector<std::string> folders;  ///< runs, or one sweep
  std::string out;                   ///< HTML file to write
};

/// Collective. Writes a page of one file: a run with all its curves and how it ran, several runs over one another, or a
/// sweep. It asks for no other file and no network, and is the same to the byte as long as the folders are.
/// @throws SharedError  no_input: neither run nor sweep; usage: sweeps among several folders, or a file that must not
///                      be written over; bad_data; input_output
void write_report(const ReportRequest& request, Communicator& comm);

}  // namespace shoal
