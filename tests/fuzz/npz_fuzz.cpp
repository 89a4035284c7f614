// An archive, of which the array is asked for that the first byte numbers, or the only one.
#include <filesystem>
#include <string>

#include "fuzz.hpp"
#include "shoal/data/import.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const shoal::fuzz::InputAsFile archive({data + 1, size - 1});
  const std::string link = shoal::fuzz::output_path() + ".npz";  // told by its name
  std::filesystem::remove(link);
  std::filesystem::create_symlink(archive.path(), link);
  const std::string x = data[0] == 0 ? link : link + ":" + static_cast<char>('a' + data[0] % 4);
  return shoal::fuzz::read([&] { shoal::import_npy({.x = x}, shoal::fuzz::output_path()); });
}
