#pragma once

#include <cassert>
#include <cstddef>
#include <span>
#include <vector>

namespace shoal {

/// Memory for the time of a call, of the type T: what the caller gave, else some that this thread keeps.
template <class T>
T* scratch_memory(std::span<std::byte> given, std::size_t elements) {
  assert(given.empty() || given.size() >= elements * sizeof(T));
  if (!given.empty()) return reinterpret_cast<T*>(given.data());
  thread_local std::vector<T> own;
  if (own.size() < elements) own.resize(elements);
  return own.data();
}

}  // namespace shoal
