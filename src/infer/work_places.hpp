#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace shoal {

/// Things of which a thread needs one for a while, as many as were made: who finds none waits. A thread looks first
/// where it looked before, so that threads which are as few as the things meet neither each other nor a lock.
template <class T>
class WorkPlaces {
  struct alignas(64) Place {
    explicit Place(std::unique_ptr<T> made) : thing(std::move(made)) {}
    std::unique_ptr<T> thing;
    std::atomic_flag taken;
  };

 public:
  void add(std::unique_ptr<T> thing) { places_.push_back(std::make_unique<Place>(std::move(thing))); }
  std::size_t size() const { return places_.size(); }

  /// Holds one until it goes.
  class Lease {
   public:
    explicit Lease(const WorkPlaces& places) : place_(places.take()) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { place_.taken.clear(std::memory_order_release); }
    T& operator*() const { return *place_.thing; }
    T* operator->() const { return place_.thing.get(); }

   private:
    Place& place_;
  };

 private:
  Place& take() const;

  std::vector<std::unique_ptr<Place>> places_;
};

/// Lets others run: longer, the more often it was in vain.
void wait_in_vain(int times);

template <class T>
typename WorkPlaces<T>::Place& WorkPlaces<T>::take() const {
  // Stacks of threads lie apart: which one this is tells where to begin, without memory of a thread's own.
  const char here = 0;
  constexpr std::uintptr_t stack = std::uintptr_t{1} << 16;
  const std::size_t first = (reinterpret_cast<std::uintptr_t>(&here) / stack * 0x9E3779B97F4A7C15U >> 32) % size();
  for (int times = 0;; ++times) {
    for (std::size_t i = 0; i < size(); ++i) {
      Place& place = *places_[(first + i) % size()];
      if (!place.taken.test_and_set(std::memory_order_acquire)) return place;
    }
    wait_in_vain(times);
  }
}

}  // namespace shoal
