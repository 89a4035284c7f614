#pragma once

#include <set>
#include <string>

namespace shoal {

/// C99 of functions that exported files are made of, `static` each, on the numbers of one sample: values are
/// (positions, channels) row-major. Every one does what shoal's own does on a row, operation by operation. In an order
/// in which each stands behind those that it calls.
/// @param wanted  names: "dense", "conv", ...; what they call comes along
std::string c_functions(std::set<std::string> wanted);

}  // namespace shoal
