#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/format/object.hpp"

namespace shoal::h5 {

struct Link {
  enum class Kind { hard, soft, elsewhere };
  std::string name;
  Kind kind = Kind::hard;
  std::uint64_t address = no_address;  ///< of an object's header, for a hard link
};

bool is_group(const Object& object);

/// The members of a group, which is kept as a table of symbols (by HDF5's default) or as link messages, in the file's
/// order. @throws Foreign when they are kept in a heap, Failure
std::vector<Link> read_links(Source& source, const Object& group);

}  // namespace shoal::h5
