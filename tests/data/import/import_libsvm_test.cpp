#include <filesystem>

#include "../data_files.hpp"
#include "shoal/data/import.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class ImportLibsvm : public DataFiles {
 protected:
  Dataset import(const std::string& text) {
    import_libsvm({.file = write("t.svm", text)}, path("out.h5"));
    return Dataset::open(path("out.h5"));
  }
  void expect_refused(const std::string& text, const std::vector<std::string>& words) {
    expect_error([&] { import(text); }, ExitStatus::bad_data, words);
  }
};

TEST_F(ImportLibsvm, MakesDenseRows) {
  const Dataset data = import("+1 1:0.5 3:2 # first\r\n-1 2:-1e1\n\n+1\n");
  EXPECT_THAT(x_of(data.split("train")), ElementsAre(0.5F, 0, 2, 0, -10, 0, 0, 0, 0));
  EXPECT_EQ(data.split("train").element_type(), ElementType::float32);
  EXPECT_THAT(data.class_names(), ElementsAre("-1", "1"));
  EXPECT_THAT(labels_of(data.split("train")), ElementsAre(1, 0, 1));
}

TEST_F(ImportLibsvm, CountsColumnsFromZeroWhereTheFileDoes) {
  const Dataset data = import("1 1:0.5 2:2\n-1 0:3\n");
  EXPECT_THAT(x_of(data.split("train")), ElementsAre(0, 0.5F, 2, 3, 0, 0));
}

TEST_F(ImportLibsvm, TakesIndicesInAnyOrderAndNoQueries) {
  const Dataset data = import(
      "\xef\xbb\xbf"
      "1 qid:7 3:2 1:0.5 # c\r-1 qid:8 2:-10\r");
  EXPECT_THAT(x_of(data.split("train")), ElementsAre(0.5F, 0, 2, 0, -10, 0));
  EXPECT_THAT(labels_of(data.split("train")), ElementsAre(1, 0));
}

TEST_F(ImportLibsvm, KeepsTheValues) {
  EXPECT_EQ(import("1 1:0.708333 2:16777216\n").split("train").element_type(), ElementType::float32);
  for (const char* value : {"0.7083331", "16777217", "1e-50", "1e300"}) {
    const Split split = import(std::string("1 1:") + value + " 2:0.1\n").split("train");
    EXPECT_EQ(split.element_type(), ElementType::float64) << value;
    std::vector<double> x(2);
    split.read_values(std::vector<std::int64_t>{0}, x);
    EXPECT_EQ(x[0], std::stod(value));
    EXPECT_EQ(x[1], 0.1);
  }
}

TEST_F(ImportLibsvm, FitsATestFileToTheOther) {
  const std::string train = write("train.svm", "0 0:1 3:2\n1 1:1\n2 2:1\n");
  const std::string test = write("test.svm", "2 1:5 9:1\n0 2:4\n");  // no index 0, no class 1, a feature more
  import_libsvm({.file = train, .test = test}, path("out.h5"));
  const Dataset both = Dataset::open(path("out.h5"));
  EXPECT_THAT(x_of(both.split("test")), ElementsAre(0, 5, 0, 0, 0, 0, 4, 0));
  EXPECT_THAT(labels_of(both.split("test")), ElementsAre(2, 0));
  EXPECT_EQ(both.classes(), 3);

  import_libsvm({.file = test, .like = path("out.h5")}, path("later.h5"));
  const Dataset later = Dataset::open(path("later.h5"));
  EXPECT_THAT(x_of(later.split("train")), ElementsAre(0, 5, 0, 0, 0, 0, 4, 0));
  EXPECT_THAT(labels_of(later.split("train")), ElementsAre(2, 0));
  EXPECT_EQ(later.classes(), 3);
  const std::string strange = write("strange.svm", "5 1:5\n");
  expect_error([&] { import_libsvm({.file = strange, .like = path("out.h5")}, path("no.h5")); }, ExitStatus::bad_data,
               {"strange.svm:1: label \"5\" is none of the 3 classes"});
  expect_error([&] { import_libsvm({.file = test, .like = path("out.h5"), .features = 3}, path("no.h5")); },
               ExitStatus::usage, {"--like", "--features"});

  const std::string from_one = write("one.svm", "0 1:1 2:2\n1 2:1\n");
  import_libsvm({.file = from_one}, path("one.h5"));
  expect_error([&] { import_libsvm({.file = train, .like = path("one.h5")}, path("no.h5")); }, ExitStatus::bad_data,
               {"counts features from 0"});
}

