#pragma once

#include <cstddef>
#include <new>
#include <utility>
#include <vector>

namespace shoal {

/// What memory and file must be aligned to where bytes go to the disk without a copy in the page cache: the largest
/// that file systems on Linux commonly ask for. Where one asks for more, there is a copy.
inline constexpr std::size_t direct_alignment = 4096;

/// Memory of that alignment. New elements are not set to zero: whoever makes them writes them.
template <class T>
struct DirectAllocator {
  using value_type = T;
  T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new (count * sizeof(T), std::align_val_t{direct_alignment}));
  }
  void deallocate(T* memory, std::size_t) noexcept { ::operator delete (memory, std::align_val_t{direct_alignment}); }
  template <class U>
  void construct(U* place) noexcept {
    ::new (static_cast<void*>(place)) U;
  }
  template <class U, class... Values>
  void construct(U* place, Values&&... values) {
    ::new (static_cast<void*>(place)) U(std::forward<Values>(values)...);
  }
  bool operator==(const DirectAllocator&) const = default;
};

/// The bytes of a large file that is made in memory. write_atomically() and its like take them straight to the disk.
using FileBytes = std::vector<std::byte, DirectAllocator<std::byte>>;

}  // namespace shoal
