// Runs a target on inputs that are kept: files, or folders of files. With --grow N also on N variations of each, so
// that the test says something without clang: bytes changed, cut and doubled.
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <set>
#include <string_view>
#include <vector>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes varied(Bytes bytes, std::mt19937& generator) {
  for (std::uint32_t changes = 1 + generator() % 4; changes > 0 && !bytes.empty(); --changes) {
    const auto at = static_cast<std::ptrdiff_t>(generator() % bytes.size());
    switch (generator() % 4) {
      case 0: bytes[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(generator()); break;
      case 1: bytes[static_cast<std::size_t>(at)] ^= static_cast<std::uint8_t>(1U << (generator() % 8)); break;
      case 2: bytes.resize(static_cast<std::size_t>(at)); break;
      default: {
        const Bytes part(bytes.begin() + at, bytes.begin() + std::min<std::ptrdiff_t>(at + 16, std::ssize(bytes)));
        bytes.insert(bytes.begin() + at, part.begin(), part.end());
      }
    }
  }
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  int variations = 0;
  std::set<std::filesystem::path> files;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--grow" && i + 1 < argc) {
      const std::string_view number = argv[++i];
      std::from_chars(number.data(), number.data() + number.size(), variations);
    } else if (std::filesystem::is_directory(argv[i])) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i]))
        if (entry.is_regular_file()) files.insert(entry.path());
    } else {
      files.insert(argv[i]);
    }
  }
  std::size_t runs = 0;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
      std::cerr << "cannot read " << file << '\n';
      return 1;
    }
    const Bytes bytes(std::istreambuf_iterator<char>(in), {});
    std::mt19937 generator(1);
    for (int v = 0; v <= variations; ++v, ++runs) {
      const Bytes input = v == 0 ? bytes : varied(bytes, generator);
      LLVMFuzzerTestOneInput(input.data(), input.size());
    }
  }
  std::filesystem::remove(shoal::fuzz::output_path());
  std::cout << runs << " inputs from " << files.size() << " files\n";
  return files.empty() ? 1 : 0;
}
