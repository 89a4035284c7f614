#pragma once

// Arrays of numbers in a user's own HDF5 or netCDF-4 file, of any layout that the HDF5 library reads. For import alone:
// the library was not made for files that want to harm (see h5_file.hpp for those).

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "shoal/io/stored_array.hpp"

namespace shoal {

/// An array open for reading. Chunks are read whole, in their order; deflate, shuffle and fletcher32 are undone on all
/// cores, other filters by the library. For one thread.
class H5Array final : public ArrayReader {
 public:
  /// Soft links within the file are followed. @throws Error(no_input) for no such file, Error(bad_data) for what is no
  ///         HDF5 or damaged, for no such array, one of texts, records or references, in another file, without rows
  /// @param block_bytes  about as many are read together
  H5Array(const std::filesystem::path& file, const std::string& array,
          std::int64_t block_bytes = std::int64_t{1} << 25);
  ~H5Array() override;

  const StoredArray& info() const override;

  /// Whole chunks, unless those of one row take more than 128 MiB.
  const ArrayBlock& block(std::int64_t row) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shoal
