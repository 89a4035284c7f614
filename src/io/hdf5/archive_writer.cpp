#include <fmt/format.h>

#include <cstring>

#include "io/checkpoint_header.hpp"
#include "io/failure.hpp"
#include "io/hdf5/h5.hpp"
#include "io/hdf5/image_writer.hpp"
#include "io/image_reader.hpp"
#include "shoal/core/error.hpp"
#include "shoal/io/archive.hpp"

namespace shoal {
namespace {

/// An image that cannot be read back would be found when it is needed most.
void compare_with(const Archive& archive, std::span<const std::byte> bytes) {
  const h5::Image image = h5::read_image(bytes);
  for (const NamedArray& written : archive.arrays) {
    const auto found = image.arrays.find(written.path);
    if (found == image.arrays.end()) throw h5::Failure(written.path + " did not read back");
    const h5::ArrayView& read = found->second;
    const bool same = written.type == read.type && written.shape == read.shape &&
                      written.data.size() == read.data.size() &&
                      (read.data.empty() || std::memcmp(written.data.data(), read.data.data(), read.data.size()) == 0);
    if (!same) throw h5::Failure(written.path + " did not read back as written");
  }
  if (image.arrays.size() != archive.arrays.size()) throw h5::Failure("the image has arrays that were not written");
  if (image.texts != archive.texts) throw h5::Failure("the texts did not read back as written");
  if (image.attributes != archive.attributes) throw h5::Failure("the attributes did not read back as written");
}

}  // namespace

void encode(const Archive& archive, std::uint64_t step, FileBytes& bytes) try {
  const h5::Turn turn;
  h5::write_image(archive, checkpoint_header_bytes, bytes);
  compare_with(archive, std::span(bytes).subspan(checkpoint_header_bytes));
  write_checkpoint_header(bytes, step);
} catch (const h5::Failure& failure) {
  throw Error(ExitStatus::internal, fmt::format("cannot build a checkpoint: {}", failure.what()));
}

std::vector<std::byte> encode(const Archive& archive, std::uint64_t step) {
  FileBytes bytes;
  encode(archive, step, bytes);
  return {bytes.begin(), bytes.end()};
}

}  // namespace shoal
