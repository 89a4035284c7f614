#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace shoal {

/// By how many elements the start of every array is moved, to show that results do not depend on where memory lies: the
/// environment variable SHOAL_MEMORY_SHIFT, else 0.
std::int64_t memory_shift();

/// Zero-filled memory that starts on a 64-byte boundary, moved by memory_shift(). Move-only.
template <class T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::int64_t size);

  T* data() { return start_; }
  const T* data() const { return start_; }
  std::int64_t size() const { return size_; }
  std::span<T> span() { return {start_, static_cast<std::size_t>(size_)}; }
  std::span<const T> span() const { return {start_, static_cast<std::size_t>(size_)}; }

 private:
  struct Free {
    void operator()(void* memory) const;
  };
  std::unique_ptr<void, Free> memory_;
  T* start_ = nullptr;
  std::int64_t size_ = 0;
};

extern template class Buffer<float>;
extern template class Buffer<double>;

}  // namespace shoal
