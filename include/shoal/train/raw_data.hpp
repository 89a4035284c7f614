#pragma once

// Files as a user has them, for a model that is there: turned into a data set on the way, of which nothing stays.

#include <functional>
#include <string>
#include <vector>

#include "shoal/comm/communicator.hpp"
#include "shoal/data/data_kind.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/infer/checkpoint.hpp"

namespace shoal {

struct RawFiles {
  std::vector<std::string> paths;  ///< at least one; several of CSV or HDF5 are joined along the rows
  DataKind kind = DataKind::csv;
  std::vector<std::string> x = {};  ///< of HDF5 and netCDF: paths of the arrays
  std::string y = {};  ///< a path there, the file of labels beside NumPy and IDX, or columns of CSV; empty: none said
};

struct RawData {
  Dataset data;  ///< called by the name of the file, in messages
  std::string split;
};
/// Collective. Rank 0 reads the files; what it makes of it goes to the other hosts, into their temporary folders.
/// Columns of CSV are found by the names that the model knows, with its types; classes are the model's.
/// @param labels  whether y is read; else there is none
/// @throws SharedError  no_input, bad_data, input_output; usage: paths or columns that such files do not have, several
///         files of a kind that is not joined
RawData open_raw(const RawFiles& raw, const DataDescription& trained, bool labels, Communicator& comm);

/// Collective. Gives the file of rank 0 to all hosts that do not see it: a rank of each writes a copy into its folder
/// for temporary files. @returns where this rank finds it  @throws SharedError(input_output)
/// @param sees  whether a rank does
std::string spread_file(const std::string& path, Communicator& comm,
                        const std::function<bool(const std::string& path)>& sees);

}  // namespace shoal