TEST_F(ImportLibsvm, JudgesTheLabelsOfTrainAndTestTogether) {
  import_libsvm({.file = write("t.svm", "1 1:1\n2 1:2\n"), .test = write("u.svm", "0.5 1:1\n")}, path("out.h5"));
  const Dataset data = Dataset::open(path("out.h5"));
  EXPECT_THAT(targets_of(data.split("train")), ElementsAre(1, 2));
  EXPECT_THAT(targets_of(data.split("test")), ElementsAre(0.5F));
}

TEST_F(ImportLibsvm, RefusesFilesOfWhichOneCountsFromZeroAndOneFromOne) {
  const std::string from_one = write("one.svm", "1 1:5 2:1\n-1 1:2 3:1\n1 2:2\n");
  const std::string from_zero = write("zero.svm", "1 0:5 1:1\n-1 0:2 2:1\n");
  const auto refuse = [&](const LibsvmOptions& options, const std::vector<std::string>& words) {
    expect_error([&] { import_libsvm(options, path("no.h5")); }, ExitStatus::bad_data, words);
  };
  refuse({.file = from_one, .test = from_zero}, {"zero.svm: it counts features from 0", "one.svm from 1", "0:0"});
  refuse({.file = from_zero, .test = from_one}, {"one.svm: it counts features from 1", "zero.svm from 0"});
  // Whatever the last index is: of 40 rows one in two would have index 0.
  std::string many;
  for (int i = 0; i < 40; ++i) many += "1 1:1\n-1 2:1\n";
  const std::string half = write("half.svm", "1 0:5 1:1\n-1 2:1\n");
  refuse({.file = half, .test = write("many.svm", many)}, {"many.svm: it counts features from 1"});

  import_libsvm({.file = from_zero}, path("zero.h5"));
  refuse({.file = from_one, .like = path("zero.h5")}, {"one.svm: it counts features from 1", "zero.h5 from 0"});

  // A file says that it counts from 0 by a row with 0:0.
  const std::string says = write("says.svm", "1 0:0 2:5\n-1 1:2\n");
  import_libsvm({.file = says, .test = from_zero}, path("says.h5"));
  EXPECT_THAT(x_of(Dataset::open(path("says.h5")).split("test")), ElementsAre(5, 1, 0, 2, 0, 1));
}

TEST_F(ImportLibsvm, SaysWhereAFileIsTakenToBegin) {
  const auto said = [&](const LibsvmOptions& options) {
    testing::internal::CaptureStderr();
    import_libsvm(options, path("said.h5"));
    std::filesystem::remove(path("said.h5"));
    return testing::internal::GetCapturedStderr();
  };
  const std::string zero = write("zero.svm", "0 0:1 3:2\n1 1:1\n1 2:1\n");
  const std::string open = write("open.svm", "1 1:5 3:1\n0 2:4\n");
  EXPECT_THAT(said({.file = zero, .test = open}), HasSubstr("open.svm: no row has index 0; it is taken to count "
                                                            "features from 0, as"));
  EXPECT_THAT(said({.file = zero, .test = zero}), Not(HasSubstr("no row has index 0")));
  EXPECT_THAT(said({.file = open, .test = open}), Not(HasSubstr("no row has index 0")));
  // A model that calls its four columns by no index.
  const auto for_model = [&](const std::string& file) {
    return said({.file = file, .features = 4, .model = ForModel{{"0", "1"}, {}}});
  };
  EXPECT_THAT(for_model(open), HasSubstr("open.svm: no row has index 0; it is taken to count features from 1; if it "
                                         "counts from 0, put 0:0 into a row"));
  EXPECT_THAT(for_model(write("four.svm", "1 1:5 4:1\n")), Not(HasSubstr("no row has index 0")));
}

