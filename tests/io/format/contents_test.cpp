// Files as HDF5 writes them, with all its versions, and files that were made to harm.
#include "io/format/contents.hpp"

#include "io/failure.hpp"
#include "io/support.hpp"
#include "shoal/io/file.hpp"

namespace shoal::h5 {
namespace {

using tests::make_dataset;
using tests::TemporaryFolder;
using Bytes = std::vector<std::byte>;

/// How HDF5 is asked to write a file.
struct Writing {
  H5F_libver_t oldest = H5F_LIBVER_EARLIEST;
  bool track_order = false;
  hsize_t front = 0;
};

Bytes make(const std::function<void(hid_t)>& fill, const Writing& writing = {}) {
  const TemporaryFolder folder;
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_libver_bounds(access, writing.oldest, H5F_LIBVER_LATEST);
  const hid_t creation = H5Pcreate(H5P_FILE_CREATE);
  H5Pset_userblock(creation, writing.front);
  if (writing.track_order) H5Pset_link_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  const hid_t file = H5Fcreate((folder / "f.h5").c_str(), H5F_ACC_TRUNC, creation, access);
  fill(file);
  H5Pclose(access);
  H5Pclose(creation);
  EXPECT_GE(H5Fclose(file), 0);
  return read_file(folder / "f.h5");
}

Contents contents_of(const Bytes& bytes) {
  Source source(bytes.size(), [&](std::uint64_t offset, std::span<std::byte> to) {
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), to.size(), to.begin());
  });
  return read_contents(source, VariableTexts::read);
}

void expect_failure(const std::string& words, const Bytes& bytes) {
  try {
    contents_of(bytes);
  } catch (const Failure& failure) {
    EXPECT_NE(std::string(failure.what()).find(words), std::string::npos) << failure.what() << " / " << words;
    return;
  }
  ADD_FAILURE() << "taken, but " << words;
}

void make_group(hid_t file, const std::string& name) {
  H5Gclose(H5Gcreate2(file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}

void make_texts(hid_t file, const char* name, const std::vector<std::string>& texts) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, H5T_VARIABLE);
  const hsize_t count = texts.size();
  const hid_t space = H5Screate_simple(1, &count, nullptr);
  const hid_t attribute = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  std::vector<const char*> pointers;
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  EXPECT_GE(H5Awrite(attribute, type, pointers.data()), 0);
  H5Aclose(attribute);
  H5Sclose(space);
  H5Tclose(type);
}

/// Two splits, a group in a group, attributes.
void fill_data_set(hid_t file) {
  for (const char* group : {"train", "test", "train/more"}) make_group(file, group);
  make_dataset(file, "train/x", H5T_IEEE_F32LE, H5P_DEFAULT);
  make_dataset(file, "train/more/y", H5T_STD_U8LE, H5P_DEFAULT);
  make_dataset(file, "test/x", H5T_IEEE_F64LE, H5P_DEFAULT);
  make_texts(file, "class_names", {"yes", "", "no"});
}

/// Where these bytes are for the n-th time.
std::size_t find(const Bytes& bytes, const std::string& part, int n = 0) {
  auto at = bytes.begin();
  const auto wanted = tests::as_bytes(part);
  for (;; ++at) {
    at = std::search(at, bytes.end(), wanted.begin(), wanted.end());
    if (at == bytes.end() || n-- == 0) break;
  }
  EXPECT_NE(at, bytes.end()) << part;
  return static_cast<std::size_t>(at - bytes.begin());
}

template <class T>
void put(Bytes& bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}
std::uint64_t number_at(const Bytes& bytes, std::size_t at) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

TEST(Contents, AreTheSameHoweverHdf5WritesThem) {
  for (const H5F_libver_t oldest : {H5F_LIBVER_EARLIEST, H5F_LIBVER_V18, H5F_LIBVER_LATEST}) {
    for (const bool track_order : {false, true}) {
      for (const hsize_t front : {hsize_t{0}, hsize_t{512}, hsize_t{2048}}) {
        const Bytes bytes = make(fill_data_set, {oldest, track_order, front});
        const Contents contents = contents_of(bytes);
        ASSERT_EQ(contents.members.size(), 7U);
        EXPECT_EQ(contents.members.at("").kind, Member::Kind::group);
        EXPECT_EQ(contents.members.at("train/more").kind, Member::Kind::group);
        const Member& x = contents.members.at("test/x");
        EXPECT_EQ(x.kind, Member::Kind::array);
        EXPECT_EQ(x.type, ElementType::float64);
        EXPECT_EQ(x.shape, (std::vector<std::int64_t>{4, 3}));
        ASSERT_EQ(x.bytes, 96U);
        double last = 0;
        std::memcpy(&last, bytes.data() + x.offset + 88, sizeof last);
        EXPECT_EQ(last, 11);
        EXPECT_EQ(contents.attributes.at("class_names"), Attribute(std::vector<std::string>{"yes", "", "no"}));
      }
    }
  }
}

TEST(Contents, MayBeManyMembers) {
  const Contents contents = contents_of(make([](hid_t file) {
    for (int i = 0; i < 1000; ++i) make_group(file, std::to_string(i));
  }));
  EXPECT_EQ(contents.members.size(), 1001U);
}

