// A checkpoint, with all that resuming and inspecting read of it. Inputs that do not begin like one are images: they
// get a header that says the truth, as whoever wants to harm would give them, or no input would come past the hash.
#include <cstring>

#include "fuzz.hpp"
#include "io/checkpoint_header.hpp"
#include "shoal/train/nudges.hpp"
#include "train/checkpoint.hpp"

namespace {

std::vector<std::uint8_t> sealed(std::span<const std::uint8_t> image) {
  std::vector<std::uint8_t> bytes(shoal::checkpoint_header_bytes);
  bytes.insert(bytes.end(), image.begin(), image.end());
  shoal::write_checkpoint_header(std::as_writable_bytes(std::span(bytes)), 1);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr char begin[] = {'S', 'H', 'O', 'A', 'L'};
  const bool is_whole = size >= sizeof begin && std::memcmp(data, begin, sizeof begin) == 0;
  const std::span<const std::uint8_t> input(data, size);
  const std::vector<std::uint8_t> bytes = is_whole ? std::vector(input.begin(), input.end()) : sealed(input);
  const shoal::fuzz::InputAsFile file(bytes);
  return shoal::fuzz::read([&] {
    const shoal::Archive archive = shoal::parse_checkpoint(shoal::read_checkpoint(file.path()), "c.h5");
    shoal::read_progress(archive);
    shoal::read_description(archive);
    shoal::read_normalization(archive);
    shoal::read_model(archive);
    shoal::digest(archive);
    shoal::NudgeJournal::parse(archive.text("journal"), "the journal");
  });
}
