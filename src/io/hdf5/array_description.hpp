#pragma once

#include <string>
#include <vector>

#include "io/hdf5/chunk_filters.hpp"
#include "io/hdf5/h5.hpp"
#include "shoal/io/h5_array.hpp"

namespace shoal::h5 {

/// How numbers lie in a file, where that is one of the forms that are read without the library's conversion.
struct StoredForm {
  std::size_t bytes = 0;  ///< of an element; 0: only the library can read it
  bool swapped = false;   ///< big endian
  bool half = false;      ///< float16
};

/// Chunks whose filters are known.
struct Chunking {
  std::vector<std::int64_t> shape;  ///< empty: not chunked, or only the library can read it
  std::vector<ChunkFilter> filters;
};

/// Opens an array, by soft links within the file as well. @throws Failure or Foreign for none, or what has no numbers
Handle open_array(hid_t file, const std::string& path);
StoredForm stored_form(hid_t array);
/// @throws Foreign  for an array of no numbers, a scalar, other files behind it
H5ArrayInfo describe(hid_t file, hid_t array);
Chunking chunking_of(hid_t array, const H5ArrayInfo& info);

}  // namespace shoal::h5