TEST(Contents, InHeapsAreNamed) {
  const Writing newest{H5F_LIBVER_LATEST};
  const Contents contents = contents_of(make(
      [](hid_t file) {
        make_group(file, "g");
        for (const char* name : {"g/1", "g/2", "g/3", "g/4", "g/5", "g/6", "g/7", "g/8", "g/9"}) make_group(file, name);
      },
      newest));
  EXPECT_EQ(contents.members.at("g").refusal, "keeps its members in a heap");
  expect_failure("keeps its attributes in a heap",
                 make(
                     [](hid_t file) {
                       for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h", "i"})
                         make_texts(file, name, {name});
                     },
                     newest));
}

TEST(Contents, OfOtherVersionsAreNamed) {
  Bytes bytes = make(fill_data_set);
  put(bytes, 8, std::uint8_t{1});
  expect_failure("superblock of version 1", bytes);
  bytes = make(fill_data_set);
  put(bytes, 13, std::uint8_t{4});
  expect_failure("addresses of 4", bytes);
  bytes = make(fill_data_set, {H5F_LIBVER_LATEST});
  put(bytes, 20, std::uint8_t{1});
  expect_failure("checksum", bytes);
}

TEST(Contents, WithCyclesAreRefused) {
  // A tree whose only child is the tree; the child of a group's tree is at byte 32 of it.
  Bytes bytes = make(fill_data_set);
  const std::size_t tree = find(bytes, "TREE");
  put(bytes, tree + 4, std::uint16_t{0x100});
  put(bytes, tree + 32, std::uint64_t{tree});
  expect_failure("share byte", bytes);
  put(bytes, tree + 4, std::uint16_t{0xFF00});
  expect_failure("wrong level", bytes);
  // An object header that continues in itself: message 0x10 with 16 bytes, in place of the root's first.
  bytes = make(fill_data_set);
  const std::uint64_t root = number_at(bytes, 64);
  put(bytes, root + 16, std::uint64_t{0x100010});
  put(bytes, root + 24, root);
  put(bytes, root + 32, std::uint64_t{64});
  expect_failure("share byte", bytes);
  // A group that is its own member.
  const Contents contents = contents_of(make([](hid_t file) {
    make_group(file, "g");
    H5Lcreate_hard(file, "g", file, "g/self", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_hard(file, "/", file, "root", H5P_DEFAULT, H5P_DEFAULT);
  }));
  EXPECT_EQ(contents.members.at("g/self").refusal, "is there twice, also as g");
  EXPECT_EQ(contents.members.at("root").refusal, "is there twice, also as /");
}

TEST(Contents, BeyondTheEndAreRefused) {
  const Bytes whole = make(fill_data_set);
  for (const std::uint64_t size : {~std::uint64_t{0}, std::uint64_t{1} << 40, std::uint64_t{whole.size()}}) {
    for (const std::size_t at :
         {find(whole, "HEAP") + 8, find(whole, "HEAP") + 24, find(whole, "TREE") + 32, find(whole, "GCOL") + 8}) {
      Bytes bytes = whole;
      put(bytes, at, size);
      expect_failure("beyond its end", bytes);
    }
  }
}

TEST(Contents, ThatShareStorageAreRefused) {
  Bytes bytes = make([](hid_t file) {
    make_dataset(file, "a", H5T_STD_U8LE, H5P_DEFAULT);
    make_dataset(file, "b", H5T_STD_U8LE, H5P_DEFAULT);
  });
  const Contents contents = contents_of(bytes);
  const std::uint64_t a = contents.members.at("a").offset;
  const std::uint64_t b = contents.members.at("b").offset;
  std::string address(8, '\0');
  std::memcpy(address.data(), &b, sizeof b);
  put(bytes, find(bytes, address), a + 1);
  expect_failure("share byte", bytes);
}

TEST(Contents, ThatRepeatOneTextTakeNoMemory) {
  constexpr std::size_t count = 3000;
  std::vector<std::string> texts(count, "x");
  texts[0] = std::string(60000, 't');
  Bytes bytes = make([&](hid_t file) { make_texts(file, "names", texts); });
  ASSERT_EQ(std::get<std::vector<std::string>>(*contents_of(bytes).attributes.at("names")), texts);
  const std::string length("\x60\xea\0\0", 4);  // 60000
  std::size_t at = find(bytes, length);
  if (number_at(bytes, at + 4) >= bytes.size()) at = find(bytes, length, 1);
  for (std::size_t i = 1; i < count; ++i)
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), 16,
                bytes.begin() + static_cast<std::ptrdiff_t>(at + 16 * i));
  expect_failure("64 MiB", bytes);
}

TEST(Contents, WithAnyByteChangedAreReadOrRefused) {
  for (const H5F_libver_t oldest : {H5F_LIBVER_EARLIEST, H5F_LIBVER_LATEST}) {
    const Bytes whole = make(fill_data_set, {oldest});
    int refused = 0;
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (const unsigned change : {1U, 0x80U, 0xFFU}) {
        Bytes bytes = whole;
        bytes[at] ^= static_cast<std::byte>(change);
        try {
          for (const auto& [path, member] : contents_of(bytes).members) {
            ASSERT_LE(member.offset + member.bytes, bytes.size()) << path;
          }
        } catch (const Failure& failure) {
          EXPECT_EQ(std::string(failure.what()).find('\n'), std::string::npos) << failure.what();
          ++refused;
        }
      }
    }
    EXPECT_GT(refused, 500);
  }
}

}  // namespace
}  // namespace shoal::h5
