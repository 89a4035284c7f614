// A config as text, read as from a file; what is taken must survive being written and read again.
#include <cstdlib>

#include "fuzz.hpp"
#include "shoal/config/config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return shoal::fuzz::read([&] {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const shoal::Config config = shoal::parse_config(text, "c.toml", "/");
    const std::string written = shoal::to_toml(config);
    if (shoal::to_toml(shoal::parse_config(written, "c.toml", "/")) != written) std::abort();
  });
}