TEST_F(ImportLibsvm, HasTheFeaturesThatAreAskedFor) {
  const std::string file = write("f.svm", "0 1:1\n1 2:2\n");
  import_libsvm({.file = file, .features = 4}, path("out.h5"));
  EXPECT_THAT(x_of(Dataset::open(path("out.h5")).split("train")), ElementsAre(1, 0, 0, 0, 0, 2, 0, 0));
  expect_error([&] { import_libsvm({.file = file, .features = 1}, path("no.h5")); }, ExitStatus::bad_data,
               {"f.svm: index 2 with --features 1"});
  expect_error([&] { import_libsvm({.file = file, .features = -1}, path("no.h5")); }, ExitStatus::usage,
               {"--features is -1"});
}

TEST_F(ImportLibsvm, DrawsRowsOfSplitsFromTheFile) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += std::to_string(i % 2) + " 1:" + std::to_string(i) + "\n";
  import_libsvm({.file = write("d.svm", text), .split = {.test_fraction = 0.3, .validation_fraction = 0.2}},
                path("out.h5"));
  const Dataset data = Dataset::open(path("out.h5"));
  std::vector<bool> seen(100);
  for (const std::string& name : data.names()) {
    const std::vector<float> x = x_of(data.split(name));
    const std::vector<std::int32_t> y = labels_of(data.split(name));
    for (std::size_t i = 0; i < x.size(); ++i) {
      EXPECT_EQ(static_cast<int>(x[i]) % 2, y[i]);
      seen[static_cast<std::size_t>(x[i])] = true;
    }
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), true), 100);
}

TEST_F(ImportLibsvm, SortsClassesAsNumbers) {
  const Dataset data = import("10 1:1\n9 1:1\n2 1:1\n");
  EXPECT_THAT(data.class_names(), ElementsAre("2", "9", "10"));
  EXPECT_THAT(labels_of(data.split("train")), ElementsAre(2, 1, 0));
}

TEST_F(ImportLibsvm, MakesTargetsOfOtherNumbers) {
  const Dataset data = import("0.5 1:1\n2 1:1\n");
  EXPECT_EQ(data.classes(), 0);
  EXPECT_THAT(targets_of(data.split("train")), ElementsAre(0.5F, 2.0F));
}

TEST_F(ImportLibsvm, KeepsWholeNumbersThatAreToBePredicted) {
  import_libsvm({.file = write("r.svm", "-3 1:1\n2 1:1\n"), .regression = true}, path("r.h5"));
  EXPECT_THAT(targets_of(Dataset::open(path("r.h5")).split("train")), ElementsAre(-3.0F, 2.0F));
}

TEST_F(ImportLibsvm, NamesTheLineOfAMistake) {
  expect_refused("", {"t.svm: the file holds no row"});
  expect_refused("1\n2\n", {"no row holds a feature"});
  expect_refused("1 1:1\nx 1:1\n", {"t.svm:2: label \"x\""});
  expect_refused("1 67108865:1\n", {"t.svm:1: \"67108865:1\"", "67108864"});
  expect_refused("nan 1:1\n", {"t.svm:1: label \"nan\""});
  expect_refused("1 1:1\n1 2\n", {"t.svm:2: \"2\" is no index:value"});
  expect_refused("1 -1:1\n", {"t.svm:1: \"-1:1\"", "from 0 or 1"});
  expect_refused("1 0:1 67108864:1\n", {"t.svm: indices 0 to 67108864 are 67108865 features"});
  expect_refused("1 0:1 0:1\n", {"t.svm:1: index 0 occurs twice"});
  expect_refused("1 2:1 3:1 2:1\n", {"t.svm:1: index 2 occurs twice"});
  expect_refused(std::string("\xff\xfe") + "1\0", {"t.svm:1: the file is UTF-16"});
  expect_refused("1 1:\n", {"t.svm:1: \"1:\"", "finite"});
  expect_refused("1 1:inf\n", {"t.svm:1: \"1:inf\"", "finite"});
  expect_error([&] { import_libsvm({.file = path("nowhere")}, path("out.h5")); }, ExitStatus::no_input, {"nowhere"});
}

}  // namespace
}  // namespace shoal
