#pragma once

// Files as a user has them, for a model that is there: turned into a data set on the way, of which nothing stays.

#include <functional>
#include <string>

#include "shoal/comm/communicator.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/infer/checkpoint.hpp"

namespace shoal {

enum class DataKind { data_set, csv, libsvm, npy, idx, images };

/// What a file is by its first bytes; a folder holds images, and "-" is CSV on standard input.
/// @throws Error(no_input)
DataKind kind_of_data(const std::string& path);

struct RawData {
  Dataset data;  ///< called by the name of the file, in messages
  std::string split;
};
/// Collective. Rank 0 reads the file; what it makes of it goes to the other hosts, into their temporary folders.
/// Columns of CSV are found by the names that the model knows, with its types.
/// @param labels  whether y is read; else there is none
/// @throws SharedError  no_input, bad_data, input_output; usage: a file of this kind has no labels
RawData open_raw(const std::string& path, DataKind kind, const DataDescription& trained, bool labels,
                 Communicator& comm);

/// Collective. Gives the file of rank 0 to all hosts that do not see it: a rank of each writes a copy into its folder
/// for temporary files. @returns where this rank finds it  @throws SharedError(input_output)
/// @param sees  whether a rank does
std::string spread_file(const std::string& path, Communicator& comm,
                        const std::function<bool(const std::string& path)>& sees);

}  // namespace shoal
