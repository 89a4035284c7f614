#pragma once

/// What to do about a file that is Foreign.
namespace shoal::h5::remedy {

inline constexpr char contiguous[] =
    "write it contiguous and unfiltered (in h5py: create_dataset without chunks and compression)";
inline constexpr char plain_numbers[] = "write it as little-endian whole numbers, float32 or float64";
inline constexpr char default_settings[] = "write it with h5py's default settings";

}  // namespace shoal::h5::remedy
