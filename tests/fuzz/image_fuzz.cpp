// One image, by its first bytes a JPEG or PNG, laid into 9 x 7.
#include <vector>

#include "data/images/image.hpp"
#include "data/images/resize.hpp"
#include "fuzz.hpp"
#include "shoal/core/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::int64_t channels = (data[0] & 1) != 0 ? 1 : 3;
  std::vector<std::uint8_t> out(static_cast<std::size_t>(9 * 7 * channels));
  return shoal::fuzz::read([&] {
    shoal::Resizer resizer({9, 7, channels}, out);
    try {
      shoal::decode_image(std::as_bytes(std::span(data + 1, size - 1)), resizer);
    } catch (const shoal::ImageFault& fault) {
      throw shoal::Error(shoal::ExitStatus::bad_data, fault.what());
    }
  });
}
