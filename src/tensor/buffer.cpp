#include "shoal/tensor/buffer.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <system_error>

#include "shoal/core/error.hpp"
#include "shoal/tensor/parallel.hpp"

namespace shoal {
namespace {

constexpr std::size_t line_bytes = 64;
constexpr std::size_t huge_page_bytes = std::size_t{1} << 21;
constexpr std::int64_t most_shift = 1024;  // numbers

}  // namespace

std::int64_t memory_shift() {
  static const std::int64_t shift = [] {
    const char* value = std::getenv("SHOAL_MEMORY_SHIFT");
    const std::string_view text = value == nullptr || *value == '\0' ? "0" : value;
    std::int64_t number = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < 0 || number > most_shift)
      throw Error(ExitStatus::usage, "SHOAL_MEMORY_SHIFT=" + std::string(text) + " is none of its values; use 0 to " +
                                         std::to_string(most_shift));
    return number;
  }();
  return shift;
}

template <class T>
Buffer<T>::Buffer(std::int64_t size) : size_(size) {
  const std::size_t shift = static_cast<std::size_t>(memory_shift()) * sizeof(T);
  const std::size_t bytes = static_cast<std::size_t>(size) * sizeof(T);
  const bool large = bytes >= 4 * huge_page_bytes;
  const std::size_t alignment = large ? huge_page_bytes : line_bytes;
  const std::size_t whole = std::max(alignment, (bytes + shift + alignment - 1) / alignment * alignment);
  void* memory = std::aligned_alloc(alignment, whole);
  if (memory == nullptr) throw std::bad_alloc();
  memory_.reset(memory);
  start_ = reinterpret_cast<T*>(static_cast<std::byte*>(memory) + shift);
  if (!large) {
    std::memset(start_, 0, bytes);
    return;
  }
  // Fewer page-table walks where the system grants huge pages. A page lies near the thread that touches it first: the
  // threads touch what parallel_for will hand to them.
  madvise(memory, whole, MADV_HUGEPAGE);
  const auto pages = static_cast<std::int64_t>(whole / huge_page_bytes);
  parallel_for(pages, [&](std::int64_t page) {
    std::memset(static_cast<std::byte*>(memory) + static_cast<std::size_t>(page) * huge_page_bytes, 0, huge_page_bytes);
  });
}

template <class T>
void Buffer<T>::Free::operator()(void* memory) const {
  std::free(memory);
}

template class Buffer<float>;
template class Buffer<double>;

}  // namespace shoal
