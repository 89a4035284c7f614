#include "io/hdf5/image_memory.hpp"

#include <exception>

namespace shoal::h5 {
namespace {

using Operation = H5FD_file_image_op_t;

void* same(void* object) { return object; }
herr_t keep(void*) { return 0; }
herr_t keep_image(void*, Operation, void*) { return 0; }

void* leave(void* to, const void*, std::size_t, Operation, void*) { return to; }
void* grow_from_nothing(std::size_t bytes, Operation, void* memory) {
  return static_cast<ImageMemory*>(memory)->resize(bytes);
}
void* grow(void*, std::size_t bytes, Operation, void* memory) {
  return static_cast<ImageMemory*>(memory)->resize(bytes);
}

}  // namespace

Handle ImageMemory::writing_access(std::size_t increment) {
  Handle access = file_access();
  check_status(H5Pset_fapl_core(access, increment, 0), "make an image");
  H5FD_file_image_callbacks_t calls{grow_from_nothing, leave, grow, keep_image, same, keep, this};
  check_status(H5Pset_file_image_callbacks(access, &calls), "make an image");
  return access;
}

void ImageMemory::finish(std::size_t image_bytes) {
  if (image_bytes_ < image_bytes) throw Failure("the image is smaller than its file");
  bytes_.resize(front_ + image_bytes);
}

void* ImageMemory::resize(std::size_t image_bytes) noexcept try {
  // Larger memory of an earlier image stays until finish().
  if (bytes_.size() < front_ + image_bytes) bytes_.resize(front_ + image_bytes);
  image_bytes_ = image_bytes;
  return bytes_.data() + front_;
} catch (const std::exception&) {
  return nullptr;
}

}  // namespace shoal::h5
