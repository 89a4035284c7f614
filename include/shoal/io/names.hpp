#pragma once

// Lists of names in a file, such as those of classes and columns: an attribute of the root where HDF5 has room for it
// (64,000 bytes), else an array of bytes in the root that is called the same, every name followed by a byte 0.

#include <optional>
#include <string>
#include <vector>

#include "shoal/io/archive.hpp"
#include "shoal/io/h5_file.hpp"

namespace shoal {

/// An empty list is none. @param names  without the byte 0
void write_names(H5Writer& writer, const std::string& list, const std::vector<std::string>& names);
/// In place of the list of that name, if there is one.
void put_names(Archive& archive, const std::string& list, const std::vector<std::string>& names);

/// Nothing where there is no such list. @throws Error(bad_data) for one in both places, or whose last name is cut short
std::optional<std::vector<std::string>> read_names(const H5Reader& reader, const std::string& list);
std::optional<std::vector<std::string>> read_names(const Archive& archive, const std::string& list);

}  // namespace shoal
