#include "../data_files.hpp"
#include "shoal/data/import.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;

class ImportIdx : public DataFiles {
 protected:
  static std::string idx(const std::vector<int>& shape, const std::vector<int>& values, int type = 0x08) {
    std::string bytes{'\0', '\0', static_cast<char>(type), static_cast<char>(shape.size())};
    for (const int extent : shape) {
      for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(extent >> shift & 0xff));
    }
    for (const int value : values) bytes.push_back(static_cast<char>(value));
    return bytes;
  }
  std::string images() const { return write("images", idx({3, 1, 2}, {0, 1, 10, 11, 20, 255})); }
  std::string labels() const { return write("labels", idx({3}, {2, 0, 1})); }
  void expect_refused(const std::string& image_bytes, const std::vector<std::string>& words) {
    const std::string file = write("bad", image_bytes);
    expect_error([&] { import_idx({.images = file, .labels = labels()}, path("out.h5")); }, ExitStatus::bad_data,
                 words);
  }
};

TEST_F(ImportIdx, KeepsImagesAndLabels) {
  const DatasetSummary summary = import_idx({.images = images(), .labels = labels()}, path("out.h5"));
  const Dataset data = Dataset::open(path("out.h5"));
  EXPECT_THAT(data.shape(), ElementsAre(1, 2));
  EXPECT_EQ(data.classes(), 3);
  EXPECT_THAT(data.class_names(), ElementsAre("0", "1", "2"));
  EXPECT_EQ(data.split("train").element_type(), ElementType::uint8);
  EXPECT_THAT(x_of(data.split("train")), ElementsAre(0, 1, 10, 11, 20, 255));
  EXPECT_THAT(labels_of(data.split("train")), ElementsAre(2, 0, 1));
  EXPECT_EQ(summary.classes, 3);
  EXPECT_EQ(summary.element, "uint8");
  EXPECT_EQ(H5Reader(path("out.h5")).attribute<std::string>("source"), "images, labels");
  EXPECT_THAT(H5Reader(path("out.h5")).attribute<std::vector<std::int64_t>>("shape").value(), ElementsAre(1, 2));
}

TEST_F(ImportIdx, ReadsGzipToTheSameData) {
  const std::string plain = import_idx({.images = images(), .labels = labels()}, path("a.h5")).content;
  const std::string packed_images = write_gzip("images.gz", bytes_of(path("images")));
  const std::string packed_labels = write_gzip("labels.gz", bytes_of(path("labels")));
  EXPECT_EQ(import_idx({.images = packed_images, .labels = packed_labels}, path("b.h5")).content, plain);
}

TEST_F(ImportIdx, TakesTestFilesAndTheirClasses) {
  const std::string test_images = write("ti", idx({1, 1, 2}, {7, 8}));
  const std::string test_labels = write("tl", idx({1}, {4}));
  import_idx({.images = images(), .labels = labels(), .test_images = test_images, .test_labels = test_labels},
             path("out.h5"));
  const Dataset data = Dataset::open(path("out.h5"));
  EXPECT_EQ(data.classes(), 5);
  EXPECT_THAT(x_of(data.split("test")), ElementsAre(7, 8));
  EXPECT_THAT(labels_of(data.split("test")), ElementsAre(4));
  EXPECT_EQ(data.split("train").rows(), 3);
}

TEST_F(ImportIdx, NeedsNoLabels) {
  import_idx({.images = images()}, path("out.h5"));
  EXPECT_FALSE(Dataset::open(path("out.h5")).split("train").has_labels());
  const std::string flat = write("flat", idx({3}, {5, 6, 7}));
  import_idx({.images = flat}, path("out.h5"));
  EXPECT_THAT(Dataset::open(path("out.h5")).shape(), ElementsAre(1));
}

