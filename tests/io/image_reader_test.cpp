#include "io/image_reader.hpp"

#include "io/checkpoint_header.hpp"
#include "io/support.hpp"
#include "shoal/io/archive.hpp"
#include "shoal/io/file.hpp"

namespace shoal {
namespace {

using tests::expect_error;
using tests::make_dataset;
using tests::make_h5;
using tests::TemporaryFolder;

/// decode() refuses a file that is sound by its hashes, for its content; it says what it found.
void expect_refused(const std::string& word, const std::function<void(hid_t)>& fill) {
  const TemporaryFolder folder;
  make_h5(folder / "image.h5", fill);
  const std::vector<std::byte> image = read_file(folder / "image.h5");
  std::vector<std::byte> bytes(checkpoint_header_bytes + image.size());
  std::copy(image.begin(), image.end(), bytes.begin() + checkpoint_header_bytes);
  write_checkpoint_header(bytes, 1);
  expect_error(ExitStatus::bad_data, {"c.h5", "not a shoal checkpoint", word}, [&] { decode(bytes, "c.h5"); });
}

TEST(ImageReader, RefusesOddStorage) {
  const hid_t chunked = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk[2] = {2, 3};
  H5Pset_chunk(chunked, 2, chunk);
  expect_refused("chunked", [&](hid_t file) { make_dataset(file, "x", H5T_IEEE_F32LE, chunked); });
  const hid_t external = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_external(external, "/dev/zero", 0, 48);
  expect_refused("other files", [&](hid_t file) { make_dataset(file, "x", H5T_IEEE_F32LE, external, false); });
  expect_refused("never written", [&](hid_t file) { make_dataset(file, "x", H5T_IEEE_F32LE, H5P_DEFAULT, false); });
  const hid_t compact = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_layout(compact, H5D_COMPACT);
  expect_refused("compact", [&](hid_t file) { make_dataset(file, "x", H5T_IEEE_F32LE, compact); });
  const hid_t elsewhere = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t extents[2] = {4, 3};
  const hid_t space = H5Screate_simple(2, extents, nullptr);
  H5Pset_virtual(elsewhere, space, "other.h5", "x", space);
  expect_refused("virtual", [&](hid_t file) { make_dataset(file, "x", H5T_IEEE_F32LE, elsewhere, false); });
  H5Sclose(space);
  H5Pclose(compact);
  H5Pclose(elsewhere);
  H5Pclose(chunked);
  H5Pclose(external);
}

TEST(ImageReader, RefusesOddTypes) {
  expect_refused("big endian", [](hid_t file) { make_dataset(file, "x", H5T_IEEE_F32BE, H5P_DEFAULT); });
  expect_refused("variable length", [](hid_t file) {
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    const hid_t space = H5Screate(H5S_SCALAR);
    H5Dclose(H5Dcreate2(file, "t", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Aclose(H5Acreate2(file, "a", type, space, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
    H5Tclose(type);
  });
  expect_refused("attribute a", [](hid_t file) {
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t type = H5Tcreate(H5T_OPAQUE, 8);
    H5Aclose(H5Acreate2(file, "a", type, space, H5P_DEFAULT, H5P_DEFAULT));
    H5Tclose(type);
    H5Sclose(space);
  });
}

TEST(ImageReader, RefusesTypesThatLieElsewhere) {
  expect_refused("is neither group nor array", [](hid_t file) {
    const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    H5Tcommit2(file, "t", type, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Tclose(type);
  });
  expect_refused("a has a type that lies elsewhere", [](hid_t file) {
    const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
    H5Tcommit2(file, "t", type, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    make_dataset(file, "a", type, H5P_DEFAULT);
    H5Tclose(type);
  });
  expect_refused("of a type that shoal does not read", [](hid_t file) {
    const hid_t type = H5Tcreate(H5T_COMPOUND, 8);
    H5Tinsert(type, "r", 0, H5T_IEEE_F32LE);
    H5Tinsert(type, "i", 4, H5T_IEEE_F32LE);
    make_dataset(file, "a", type, H5P_DEFAULT, false);
    H5Tclose(type);
  });
}

TEST(ImageReader, RefusesAnImageBehindAnotherUserBlock) {
  const TemporaryFolder folder;
  const hid_t creation = H5Pcreate(H5P_FILE_CREATE);
  H5Pset_userblock(creation, 512);
  H5Fclose(H5Fcreate((folder / "u.h5").c_str(), H5F_ACC_TRUNC, creation, H5P_DEFAULT));
  H5Pclose(creation);
  const std::vector<std::byte> image = read_file(folder / "u.h5");
  std::vector<std::byte> bytes(checkpoint_header_bytes + image.size());
  std::copy(image.begin(), image.end(), bytes.begin() + checkpoint_header_bytes);
  write_checkpoint_header(bytes, 1);
  expect_error(ExitStatus::bad_data, {"c.h5", "mark"}, [&] { decode(bytes, "c.h5"); });
}

TEST(ImageReader, RefusesLinks) {
  expect_refused("link", [](hid_t file) { H5Lcreate_soft("/x", file, "s", H5P_DEFAULT, H5P_DEFAULT); });
  expect_refused("another file",
                 [](hid_t file) { H5Lcreate_external("/etc/passwd", "/x", file, "s", H5P_DEFAULT, H5P_DEFAULT); });
  expect_refused("twice", [](hid_t file) { H5Lcreate_hard(file, "/", file, "self", H5P_DEFAULT, H5P_DEFAULT); });
  expect_refused("too deep", [](hid_t file) {
    std::string path;
    for (int i = 0; i < 100; ++i) {
      path += "/g";
      H5Gclose(H5Gcreate2(file, path.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    }
  });
}

TEST(ImageReader, RefusesSizesBeyondTheImageBeforeItTakesMemory) {
  expect_refused("larger than the file", [](hid_t file) {
    const hsize_t extents[1] = {hsize_t{1} << 60};
    const hid_t space = H5Screate_simple(1, extents, nullptr);
    H5Dclose(H5Dcreate2(file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
  });
}

TEST(ImageReader, RefusesAnImageThatIsNotHdf5) {
  std::vector<std::byte> bytes(2000);
  write_checkpoint_header(bytes, 1);
  expect_error(ExitStatus::bad_data, {"c.h5", "not a shoal checkpoint"}, [&] { decode(bytes, "c.h5"); });
}

}  // namespace
}  // namespace shoal
