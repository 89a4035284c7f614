#include <algorithm>

#include "../data_files.hpp"
#include "shoal/data/import.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;
namespace fs = std::filesystem;

class ImportImages : public DataFiles {
 protected:
  void put_image(const std::string& name, const std::string& golden) {
    fs::create_directories(fs::path(path(name)).parent_path());
    fs::copy_file(SHOAL_SOURCE_DIR "/tests/golden/images/" + golden, path(name));
  }
  void put_text(const std::string& name, const std::string& text) {
    fs::create_directories(fs::path(path(name)).parent_path());
    write(name, text);
  }
  ImagesOptions options(const std::string& folder) const { return {.folder = path(folder), .width = 23, .height = 17}; }
  Dataset imported(const ImagesOptions& options) {
    fs::remove(path("out.h5"));
    import_images(options, path("out.h5"));
    return Dataset::open(path("out.h5"));
  }
  void refused(const ImagesOptions& options, ExitStatus status, const std::vector<std::string>& words) {
    expect_error([&] { import_images(options, path("no.h5")); }, status, words);
    EXPECT_FALSE(fs::exists(path("no.h5")));
  }
};

TEST_F(ImportImages, TakesAFolderForAClass) {
  put_image("in/b/2.png", "gray.png");
  put_image("in/b/10.jpg", "colour.jpg");
  put_image("in/B/x.PNG", "colour.png");
  put_text("in/b/Thumbs.db", "x");
  put_text("in/.DS_Store", "x");
  const Dataset data = imported(options("in"));
  EXPECT_THAT(data.class_names(), ElementsAre("B", "b"));
  EXPECT_THAT(data.shape(), ElementsAre(3, 17, 23));
  const Split train = data.split("train");
  EXPECT_EQ(train.element_type(), ElementType::uint8);
  EXPECT_THAT(labels_of(train), ElementsAre(0, 1, 1));
  const std::vector<float> x = x_of(train);  // x.PNG, 10.jpg, 2.png
  const std::string jpg = bytes_of(SHOAL_SOURCE_DIR "/tests/golden/images/colour.jpg.rgb");
  EXPECT_EQ(x[3 * 17 * 23 + 1], static_cast<float>(static_cast<std::uint8_t>(jpg[3])));
  const std::string gray = bytes_of(SHOAL_SOURCE_DIR "/tests/golden/images/gray.png.rgb");
  EXPECT_EQ(x[2 * 3 * 17 * 23], static_cast<float>(static_cast<std::uint8_t>(gray[0])));
}

TEST_F(ImportImages, SortsNumbersAsNumbers) {
  for (const char* name : {"10", "9", "0", "2"}) put_image("in/" + std::string(name) + "/1.png", "colour.png");
  EXPECT_THAT(imported(options("in")).class_names(), ElementsAre("0", "2", "9", "10"));
  put_image("in/02/1.png", "colour.png");
  EXPECT_THAT(imported(options("in")).class_names(), ElementsAre("0", "02", "2", "9", "10"));
  put_image("in/x/1.png", "colour.png");
  EXPECT_THAT(imported(options("in")).class_names(), ElementsAre("0", "02", "10", "2", "9", "x"));
}

