#pragma once

// Arrays of numbers in a user's own HDF5 or netCDF-4 file, of any layout that the HDF5 library reads. For import alone:
// the library was not made for files that want to harm (see h5_file.hpp for those).

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shoal/io/element_type.hpp"

namespace shoal {

/// What a file says of an array.
struct H5ArrayInfo {
  ElementType type = ElementType::float32;  ///< of what is read: float16 becomes float32, booleans uint8
  std::vector<std::int64_t> shape;          ///< at least one dimension
  /// By the conventions of netCDF: `_FillValue`, `missing_value` (values of `type`, one behind the other), the value
  /// that netCDF writes where nothing was written, and `valid_min`, `valid_max`, `valid_range`.
  std::vector<std::byte> missing = {};
  std::optional<double> least = {};
  std::optional<double> greatest = {};
  /// What was stored stands for scale * stored + offset (`scale_factor`, `add_offset`); nothing: for itself.
  struct Packing {
    double scale = 1.0;
    double offset = 0.0;
  };
  std::optional<Packing> packing = {};

  std::int64_t rows() const { return shape[0]; }
  std::int64_t row_elements() const;
  bool has_missing() const { return !missing.empty() || least || greatest; }
};

/// An array open for reading. Chunks are read whole, in their order; deflate, shuffle and fletcher32 are undone on all
/// cores, other filters by the library. Move-only, for one thread.
class H5Array {
 public:
  /// Soft links within the file are followed. @throws Error(no_input) for no such file, Error(bad_data) for what is no
  ///         HDF5 or damaged, for no such array, one of texts, records or references, in another file, without rows
  /// @param block_bytes  about as many are read together
  H5Array(const std::filesystem::path& file, const std::string& array,
          std::int64_t block_bytes = std::int64_t{1} << 25);
  H5Array(H5Array&&) noexcept;
  H5Array& operator=(H5Array&&) noexcept;
  ~H5Array();

  const H5ArrayInfo& info() const;

  /// Rows that are read together: whole chunks, unless those of one row take more than 128 MiB.
  struct Block {
    std::int64_t first = 0;
    std::int64_t rows = 0;
    std::span<const std::byte> bytes;  ///< elements of info().type, row-major
  };
  /// The block that `row` is in, kept until a row of another one is asked for: who asks for rising rows reads each
  /// block once. @throws Error(bad_data) for damaged data
  const Block& block(std::int64_t row);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shoal
