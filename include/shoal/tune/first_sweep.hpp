#pragma once

#include <optional>
#include <string>

#include "shoal/core/error.hpp"

namespace shoal {

/// `shoal sweep --init`, as the command line gives it.
struct FirstSweepRequest {
  std::string data;                ///< a data set
  std::optional<std::string> out;  ///< the config to write; by default NAME-sweep.toml in the working directory
};

struct FirstSweep {
  std::string config;  ///< the file that was written
  std::string told;    ///< what was found in the data and made of it, a line each, for people
};

/// Writes the config of a first sweep over a data set, which runs as it is: what to search in which range, by rows and
/// columns, with a comment for each that says why, in the order of importance that Andrew Ng teaches (Deep Learning
/// specialisation, course 2, week 3: learning rate; momentum, batch size, units; layers, decay of the learning rate). A
/// function of the data set and the name of the file. Nothing is ever written over.
/// @throws Error  no_input, bad_data: no such data set, or one without y; usage: the data are not a data set yet, or
/// the
///                config's file is there already; input_output
FirstSweep write_first_sweep(const FirstSweepRequest& request);

}  // namespace shoal
