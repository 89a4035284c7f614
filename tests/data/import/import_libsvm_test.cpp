#include "../data_files.hpp"
#include "shoal/data/import.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;

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
  expect_refused("1 0:1 67108864:1\n", {"t.svm: indices 0 to 67108864"});
  expect_refused("1 0:1 0:1\n", {"t.svm:1: \"0:1\" follows index 0"});
  expect_refused("1 qid:1 1:1\n", {"t.svm:1: \"qid:1\""});
  expect_refused("1 2:1 2:1\n", {"t.svm:1: \"2:1\" follows index 2"});
  expect_refused("1 1:\n", {"t.svm:1: \"1:\"", "finite"});
  expect_refused("1 1:inf\n", {"t.svm:1: \"1:inf\"", "finite"});
  expect_error([&] { import_libsvm({.file = path("nowhere")}, path("out.h5")); }, ExitStatus::no_input, {"nowhere"});
}

}  // namespace
}  // namespace shoal
