#pragma once

#include <string>

#include "shoal/comm/communicator.hpp"
#include "shoal/data/dataset.hpp"

namespace shoal {

/// Collective. Each rank reads the rows of its leaves by itself: what they read must be one data set. Compares content,
/// splits, rows, shapes and classes; with `split` also the name of the one that each uses.
/// @throws SharedError(bad_data)  naming what differs, the ranks and their hosts
void require_same_data(const Dataset& data, const Communicator& comm, const std::string& split = "");

/// Collective. Opens a file on every rank, and compares as above.
/// @throws SharedError  also when it cannot be opened: no_input, bad_data; names rank and host where not all fail
/// @param name  see Dataset::open()
Dataset open_together(const std::string& path, const Communicator& comm, const std::string& name = "");

}  // namespace shoal
