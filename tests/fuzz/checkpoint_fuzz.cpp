// A checkpoint, with all that resuming and inspecting read of it.
#include "fuzz.hpp"
#include "shoal/train/nudges.hpp"
#include "train/checkpoint.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const shoal::fuzz::InputAsFile input({data, size});
  return shoal::fuzz::read([&] {
    const shoal::Archive archive = shoal::parse_checkpoint(shoal::read_checkpoint(input.path()), "c.h5");
    shoal::read_progress(archive);
    shoal::read_description(archive);
    shoal::read_normalization(archive);
    shoal::read_model(archive);
    shoal::digest(archive);
    shoal::NudgeJournal::parse(archive.text("journal"), "the journal");
  });
}