TEST_F(ImportImages, KeepsTheClassesOfTrainInTest) {
  put_image("in/a/1.png", "colour.png");
  put_image("in/b/1.png", "colour.png");
  put_image("in/c/1.png", "colour.png");
  put_image("test/c/1.png", "colour.png");
  put_image("test/b/1.png", "colour.png");
  ImagesOptions both = options("in");
  both.test = path("test");
  const Dataset data = imported(both);
  EXPECT_THAT(labels_of(data.split("test")), ElementsAre(1, 2));

  ImagesOptions like{.folder = path("test"), .like = path("like.h5")};
  fs::rename(path("out.h5"), path("like.h5"));
  const Dataset later = imported(like);
  EXPECT_THAT(later.class_names(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(labels_of(later.split("train")), ElementsAre(1, 2));
  EXPECT_THAT(later.shape(), ElementsAre(3, 17, 23));
  like.gray = true;
  refused(like, ExitStatus::usage, {"images of 23x17 in colour"});

  put_image("test/d/1.png", "colour.png");
  refused(both, ExitStatus::bad_data, {"the folder \"d\" is none of the 3 classes, such as \"a\""});
}

TEST_F(ImportImages, HasNoLabelsWithoutFolders) {
  put_image("in/1.png", "colour.png");
  ImagesOptions gray = options("in");
  gray.gray = true;
  const Dataset data = imported(gray);
  EXPECT_FALSE(data.split("train").has_labels());
  EXPECT_THAT(data.shape(), ElementsAre(1, 17, 23));
}

TEST_F(ImportImages, TakesAFileForAnImage) {
  put_image("in/a/1.png", "colour.png");
  const Dataset alone = imported(options("in/a/1.png"));
  EXPECT_FALSE(alone.split("train").has_labels());
  EXPECT_EQ(x_of(alone.split("train")), x_of(imported(options("in/a")).split("train")));
}

TEST_F(ImportImages, NamesTheFirstFileThatCannotBeRead) {
  put_image("in/a/3.png", "colour.png");
  put_text("in/a/1.png", "nothing");
  put_text("in/a/2.jpg", "\xff\xd8\xff");
  put_image("in/b/4.jpg", "cmyk.jpg");
  refused(options("in"), ExitStatus::bad_data, {"in/a/1.png: neither JPEG nor PNG", "--skip-bad"});
  ImagesOptions skip = options("in");
  skip.skip_bad = true;
  const Dataset data = imported(skip);
  EXPECT_THAT(data.class_names(), ElementsAre("a", "b"));
  EXPECT_THAT(labels_of(data.split("train")), ElementsAre(0));
  ::testing::internal::CaptureStderr();
  imported(skip);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              ::testing::HasSubstr("in: 1 of 2 classes has no image, the first is \"b\""));
  fs::remove(path("in/a/3.png"));
  refused(skip, ExitStatus::bad_data, {"no image can be read", "1.png"});
}

TEST_F(ImportImages, RefusesFoldersThatMayMeanSomethingElse) {
  refused(options("none"), ExitStatus::no_input, {"none"});
  fs::create_directories(path("in/a"));
  refused(options("in"), ExitStatus::bad_data, {"no image in it"});
  put_image("in/train/cat/1.png", "colour.png");
  refused(options("in"), ExitStatus::bad_data, {"train holds the folder cat", "--test"});
  put_image("in/2.png", "colour.png");
  refused(options("in"), ExitStatus::bad_data, {"images such as 2.png lie beside folders such as a"});
  refused({.folder = path("in")}, ExitStatus::usage, {"--size is missing"});
  put_image("bytes/caf\xe9/1.png", "colour.png");
  put_image("bytes/caf\\xE9/1.png", "colour.png");
  refused(options("bytes"), ExitStatus::bad_data, {"two folders are called \"caf\\xE9\""});
  refused({.folder = path("in"), .width = 100000, .height = 100000}, ExitStatus::usage, {"100000x100000 is too large"});
}

TEST_F(ImportImages, SaysWhichImagesAreToBeTurned) {
  const std::string plain = bytes_of(SHOAL_SOURCE_DIR "/tests/golden/images/colour.jpg");
  const std::string exif(
      "\xff\xe1\0\x22"
      "Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0",
      36);
  put_image("in/a/1.jpg", "colour.jpg");
  put_text("in/b/2.jpg", plain.substr(0, 2) + exif + plain.substr(2));
  ::testing::internal::CaptureStderr();
  imported(options("in"));
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              ::testing::HasSubstr("in: 1 of 2 images says in EXIF to be turned or mirrored, the first is b/2.jpg"));
  ::testing::internal::CaptureStderr();
  imported(options("in/a"));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(ImportImages, WritesTheSameBytesEachTime) {
  for (int i = 0; i < 40; ++i) put_image("in/" + std::to_string(i % 3) + "/" + std::to_string(i) + ".jpg", "full.jpg");
  ImagesOptions some = options("in");
  some.split = {.test_fraction = 0.25};
  imported(some);
  const std::string first = bytes_of(path("out.h5"));
  const Dataset data = imported(some);
  EXPECT_EQ(first, bytes_of(path("out.h5")));
  EXPECT_EQ(data.split("test").rows(), 10);
}

}  // namespace
}  // namespace shoal
