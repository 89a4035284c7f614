#include "io/checkpoint_header.hpp"

#include <xxhash.h>

#include "io/support.hpp"
#include "shoal/io/archive.hpp"
#include "shoal/io/file.hpp"

namespace shoal {
namespace {

using tests::expect_error;

std::vector<std::byte> small_checkpoint() {
  Archive archive;
  archive.arrays = {make_scalar<float>("w", 1.5F)};
  return encode(archive, 42);
}

TEST(Damage, OneFlippedBitInAnyByteIsFound) {
  std::vector<std::byte> bytes = small_checkpoint();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto flip = std::byte{1} << static_cast<int>(i % 8);
    bytes[i] ^= flip;
    EXPECT_THROW(decode(bytes, "c.h5"), Error) << "byte " << i;
    bytes[i] ^= flip;
  }
  EXPECT_NO_THROW(decode(bytes, "c.h5"));
}

TEST(Damage, IsNamed) {
  std::vector<std::byte> bytes = small_checkpoint();
  const auto flipped = [&](std::size_t at) {
    std::vector<std::byte> copy = bytes;
    copy[at] ^= std::byte{4};
    return copy;
  };
  const auto bad = ExitStatus::bad_data;
  expect_error(bad, {"c.h5", "not a shoal checkpoint"}, [&] { decode(flipped(3), "c.h5"); });
  expect_error(bad, {"c.h5", "altered", "header"}, [&] { decode(flipped(40), "c.h5"); });
  expect_error(bad, {"c.h5", "altered", "header"}, [&] { decode(flipped(511), "c.h5"); });
  expect_error(bad, {"c.h5", "altered", "its hash is not the one in its header"},
               [&] { decode(flipped(bytes.size() - 1), "c.h5"); });
  expect_error(bad, {"c.h5", "altered"}, [&] { read_checkpoint_header(flipped(40), "c.h5"); });
  std::vector<std::byte> longer = bytes;
  longer.push_back(std::byte{0});
  expect_error(bad, {"c.h5", "altered", std::to_string(longer.size())}, [&] { decode(longer, "c.h5"); });
}

TEST(Damage, EveryLengthIsCutShort) {
  const std::vector<std::byte> bytes = small_checkpoint();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    expect_error(ExitStatus::bad_data, {"c.h5 is cut short: " + std::to_string(length) + " bytes of "},
                 [&] { decode(std::span(bytes).first(length), "c.h5"); });
  }
}

TEST(Damage, GarbageIsNoCheckpoint) {
  std::uint32_t state = 1;
  for (std::size_t length = 1; length < 3000; length += 7) {
    std::vector<std::byte> bytes(length);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>((state = state * 1664525U + 1013904223U) >> 24);
    bytes[0] = std::byte{0};
    expect_error(ExitStatus::bad_data, {"not a shoal checkpoint"}, [&] { decode(bytes, "c.h5"); });
  }
}

TEST(Damage, AnotherFormatVersionIsNamed) {
  std::vector<std::byte> bytes = small_checkpoint();
  bytes[8] = std::byte{9};
  std::fill_n(bytes.begin() + 48, 8, std::byte{0});
  const std::uint64_t hash = XXH3_64bits(bytes.data(), 512);
  std::memcpy(bytes.data() + 48, &hash, sizeof hash);
  expect_error(ExitStatus::bad_data, {"c.h5", "format 9", "reads 1"}, [&] { decode(bytes, "c.h5"); });
}

TEST(Header, IsWhereTheContractSaysItIs) {
  const std::vector<std::byte> bytes = small_checkpoint();
  EXPECT_EQ(std::memcmp(bytes.data(), "SHOALCKP\x01\0\0\0\0\x02\0\0", 16), 0);
  std::uint64_t image_bytes = 0;
  std::memcpy(&image_bytes, bytes.data() + 16, 8);
  EXPECT_EQ(image_bytes, bytes.size() - 512);
  EXPECT_EQ(bytes[40], std::byte{42});
  EXPECT_EQ(std::memcmp(bytes.data() + 512, "\x89HDF\r\n\x1a\n", 8), 0);
}

TEST(ReadCheckpoint, TakesNoMemoryForAFileThatIsNotWhatItsHeaderSays) {
  const tests::TemporaryFolder folder;
  const std::vector<std::byte> bytes = small_checkpoint();
  write_atomically(folder / "c.h5", bytes);
  EXPECT_EQ(read_checkpoint(folder / "c.h5"), bytes);
  std::filesystem::resize_file(folder / "c.h5", std::uint64_t{1} << 40);  // a hole: it takes no place on the disk
  expect_error(ExitStatus::bad_data, {"c.h5", "altered", "1099511627776"}, [&] { read_checkpoint(folder / "c.h5"); });
  std::vector<std::byte> lying = bytes;
  const std::uint64_t length = (std::uint64_t{1} << 40) - 512;
  std::memcpy(lying.data() + 16, &length, sizeof length);
  std::fill_n(lying.begin() + 48, 8, std::byte{0});
  const std::uint64_t hash = XXH3_64bits(lying.data(), 512);
  std::memcpy(lying.data() + 48, &hash, sizeof hash);
  write_atomically(folder / "l.h5", lying);
  expect_error(ExitStatus::bad_data, {"l.h5", "cut short"}, [&] { read_checkpoint(folder / "l.h5"); });
  std::filesystem::resize_file(folder / "l.h5", std::uint64_t{1} << 40);
  expect_error(ExitStatus::bad_data, {"l.h5", "memory"}, [&] { read_checkpoint(folder / "l.h5"); });
  write_text_atomically(folder / "empty", "");
  expect_error(ExitStatus::bad_data, {"cut short"}, [&] { read_checkpoint(folder / "empty"); });
  expect_error(ExitStatus::no_input, {"none"}, [&] { read_checkpoint(folder / "none"); });
}

}  // namespace
}  // namespace shoal
