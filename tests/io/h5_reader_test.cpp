#include "io/support.hpp"
#include "shoal/io/archive.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/h5_file.hpp"

namespace shoal {
namespace {

using tests::expect_error;
using tests::make_dataset;
using tests::make_h5;
using tests::TemporaryFolder;
constexpr auto bad = ExitStatus::bad_data;

void set_attribute(hid_t file, const char* name, hid_t type, hsize_t count, const void* value) {
  const hid_t space = count == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &count, nullptr);
  const hid_t attribute = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  ASSERT_GE(H5Awrite(attribute, type, value), 0);
  H5Aclose(attribute);
  H5Sclose(space);
}

TEST(H5Reader, FindsArraysAndWhereTheyLie) {
  const TemporaryFolder folder;
  make_h5(folder / "d.h5", [](hid_t file) {
    for (const char* group : {"validation", "train", "test"}) {
      H5Gclose(H5Gcreate2(file, group, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    }
    make_dataset(file, "train/x", H5T_IEEE_F32LE, H5P_DEFAULT);
    make_dataset(file, "train/y", H5T_STD_U8LE, H5P_DEFAULT);
    make_dataset(file, "train/z", H5T_STD_I64LE, H5P_DEFAULT);
  });
  const H5Reader reader(folder / "d.h5");
  EXPECT_EQ(reader.list(), (std::vector<std::string>{"test", "train", "validation"}));
  EXPECT_EQ(reader.list("train"), (std::vector<std::string>{"x", "y", "z"}));
  EXPECT_TRUE(reader.contains("train/x") && reader.contains("/train") && reader.contains("/"));
  EXPECT_FALSE(reader.contains("train/w") || reader.contains("none/x") || reader.contains("train/x/y"));
  EXPECT_TRUE(reader.is_group("train") && !reader.is_group("train/x"));

  const ArrayInfo x = reader.array("train/x");
  EXPECT_EQ(x.type, ElementType::float32);
  EXPECT_EQ(x.shape, (std::vector<std::int64_t>{4, 3}));
  EXPECT_EQ(x.rows(), 4);
  EXPECT_EQ(x.row_elements(), 3);
  EXPECT_EQ(x.row_bytes(), 12);
  EXPECT_EQ(x.bytes, 48);
  std::vector<float> row(3);
  RandomAccessFile(folder / "d.h5").read(x.offset + 2 * x.row_bytes(), std::as_writable_bytes(std::span(row)));
  EXPECT_EQ(row, (std::vector<float>{6, 7, 8}));
  EXPECT_EQ(reader.array("train/y").type, ElementType::uint8);
  EXPECT_EQ(reader.array("train/z").type, ElementType::int64);
  expect_error(bad, {"d.h5", "no array", "train/w"}, [&] { reader.array("train/w"); });
  expect_error(bad, {"d.h5", "no group", "none"}, [&] { reader.list("none"); });
}

TEST(H5Reader, CountsTheBytesBeforeTheImage) {
  const TemporaryFolder folder;
  Archive archive;
  archive.arrays = {make_scalar<double>("a", 2.5)};
  write_atomically(folder / "c.h5", encode(archive, 1));
  const ArrayInfo info = H5Reader(folder / "c.h5").array("a");
  double value = 0;
  RandomAccessFile(folder / "c.h5").read(info.offset, std::as_writable_bytes(std::span(&value, 1)));
  EXPECT_EQ(value, 2.5);
}

TEST(H5Reader, ReadsAttributesAsOthersWriteThem) {
  const TemporaryFolder folder;
  make_h5(folder / "d.h5", [](hid_t file) {
    const std::int64_t classes = 10;
    set_attribute(file, "classes", H5T_NATIVE_INT64, 0, &classes);
    const std::uint8_t small[2] = {8, 9};
    set_attribute(file, "shape", H5T_NATIVE_UINT8, 2, small);
    const float rate = 0.5F;
    set_attribute(file, "rate", H5T_NATIVE_FLOAT, 0, &rate);
    const hid_t variable = H5Tcopy(H5T_C_S1);
    H5Tset_size(variable, H5T_VARIABLE);
    H5Tset_cset(variable, H5T_CSET_UTF8);
    const char* source = "somewhere é";
    set_attribute(file, "source", variable, 0, &source);
    const char* names[2] = {"cat", ""};
    set_attribute(file, "class_names", variable, 2, static_cast<const void*>(names));
    H5Tclose(variable);
    const hid_t fixed = H5Tcopy(H5T_C_S1);
    H5Tset_size(fixed, 3);
    H5Tset_strpad(fixed, H5T_STR_NULLPAD);
    set_attribute(file, "fixed", fixed, 2, "abcd\0\0");
    H5Tclose(fixed);
    const hid_t opaque = H5Tcreate(H5T_OPAQUE, 4);
    set_attribute(file, "odd", opaque, 0, "abc");
    H5Tclose(opaque);
  });
  const H5Reader reader(folder / "d.h5");
  EXPECT_EQ(reader.attribute<std::int64_t>("classes"), 10);
  EXPECT_EQ(reader.attribute<double>("classes"), 10.0);
  EXPECT_EQ(reader.attribute<double>("rate"), 0.5);
  EXPECT_EQ(reader.attribute<std::vector<std::int64_t>>("shape"), (std::vector<std::int64_t>{8, 9}));
  EXPECT_EQ(reader.attribute<std::string>("source"), "somewhere é");
  EXPECT_EQ(reader.attribute<std::vector<std::string>>("class_names"), (std::vector<std::string>{"cat", ""}));
  EXPECT_EQ(reader.attribute<std::vector<std::string>>("fixed"), (std::vector<std::string>{"abc", "d"}));
  EXPECT_EQ(reader.attribute<std::string>("none"), std::nullopt);
  expect_error(bad, {"d.h5", "classes"}, [&] { reader.attribute<std::string>("classes"); });
  expect_error(bad, {"d.h5", "odd"}, [&] { reader.attribute<std::string>("odd"); });
}

TEST(H5Reader, RefusesWhatCannotBeReadByOffset) {
  const TemporaryFolder folder;
  const auto refused = [&](std::vector<std::string> words, hid_t type, hid_t creation, bool write = true) {
    make_h5(folder / "d.h5", [&](hid_t file) { make_dataset(file, "x", type, creation, write); });
    const H5Reader reader(folder / "d.h5");
    words.emplace_back("d.h5: x ");
    expect_error(bad, words, [&] { reader.array("x"); });
  };
  const hid_t chunked = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk[2] = {2, 3};
  H5Pset_chunk(chunked, 2, chunk);
  refused({"chunked", "contiguous", "h5py"}, H5T_IEEE_F32LE, chunked);
  H5Pset_deflate(chunked, 1);
  refused({"compressed", "contiguous"}, H5T_IEEE_F32LE, chunked);
  H5Pclose(chunked);
  const hid_t external = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_external(external, (folder / "raw").c_str(), 0, 48);
  refused({"other files"}, H5T_IEEE_F32LE, external);
  H5Pclose(external);
  const hid_t compact = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_layout(compact, H5D_COMPACT);
  refused({"compact"}, H5T_IEEE_F32LE, compact);
  H5Pclose(compact);
  refused({"never written"}, H5T_IEEE_F32LE, H5P_DEFAULT, false);
  refused({"big endian"}, H5T_IEEE_F32BE, H5P_DEFAULT);
  refused({"type"}, H5T_NATIVE_LDOUBLE, H5P_DEFAULT);
}

TEST(H5Reader, FollowsNoLinks) {
  const TemporaryFolder folder;
  make_h5(folder / "other.h5", [](hid_t file) { make_dataset(file, "x", H5T_IEEE_F32LE, H5P_DEFAULT); });
  make_h5(folder / "d.h5", [&](hid_t file) {
    H5Lcreate_external((folder / "other.h5").c_str(), "/x", file, "x", H5P_DEFAULT, H5P_DEFAULT);
    make_dataset(file, "own", H5T_IEEE_F32LE, H5P_DEFAULT);
    H5Lcreate_soft("/own", file, "alias", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/nowhere", file, "broken", H5P_DEFAULT, H5P_DEFAULT);
  });
  const H5Reader reader(folder / "d.h5");
  expect_error(bad, {"d.h5", "x lies in another file"}, [&] { reader.array("x"); });
  expect_error(bad, {"d.h5", "alias is a link"}, [&] { reader.array("alias"); });
  expect_error(bad, {"d.h5", "broken is a link"}, [&] { reader.contains("broken"); });
  EXPECT_EQ(reader.array("own").bytes, 48);
}

TEST(H5Reader, NamesFilesThatAreNotDataSets) {
  const TemporaryFolder folder;
  expect_error(ExitStatus::no_input, {"none.h5"}, [&] { H5Reader(folder / "none.h5"); });
  expect_error(ExitStatus::no_input, {folder.path().string()}, [&] { H5Reader reader(folder.path()); });
  write_text_atomically(folder / "t", "seed = 1\n");
  expect_error(bad, {(folder / "t").string(), "not an HDF5 file"}, [&] { H5Reader(folder / "t"); });
  write_text_atomically(folder / "t", "");
  expect_error(bad, {(folder / "t").string(), "not an HDF5 file"}, [&] { H5Reader(folder / "t"); });
}

TEST(H5Reader, EveryCutIsNamed) {
  const TemporaryFolder folder;
  make_h5(folder / "d.h5", [](hid_t file) { make_dataset(file, "x", H5T_IEEE_F32LE, H5P_DEFAULT); });
  const std::string whole = read_text(folder / "d.h5");
  for (std::size_t length = 0; length < whole.size(); length += 13) {
    write_text_atomically(folder / "cut.h5", whole.substr(0, length));
    expect_error(bad, {(folder / "cut.h5").string()}, [&] { H5Reader(folder / "cut.h5").array("x"); });
  }
  write_text_atomically(folder / "cut.h5", whole.substr(0, whole.size() - 1));
  expect_error(
      bad, {"cut.h5 is cut short: " + std::to_string(whole.size() - 1) + " bytes of " + std::to_string(whole.size())},
      [&] { H5Reader(folder / "cut.h5").array("x"); });
}

TEST(H5Reader, KnowsArraysWithoutElements) {
  const TemporaryFolder folder;
  make_h5(folder / "d.h5", [](hid_t file) {
    const hsize_t extents[2] = {0, 3};
    const hid_t space = H5Screate_simple(2, extents, nullptr);
    H5Dclose(H5Dcreate2(file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
  });
  const ArrayInfo info = H5Reader(folder / "d.h5").array("x");
  EXPECT_EQ(info.shape, (std::vector<std::int64_t>{0, 3}));
  EXPECT_EQ(info.bytes, 0);
}

TEST(Hdf5Version, HasThreeNumbers) {
  const std::string version = hdf5_version();
  EXPECT_EQ(std::count(version.begin(), version.end(), '.'), 2) << version;
}

}  // namespace
}  // namespace shoal
