#pragma once

#include <string>

namespace shoal {

enum class DataKind { data_set, csv, libsvm, npy, idx, images, hdf5 };

/// What a file is by its first bytes, unpacked where it is a gzip or zstd file; FILE.npz:NAME is an array. A folder
/// holds images, as does a file with the name of one that is nothing else, so that it is refused as one; "-" is CSV on
/// standard input, and what is HDF5 or a checkpoint counts as a data set.
/// @throws Error(no_input)
DataKind kind_of_data(const std::string& path);

}  // namespace shoal
