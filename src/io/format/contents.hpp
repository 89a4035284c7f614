#pragma once

// What an HDF5 file holds, as far as shoal reads HDF5: groups, contiguous arrays of plain numbers, texts of fixed
// length, attributes of the root. Parsed here and not by the HDF5 library, which was not made for files that want to
// harm: whatever is met lies inside the file, apart from all else, and is of a known version and size.
// Source: HDF5 File Format Specification 3.0, https://docs.hdfgroup.org/hdf5/develop/_f_m_t3.html

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/format/attributes.hpp"
#include "io/format/source.hpp"

namespace shoal::h5 {

struct Member {
  enum class Kind { group, array, text, other };
  Kind kind = Kind::other;

  // Of an array or text: row-major, elements [offset, offset + bytes) of the file.
  ElementType type = ElementType::uint8;
  std::vector<std::int64_t> shape;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;

  // Why it cannot be read, and what to do about it; empty when it can.
  std::string refusal;
  std::string remedy;
};

struct Contents {
  std::map<std::string, Member> members;                       ///< by path, such as "train/x"; "" is the root
  std::map<std::string, std::optional<Attribute>> attributes;  ///< of the root, see read_attributes()
};

/// Walks the whole file. Links are not followed: they and whatever else is Foreign are members with a refusal.
/// @throws Failure for a file that is damaged or made to harm, Foreign for one of another kind as a whole
Contents read_contents(Source& source, VariableTexts variable_texts);

}  // namespace shoal::h5
