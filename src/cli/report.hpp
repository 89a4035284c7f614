#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "shoal/comm/communicator.hpp"

namespace shoal {

/// Runs a program's body and turns what it throws into one line on standard error and an exit status.
///   SharedError     every rank is here: rank 0 prints, all return the status
///   another error   this rank alone has it, and prints its number and step: with other ranks the job is aborted, for
///                   they may wait for this one
int report_errors(const Communicator& world, const std::function<int()>& body);

/// The text on one line: line breaks become spaces.
std::string one_line(std::string_view text);

/// To be called first in main(): a full disk, a file size limit or a closed pipe must be an error, not the end by a
/// signal; and a file that is opened must not get the number of a standard stream that was closed. What ends by
/// std::terminate says what and where, and ends with ExitStatus::internal. A signal that ends the process, while
/// nothing else is made of it, removes what the process was writing.
void prepare_process();

}  // namespace shoal
