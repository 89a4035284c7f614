#include "shoal/io/archive.hpp"

#include <atomic>
#include <limits>
#include <thread>

#include "io/checkpoint_header.hpp"
#include "io/support.hpp"
#include "shoal/io/file.hpp"

namespace shoal {
namespace {

using tests::expect_error;
using tests::TemporaryFolder;

template <class T>
NamedArray numbers(const std::string& path, std::vector<std::int64_t> shape, std::vector<T> values) {
  return make_array<T>(path, std::move(shape), std::span<const T>(values));
}

Archive example() {
  Archive archive;
  archive.arrays = {
      numbers<float>("parameters/01_dense/weight", {2, 3},
                     {1, -2, 3.5F, 0, std::numeric_limits<float>::denorm_min(), 6}),
      numbers<float>("parameters/01_dense/bias", {3}, {0.1F, -0.0F, 0.3F}),
      numbers<double>("batch_norm/02_batch_norm/mean", {1}, {std::numeric_limits<double>::quiet_NaN()}),
      numbers<std::uint8_t>("bytes", {2, 0, 4}, {}),
      numbers<std::int32_t>("labels", {4}, {1, -1, 2147483647, 0}),
      make_scalar<std::int64_t>("progress/step", std::int64_t{1} << 60),
      make_scalar<double>("progress/best", 0.25),
  };
  archive.texts = {{"config", "seed = 1\n# é\n"}, {"journal", ""}};
  archive.attributes = {
      {"format_version", std::int64_t{1}},        {"rate", 0.1},
      {"shoal_version", std::string("0.1.0")},    {"nothing", std::string()},
      {"shape", std::vector<std::int64_t>{8, 8}}, {"class_names", std::vector<std::string>{"zero", "", "three"}},
      {"none", std::vector<std::string>{}}};
  return archive;
}

TEST(Archive, ReadsBackWhatWasWritten) {
  const Archive written = example();
  const std::vector<std::byte> bytes = encode(written, 1234);
  EXPECT_EQ(read_checkpoint_header(bytes, "c.h5").step, 1234U);
  const Archive read = decode(bytes, "c.h5");
  EXPECT_EQ(read.name, "c.h5");
  ASSERT_EQ(read.arrays.size(), written.arrays.size());
  for (const NamedArray& array : written.arrays) EXPECT_EQ(read.array(array.path), array) << array.path;
  EXPECT_EQ(read.texts, written.texts);
  EXPECT_EQ(read.attributes, written.attributes);
  EXPECT_TRUE(std::is_sorted(read.arrays.begin(), read.arrays.end(),
                             [](const NamedArray& a, const NamedArray& b) { return a.path < b.path; }));
  EXPECT_EQ(read.scalar<std::int64_t>("progress/step"), std::int64_t{1} << 60);
  EXPECT_EQ(read.attribute<double>("rate"), 0.1);
}

TEST(Archive, MayBeEmpty) {
  const Archive read = decode(encode({}, 0), "c.h5");
  EXPECT_TRUE(read.arrays.empty() && read.texts.empty() && read.attributes.empty());
}

TEST(Archive, BytesAreAFunctionOfContentAndStep) {
  const std::vector<std::byte> bytes = encode(example(), 7);
  Archive reversed = example();
  std::reverse(reversed.arrays.begin(), reversed.arrays.end());
  // Memory that HDF5 left unwritten would hold something else by now.
  for (int i = 0; i < 100; ++i) std::vector<char>(static_cast<std::size_t>(100 * i), 'x').shrink_to_fit();
  EXPECT_EQ(encode(reversed, 7), bytes);
  EXPECT_NE(encode(reversed, 8), bytes);
}

TEST(Archive, EncodesIntoMemoryThatWasUsedBefore) {
  FileBytes bytes(1 << 20, std::byte{0x5a});  // longer, and full of something
  encode(example(), 7, bytes);
  EXPECT_TRUE(std::ranges::equal(bytes, encode(example(), 7)));
  encode({}, 1, bytes);
  EXPECT_TRUE(std::ranges::equal(bytes, encode({}, 1)));
  encode(example(), 7, bytes);
  EXPECT_TRUE(std::ranges::equal(bytes, encode(example(), 7)));
}

TEST(Archive, KeepsOneArrayOfAPath) {
  Archive archive = example();
  const std::size_t count = archive.arrays.size();
  archive.put(make_scalar<double>("progress/best", 0.5));
  EXPECT_EQ(archive.scalar<double>("progress/best"), 0.5);
  EXPECT_EQ(archive.renew("labels", ElementType::float32, {2, 1}).data.size(), 8U);
  EXPECT_EQ(archive.array("labels").values<float>().size(), 2U);
  EXPECT_EQ(archive.arrays.size(), count);
  archive.renew("new", ElementType::uint8, {3});
  archive.put(make_scalar<float>("other", 1));
  EXPECT_EQ(archive.arrays.size(), count + 2);
}

TEST(Archive, TwoThreadsTakeTurns) {
  const std::vector<std::byte> expected = encode(example(), 3);
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        if (encode(example(), 3) == expected && decode(expected, "c").arrays.size() == example().arrays.size()) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 100);
}

TEST(Archive, TellsWhatIsMissingOrOfAnotherType) {
  const Archive archive = decode(encode(example(), 1), "c.h5");
  EXPECT_EQ(archive.find("weight"), nullptr);
  const auto bad = ExitStatus::bad_data;
  expect_error(bad, {"c.h5", "no array", "weight"}, [&] { archive.array("weight"); });
  expect_error(bad, {"c.h5", "no text", "labels"}, [&] { archive.text("labels"); });
  expect_error(bad, {"c.h5", "no attribute", "digest"}, [&] { archive.attribute<std::string>("digest"); });
  expect_error(bad, {"c.h5", "rate", "another type"}, [&] { archive.attribute<std::string>("rate"); });
  expect_error(bad, {"labels", "int32", "float32"}, [&] { archive.array("labels").values<float>(); });
  expect_error(bad, {"c.h5", "labels", "single"}, [&] { archive.scalar<std::int32_t>("labels"); });
}

TEST(Archive, RefusesToWriteWhatWouldNotReadBack) {
  Archive twice;
  twice.arrays = {make_scalar<float>("a", 1), make_scalar<float>("a", 2)};
  expect_error(ExitStatus::internal, {"checkpoint"}, [&] { encode(twice, 1); });
  Archive lopsided;
  lopsided.arrays = {numbers<float>("a", {3}, {1, 2, 3})};
  lopsided.arrays[0].shape = {4};
  expect_error(ExitStatus::internal, {"a", "shape"}, [&] { encode(lopsided, 1); });
  Archive zero;
  zero.texts = {{"t", std::string("a\0b", 3)}};
  expect_error(ExitStatus::internal, {"t", "read back"}, [&] { encode(zero, 1); });
  Archive large;
  large.attributes = {{"class_names", std::vector<std::string>(1000, std::string(100, 'x'))}};
  expect_error(ExitStatus::bad_data, {"class_names", "100000", "shorten"}, [&] { encode(large, 1); });
}

TEST(Archive, OneOfManyMegabytesReadsBack) {
  Archive archive;
  std::vector<float> values(3 << 20);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  archive.arrays = {make_array<float>("w", {3, 1 << 20}, std::span<const float>(values))};
  EXPECT_EQ(decode(encode(archive, 1), "c").array("w"), archive.arrays[0]);
}

TEST(LooksLikeCheckpoint, ReadsTheFirstBytesOnly) {
  const TemporaryFolder folder;
  std::vector<std::byte> bytes = encode(example(), 1);
  bytes.resize(100);
  write_atomically(folder / "c.h5", bytes);
  write_text_atomically(folder / "short", "SHOAL");
  write_text_atomically(folder / "other", "seed = 1\n[train]\n");
  EXPECT_TRUE(looks_like_checkpoint(folder / "c.h5"));
  EXPECT_FALSE(looks_like_checkpoint(folder / "short"));
  EXPECT_FALSE(looks_like_checkpoint(folder / "other"));
  EXPECT_FALSE(looks_like_checkpoint(folder / "none"));
  EXPECT_FALSE(looks_like_checkpoint(folder.path()));
}

}  // namespace
}  // namespace shoal
