#pragma once

#include <cstddef>

#include "shoal/io/archive.hpp"

namespace shoal::h5 {

/// Makes `bytes` the image of an archive behind `front` bytes of any content. The image is a function of the archive's
/// content alone. @throws Failure
void write_image(const Archive& archive, std::size_t front, FileBytes& bytes);

}  // namespace shoal::h5
