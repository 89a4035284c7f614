#include "data/import/input_file.hpp"

#include "../data_files.hpp"

namespace shoal {
namespace {

class InputFiles : public DataFiles {
 protected:
  static std::string content() {
    std::string text;
    for (int i = 0; i < 100000; ++i) text += std::to_string(i * 7919 % 10007) + (i % 10 == 9 ? "\n" : ",");
    return text;
  }
  static std::string read_all(const std::string& file) {
    InputFile input(file);
    std::string text;
    text.push_back(static_cast<char>(input.get()));  // both ways of reading in one
    const std::vector<std::byte> rest = input.read_up_to(std::size_t{1} << 40);
    for (const std::byte b : rest) text.push_back(static_cast<char>(b));
    EXPECT_EQ(input.peek(), -1);
    return text;
  }
};

TEST_F(InputFiles, ReadsPlainAndGzip) {
  EXPECT_EQ(read_all(write("plain", content())), content());
  EXPECT_EQ(read_all(write_gzip("packed", content())), content());
  EXPECT_LT(bytes_of(path("packed")).size(), content().size());
}

TEST_F(InputFiles, AreSaidWhereRowsAreReadTwice) {
  const std::string a = write("a.csv", "1\n");
  const std::string b = write("b.csv", "2\n");
  std::filesystem::create_symlink(a, path("link.csv"));
  const auto said = [](const std::vector<std::string>& train, const std::vector<std::string>& test) {
    ::testing::internal::CaptureStderr();
    say_read_twice(train, test);
    return ::testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(said({a, b}, {}), "");
  EXPECT_EQ(said({a}, {b, ""}), "");
  EXPECT_EQ(said({"x.npz:x"}, {"x.npz:test"}), "");
  EXPECT_THAT(said({a, b, path("link.csv")}, {}), ::testing::HasSubstr("a.csv is given twice"));
  EXPECT_THAT(said({a, b}, {path("link.csv")}), ::testing::HasSubstr("a.csv is given to train on and to test on"));
  EXPECT_THAT(said({"x.npz:x"}, {"x.npz:x"}), ::testing::HasSubstr("x.npz:x is given to train on and to test on"));
}

TEST_F(InputFiles, SaysWhyAFileCannotBeOpened) {
  expect_error([&] { InputFile input(path("nowhere.csv")); }, ExitStatus::no_input, {"nowhere.csv", "No such file"});
  expect_error([&] { InputFile input(path("")); }, ExitStatus::no_input, {"directory"});
}

TEST_F(InputFiles, RefusesGzipThatIsCutShortOrAltered) {
  const std::string packed = bytes_of(write_gzip("packed", content()));
  for (const std::size_t size :
       {packed.size() - 1, packed.size() - 9, packed.size() / 2, std::size_t{12}, std::size_t{4}}) {
    const std::string file = write("cut", packed.substr(0, size));
    expect_error([&] { read_all(file); }, ExitStatus::bad_data, {"cut: the gzip data is cut short"});
  }
  std::string altered = packed;
  altered[packed.size() / 2] = static_cast<char>(altered[packed.size() / 2] ^ 0x10);
  const std::string file = write("altered", altered);
  expect_error([&] { read_all(file); }, ExitStatus::bad_data, {"altered: the gzip data is"});
}

TEST_F(InputFiles, RefusesWhatFollowsTheLastMemberOfGzip) {
  const std::string packed = bytes_of(write_gzip("packed", content()));
  EXPECT_EQ(read_all(write("two", packed + packed)), content() + content());
  EXPECT_EQ(read_all(write("padded", packed + std::string(100000, '\0'))), content());
  std::string headless = packed;
  headless[0] = 'x';
  for (const std::string& rest : {std::string("1,2\n"), std::string(100000, '\0') + "1", headless}) {
    const std::string file = write("more", packed + rest);
    expect_error([&] { read_all(file); }, ExitStatus::bad_data, {"more: the gzip data is damaged"});
  }
}

TEST_F(InputFiles, NamesFilesWithoutFolders) { EXPECT_EQ(file_name("/a/b/c.csv.gz"), "c.csv.gz"); }

}  // namespace
}  // namespace shoal