TEST_F(ImportIdx, ReadsAllTypes) {
  const auto check = [&](int type, const std::vector<int>& bytes, ElementType element, float value) {
    import_idx({.images = write("typed", idx({1, 1}, bytes, type))}, path("out.h5"));
    const Split train = Dataset::open(path("out.h5")).split("train");
    EXPECT_EQ(train.element_type(), element);
    EXPECT_THAT(x_of(train), ElementsAre(value));
  };
  check(0x09, {0xfe}, ElementType::float32, -2);
  check(0x0B, {0xff, 0x00}, ElementType::float32, -256);
  check(0x0C, {0x00, 0x01, 0x00, 0x02}, ElementType::float32, 65538);
  check(0x0C, {0x01, 0x00, 0x00, 0x01}, ElementType::float64, 16777216);  // as a float
  check(0x0D, {0x3f, 0xc0, 0x00, 0x00}, ElementType::float32, 1.5F);
  check(0x0E, {0x3f, 0xf8, 0, 0, 0, 0, 0, 0}, ElementType::float32, 1.5F);
  const std::string floats = write("fl", idx({3}, {0x3f, 0x80, 0, 0, 0, 0, 0, 0, 0x3f, 0x80, 0, 0}, 0x0D));
  import_idx({.images = images(), .labels = floats}, path("out.h5"));
  EXPECT_THAT(labels_of(Dataset::open(path("out.h5")).split("train")), ElementsAre(1, 0, 1));
}

TEST_F(ImportIdx, TakesTheClassesOfAnotherSet) {
  import_idx({.images = images(), .labels = labels()}, path("like.h5"));
  const std::string zeros = write("z", idx({3}, {0, 0, 1}));
  import_idx({.images = images(), .labels = zeros, .like = path("like.h5")}, path("out.h5"));
  EXPECT_EQ(Dataset::open(path("out.h5")).classes(), 3);
}

TEST_F(ImportIdx, RefusesDamagedFiles) {
  expect_refused("", {"bad: the file is empty"});
  expect_refused("\x89PNG and more", {"no IDX file", "89 50"});
  expect_refused(idx({3, 2}, {0, 1, 2, 3, 4, 5}, 0x0A), {"type 0x0a"});
  expect_refused(idx({}, {}), {"rank is 0"});
  expect_refused(idx(std::vector<int>(33, 1), {7}), {"33 dimensions", "32"});
  expect_refused(idx({0, 2}, {}), {"(0, 2)"});
  expect_refused(idx({3, 2}, {}).substr(0, 9), {"ends inside the IDX header"});
  expect_refused(idx({3, 2}, {0, 1, 2, 3, 4}), {"(3, 2) needs 6 bytes", "holds 5"});
  expect_refused(idx({3, 2}, {0, 1, 2, 3, 4, 5, 6}), {"needs 6 bytes", "more"});
  expect_refused(idx({0x7fffffff, 0x7fffffff, 0x7fffffff}, {1}), {"holds 1"});
}

TEST_F(ImportIdx, RefusesFilesThatDoNotBelongTogether) {
  expect_refused(idx({2, 2}, {0, 1, 2, 3}), {"labels: 3 rows for the 2 of", "bad"});
  expect_error([&] { import_idx({.images = images(), .labels = images()}, path("out.h5")); }, ExitStatus::bad_data,
               {"images: y has rows of shape (1, 2)"});
  const std::string other = write("other", idx({1, 3}, {1, 2, 3}));
  const std::string one = write("one", idx({1}, {1}));
  expect_error(
      [&] {
        import_idx({.images = images(), .labels = labels(), .test_images = other, .test_labels = one}, path("out.h5"));
      },
      ExitStatus::bad_data, {"other: rows of x have shape (3)", "(1, 2)"});
  expect_error([&] { import_idx({.images = images(), .labels = labels(), .test_images = images()}, path("out.h5")); },
               ExitStatus::usage, {"--test-labels"});
  expect_error([&] { import_idx({.images = images(), .test_labels = labels()}, path("out.h5")); }, ExitStatus::usage,
               {"--labels"});
  expect_error([&] { import_idx({.images = path("nowhere")}, path("out.h5")); }, ExitStatus::no_input, {"nowhere"});
}

}  // namespace
}  // namespace shoal
