#pragma once

// HDF5's core driver keeps a file in memory; here, in memory of ours, so that images are not copied on their way out.

#include <cstddef>
#include <span>

#include "io/hdf5/h5.hpp"
#include "shoal/io/file_bytes.hpp"

namespace shoal::h5 {

/// The name of an image. HDF5 looks for a file of that name before it makes one in memory; nothing can have this one.
inline constexpr const char* no_file = "/dev/null/image";

/// Memory for one image that is written, behind `front` bytes that HDF5 never sees. What `bytes` has room for is used
/// again, without the pages and zeros of new memory. Both must outlive the file.
class ImageMemory {
 public:
  ImageMemory(FileBytes& bytes, std::size_t front) : bytes_(bytes), front_(front) {}
  ImageMemory(const ImageMemory&) = delete;
  ImageMemory& operator=(const ImageMemory&) = delete;

  /// @param increment  bytes by which the image grows; too few, and it is copied again and again
  Handle writing_access(std::size_t increment);
  /// Cuts off what HDF5 took beyond the end of the file, which is closed by now. @throws Failure
  void finish(std::size_t image_bytes);

  /// For HDF5. Null when there is no memory: no exception may pass through it.
  void* resize(std::size_t image_bytes) noexcept;

 private:
  FileBytes& bytes_;
  std::size_t front_;
  std::size_t image_bytes_ = 0;
};

}  // namespace shoal::h5
