#include "shoal/tensor/buffer.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace shoal {
namespace {

constexpr std::size_t alignment = 64;

std::size_t shift_elements() {
  static const std::size_t shift = [] {
    const char* text = std::getenv("SHOAL_MEMORY_SHIFT");
    return text == nullptr ? std::size_t{0} : static_cast<std::size_t>(std::strtoul(text, nullptr, 10));
  }();
  return shift;
}

}  // namespace

template <class T>
Buffer<T>::Buffer(std::int64_t size) : size_(size) {
  const std::size_t shift = shift_elements() * sizeof(T);
  const std::size_t bytes = static_cast<std::size_t>(size) * sizeof(T) + shift;
  void* memory = std::aligned_alloc(alignment, std::max(alignment, (bytes + alignment - 1) / alignment * alignment));
  if (memory == nullptr) throw std::bad_alloc();
  memory_.reset(memory);
  start_ = reinterpret_cast<T*>(static_cast<std::byte*>(memory) + shift);
  std::memset(start_, 0, static_cast<std::size_t>(size) * sizeof(T));
}

template <class T>
void Buffer<T>::Free::operator()(void* memory) const {
  std::free(memory);
}

template class Buffer<float>;
template class Buffer<double>;

}  // namespace shoal
