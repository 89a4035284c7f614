#pragma once

#include <memory>
#include <new>
#include <vector>

namespace shoal {

/// For a vector that resize() makes longer without a first value of what is new: it is written over.
template <class T>
struct Unset : std::allocator<T> {
  template <class U>
  void construct(U* place) noexcept {
    ::new (static_cast<void*>(place)) U;
  }
};
template <class T>
using UnsetVector = std::vector<T, Unset<T>>;

}  // namespace shoal
