#pragma once

#include <string>
#include <vector>

#include "io/hdf5/chunk_filters.hpp"
#include "io/hdf5/h5.hpp"
#include "shoal/io/stored_array.hpp"

namespace shoal::h5 {

/// Chunks whose filters are known.
struct Chunking {
  std::vector<std::int64_t> shape;  ///< empty: not chunked, or only the library can read it
  std::vector<ChunkFilter> filters;
};

/// Opens an array, by soft links within the file as well. @throws Failure or Foreign for none, or what has no numbers
Handle open_array(hid_t file, const std::string& path);
/// Without a form where only the library can read the numbers.
StoredForm stored_form(hid_t array);
/// @throws Foreign  for an array of no numbers, a scalar, other files behind it
StoredArray describe(hid_t file, hid_t array);
Chunking chunking_of(hid_t array, const StoredArray& info);

}  // namespace shoal::h5
