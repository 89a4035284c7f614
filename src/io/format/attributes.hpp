#pragma once

#include <map>
#include <optional>
#include <string>

#include "io/format/object.hpp"
#include "shoal/io/element_type.hpp"

namespace shoal::h5 {

/// Whether texts may lie in a heap of the file, as h5py writes them.
enum class VariableTexts { refused, read };

/// By name; nothing for a value of a type that Attribute has not. @throws Foreign when they are kept in a heap, Failure
std::map<std::string, std::optional<Attribute>> read_attributes(Source& source, const Object& object,
                                                                VariableTexts variable_texts);

}  // namespace shoal::h5
