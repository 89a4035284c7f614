#include "io/image_reader.hpp"

#include <algorithm>
#include <cstring>

#include "io/failure.hpp"
#include "io/format/contents.hpp"

namespace shoal::h5 {
namespace {

Contents contents_of_image(std::span<const std::byte> bytes) try {
  Source source(bytes.size(), [bytes](std::uint64_t offset, std::span<std::byte> to) {
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), to.size(), to.begin());
  });
  Contents contents = read_contents(source, VariableTexts::refused);
  if (source.base() != 0) throw Failure("the image does not begin with HDF5's own mark");
  return contents;
} catch (const Foreign& foreign) {
  throw Failure(std::string("its image ") + foreign.what());
}

}  // namespace

Image read_image(std::span<const std::byte> bytes) {
  Contents contents = contents_of_image(bytes);
  Image image;
  for (auto& [path, member] : contents.members) {
    if (!member.refusal.empty()) throw Failure(path + " " + member.refusal);
    const std::span data = bytes.subspan(member.offset, member.bytes);
    if (member.kind == Member::Kind::array) {
      image.arrays.emplace(path, ArrayView{member.type, std::move(member.shape), data});
    } else if (member.kind == Member::Kind::text) {
      std::string text(reinterpret_cast<const char*>(data.data()), data.size());
      text.erase(std::min(text.find('\0'), text.size()));
      image.texts.emplace(path, std::move(text));
    }
  }
  for (auto& [name, value] : contents.attributes) {
    if (!value) throw Failure("the attribute " + name + " is of a type that a checkpoint does not hold");
    image.attributes.emplace(name, *std::move(value));
  }
  return image;
}

}  // namespace shoal::h5
