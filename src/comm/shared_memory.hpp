#pragma once

#include <cstddef>
#include <cstdint>

namespace shoal {

/// Memory that several processes of a host map. It has no name in any file system: nothing stays behind when all of
/// them are killed, and the size of /dev/shm, often 64 MB in containers, does not limit it. Starts as zeros, on a page.
/// Move-only.
class SharedMemory {
 public:
  /// How another process finds it while this one holds it open, and knows it: the numbers of processes may mean others
  /// there, in containers.
  struct Address {
    std::int64_t process = 0;
    std::int64_t descriptor = -1;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
  };

  SharedMemory() = default;
  /// Makes it; data() is null where the system refuses.
  static SharedMemory make(std::int64_t bytes);
  /// Maps what another process made and still holds open; data() is null where the system refuses, or where another
  /// file is found.
  static SharedMemory open(const Address& address, std::int64_t bytes);
  /// Memory of this process alone, with the same properties.
  static SharedMemory make_private(std::int64_t bytes);
  SharedMemory(SharedMemory&& other) noexcept;
  SharedMemory& operator=(SharedMemory&& other) noexcept;
  ~SharedMemory();

  std::byte* data() const { return data_; }
  Address address() const;
  /// From here on no other process can map it.
  void seal();

 private:
  SharedMemory(int descriptor, std::int64_t bytes);

  int descriptor_ = -1;
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace shoal
