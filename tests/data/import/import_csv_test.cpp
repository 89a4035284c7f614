#include "../data_files.hpp"
#include "shoal/data/import.hpp"
#include "shoal/io/names.hpp"

namespace shoal {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ImportCsv : public DataFiles {
 protected:
  Dataset import(const std::string& text, CsvOptions options) {
    options.file = write("t.csv", text);
    import_csv(options, path("out.h5"));
    return Dataset::open(path("out.h5"));
  }
  Split train(const std::string& text, const CsvOptions& options) { return import(text, options).split("train"); }
  void expect_refused(const std::string& text, const CsvOptions& options, const std::vector<std::string>& words,
                      ExitStatus status = ExitStatus::bad_data) {
    expect_error([&] { import(text, options); }, status, words);
  }
  std::vector<std::string> columns() const {
    return read_names(H5Reader(path("out.h5")), "columns").value_or(std::vector<std::string>{});
  }
};

TEST_F(ImportCsv, TakesTheLabelByName) {
  const Dataset data = import("a,kind,b\r\n1,dog,2\r\n3,cat,4\r\n\r\n", {.label = "kind"});
  EXPECT_THAT(x_of(data.split("train")), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(labels_of(data.split("train")), ElementsAre(1, 0));
  EXPECT_THAT(data.class_names(), ElementsAre("cat", "dog"));
  EXPECT_THAT(data.shape(), ElementsAre(2));
  EXPECT_THAT(columns(), ElementsAre("a", "b"));
}

TEST_F(ImportCsv, TakesTheLabelByNumberAndFindsTheHeader) {
  EXPECT_EQ(train("7,1,2\n8,3,4\n", {.label = "0"}).rows(), 2);
  EXPECT_EQ(train("y,1,2\n8,3,4\n", {.label = "0", .classes = true}).rows(), 2) << "the label alone makes no header";
  expect_refused("y,1,2\n8,3,4\n", {.label = "0"}, {"t.csv:1: label \"y\" is no number"});
  EXPECT_EQ(train("y,a,b\n8,3,4\n", {.label = "0"}).rows(), 1);
  EXPECT_EQ(train("7,1,2\n8,3,4\n", {.label = "0", .header = true}).rows(), 1);
  EXPECT_THAT(columns(), ElementsAre("1", "2"));
  expect_refused("y,a,b\n8,3,4\n", {.label = "0", .header = false},
                 {"t.csv:1: column 1 (\"1\") is \"a\", not a number"});
}

TEST_F(ImportCsv, NeedsNoLabel) {
  const Split split = train("a,b\n1,2\n", {});
  EXPECT_FALSE(split.has_labels());
  EXPECT_FALSE(split.has_targets());
  EXPECT_THAT(x_of(split), ElementsAre(1, 2));
  EXPECT_THAT(x_of(train("1,2\n", {})), ElementsAre(1, 2));
}

TEST_F(ImportCsv, KeepsBytesAsBytes) {
  EXPECT_EQ(train("0,255,1\n7,8,0\n", {.label = "2"}).element_type(), ElementType::uint8);
  EXPECT_EQ(train("0,256,1\n", {.label = "2"}).element_type(), ElementType::float32);
  EXPECT_EQ(train("0,-1,1\n", {.label = "2"}).element_type(), ElementType::float32);
  EXPECT_EQ(train("0,0.5,1\n", {.label = "2"}).element_type(), ElementType::float32);
  EXPECT_THAT(x_of(train("0.1,-2e3,1\n", {.label = "2"})), ElementsAre(0.1F, -2000.0F));
}

TEST_F(ImportCsv, MakesFloatTargetsOfOtherNumbers) {
  const Dataset data = import("1,0.5\n2,1\n", {.label = "1"});
  EXPECT_EQ(data.classes(), 0);
  EXPECT_THAT(targets_of(data.split("train")), ElementsAre(0.5F, 1.0F));
  EXPECT_EQ(H5Reader(path("out.h5")).attribute<std::int64_t>("classes"), 0);
}

TEST_F(ImportCsv, KeepsWholeNumbersThatAreToBePredicted) {
  const Dataset data = import("size,price\n1,200000\n2,-1\n3,20210101\n", {.label = "price", .regression = true});
  EXPECT_EQ(data.classes(), 0);
  EXPECT_THAT(targets_of(data.split("train")), ElementsAre(200000.0F, -1.0F, 20210101.0F));
  expect_refused("1,2\n3,x\n", {.label = "1", .regression = true},
                 {"t.csv:2", "column \"1\" is \"x\", not a finite number"});
  expect_refused("1,2\n", {.regression = true}, {"--regression needs --label"}, ExitStatus::usage);
  import_csv({.file = write("classes.csv", "1,a\n"), .label = "1"}, path("classes.h5"));
  expect_refused("1,2\n", {.label = "1", .like = path("classes.h5"), .regression = true}, {"has classes"},
                 ExitStatus::usage);
}

TEST_F(ImportCsv, KeepsNamesThatNoAttributeHolds) {
  std::string text;
  for (int column = 0; column < 6000; ++column) text += "gene_" + std::to_string(100000000 + column) + ",";
  text += "y\n";
  for (int column = 0; column < 6000; ++column) text += "1,";
  const Dataset data = import(text + "900\n", {.label = "y"});
  EXPECT_THAT(columns(), ::testing::SizeIs(6000));
  EXPECT_EQ(columns().back(), "gene_100005999");
  EXPECT_THAT(data.shape(), ElementsAre(6000));
  EXPECT_EQ(data.class_names().back(), "900");
  EXPECT_THAT(labels_of(data.split("train")), ElementsAre(0));
}

TEST_F(ImportCsv, RefusesNamesThatOccurTwice) {
  expect_refused("a,b,a,y\n1,2,3,0\n", {.label = "y"}, {"t.csv:1", "columns 0 and 2", "\"a\"", "rename"});
  expect_refused("a,b,a\n1,2,0\n", {.label = "2"}, {"t.csv:1", "columns 0 and 2"});
  import("a,b,a,y\n1,2,3,0\n", {.label = "3", .ignore = "0"});
  EXPECT_THAT(columns(), ElementsAre("b", "a"));
}

TEST_F(ImportCsv, TakesAShape) {
  const Dataset data = import("1,2,3,4,5,6,0\n", {.label = "6", .shape = {2, 3}});
  EXPECT_THAT(data.shape(), ElementsAre(2, 3));
  EXPECT_TRUE(data.split("train").holds_images());
  EXPECT_FALSE(train("1,2,3,4,5,6,0\n", {.label = "6"}).holds_images());
  EXPECT_FALSE(train("1,2,3,4,5,6.5,0\n", {.label = "6", .shape = {2, 3}}).holds_images());
  const std::int64_t large = std::int64_t{1} << 62;
  for (const std::vector<std::int64_t>& shape : {std::vector<std::int64_t>{2, 2}, {7}, {large, 4, 6}, {0, 6}, {-1, -6}})
    expect_refused("1,2,3,4,5,6,0\n", {.label = "6", .shape = shape}, {"--shape", "6 feature columns"},
                   ExitStatus::usage);
  std::filesystem::rename(path("out.h5"), path("like.h5"));
  expect_refused("1,2,3,4,5,6\n", {.like = path("like.h5"), .shape = {6}}, {"--shape and --like"}, ExitStatus::usage);
  expect_refused("1,2\n", {.label = "1", .regression = true, .classes = true}, {"--classes", "--regression"},
                 ExitStatus::usage);
}

TEST_F(ImportCsv, ReadsQuotesAndGzip) {
  const Dataset plain = import("\"a, b\",y\n\"1\",\"x \"\"1\"\"\"\n2,z\n", {.label = "y"});
  EXPECT_THAT(plain.class_names(), ElementsAre("x \"1\"", "z"));
  EXPECT_THAT(columns(), ElementsAre("a, b"));
  import_csv({.file = write_gzip("t.csv.gz", bytes_of(path("t.csv"))), .label = "y"}, path("gz.h5"));
  EXPECT_EQ(Dataset::open(path("gz.h5")).content(), plain.content());
}

TEST_F(ImportCsv, TakesClassesAndColumnsFromAnotherSet) {
  import("a,b,y\n1,2,cat\n3,4,dog\n5,6,eel\n", {.label = "y"});
  std::filesystem::rename(path("out.h5"), path("like.h5"));
  const CsvOptions like{.label = "y", .like = path("like.h5")};
  const Dataset data = import("y,extra,b,a\neel,x,20,10\n", like);  // another order, a column more
  EXPECT_THAT(x_of(data.split("train")), ElementsAre(10, 20));
  EXPECT_THAT(labels_of(data.split("train")), ElementsAre(2));
  EXPECT_THAT(data.class_names(), ElementsAre("cat", "dog", "eel"));
  EXPECT_EQ(data.split("train").element_type(), ElementType::uint8);
  EXPECT_EQ(train("y,a,b\neel,300,1\n", like).element_type(), ElementType::float32);

  const Dataset unlabelled = import("a,b,y\n1,2,cat\n", {.like = path("like.h5")});  // y is not asked for
  EXPECT_THAT(x_of(unlabelled.split("train")), ElementsAre(1, 2));
  EXPECT_FALSE(unlabelled.split("train").has_labels());
  const Dataset headless = import("7,8,dog\n", {.label = "2", .like = path("like.h5")});
  EXPECT_THAT(labels_of(headless.split("train")), ElementsAre(1));

  expect_refused("a,b,y\n1,2,cow\n", like, {"t.csv:2", "\"cow\"", "3 classes"});
  expect_refused("a,c,y\n1,2,cat\n", like, {"no column \"b\"", "like.h5"});
  expect_refused("1,2,3,cat\n", {.label = "3", .like = path("like.h5")}, {"3 feature columns", "has 2"});
  expect_refused("1,2\n", {.like = path("nowhere.h5")}, {"nowhere.h5"}, ExitStatus::no_input);
}

TEST_F(ImportCsv, CategoriesHaveTheNumbersOfAnotherSet) {
  import("town,sure,y\nayr,no,1\nbath,yes,0\nyork,no,1\n", {.label = "y"});
  std::filesystem::rename(path("out.h5"), path("like.h5"));
  const CsvOptions like{.label = "y", .like = path("like.h5")};
  const Dataset data = import("town,sure,y\nyork,yes,1\nbath,yes,0\n", like);
  EXPECT_THAT(x_of(data.split("train")), ElementsAre(2, 1, 1, 1)) << "not 1 and 0, as the file alone would have it";
  EXPECT_THAT(data.table()->features[0].categories, ElementsAre("ayr", "bath", "york"));
  EXPECT_THAT(data.table()->features[1].categories, ElementsAre("no", "yes"));
  write("t.csv", "town,sure,y\nyork,yes,1\ncork,yes,0\n");
  std::filesystem::remove(path("out.h5"));
  CsvOptions options = like;
  options.file = path("t.csv");
  const DatasetSummary summary = import_csv(options, path("out.h5"));
  EXPECT_THAT(Dataset::open(path("out.h5")).table()->features[0].categories,
              ElementsAre("ayr", "bath", "cork", "york"));
  EXPECT_THAT(summary.notes, Contains(HasSubstr("column \"town\": 1 category that")));
}

TEST_F(ImportCsv, TakesTheShapeAndTargetsOfAnotherSet) {
  H5Writer writer(path("like.h5"));
  put(writer, "train/x", {1, 2, 2}, std::vector<float>{1, 2, 3, 4});
  put(writer, "train/y", {1}, std::vector<float>{1.5F});
  writer.finish();
  const Dataset data = import("1,2,3,4,5\n", {.label = "4", .like = path("like.h5")});
  EXPECT_THAT(data.shape(), ElementsAre(2, 2));
  EXPECT_THAT(targets_of(data.split("train")), ElementsAre(5.0F));
  EXPECT_EQ(data.split("train").element_type(), ElementType::float32);
}

TEST_F(ImportCsv, NamesLineAndColumnOfABadCell) {
  const CsvOptions options{.label = "y"};
  expect_refused("a,b,y\n1,2,0\n1,abc,0\n", options, {"t.csv:3: column 1 (\"b\") is \"abc\", not a number"});
  const CsvOptions shaped{.label = "y", .shape = {2}};  // has no place for a missing cell
  expect_refused("a,b,y\n1,2,0\n,3,0\n", shaped, {"t.csv:3: column 0 (\"a\") is empty", "--shape"});
  expect_refused("a,b,y\n1,nan,0\n", shaped, {"t.csv:2: column 1", "\"nan\"", "--shape"});
  expect_refused("a,b,y\n1,1e400,0\n1,2,0\n", options, {"t.csv:2: column 1", "\"1e400\""});
  expect_refused("a,b,y\n1,2,0\n1,2\n", options, {"t.csv:3: 2 cells where line 1 has 3"});
  expect_refused("a,b,y\n1,2,0\n1,2,3,4\n", options, {"t.csv:3: 4 cells"});
  expect_refused("a,b,y\n1,2,0\n1,2,\n", options, {"t.csv:3: the label is empty"});
  expect_refused("a,b,y\n1,2,0\n\n1,2,0\n", options, {"t.csv:3: a blank line"});
}

TEST_F(ImportCsv, RefusesFilesAndLabelsThatDoNotFit) {
  expect_refused("", {}, {"t.csv: the file is empty"});
  expect_refused("a,b\n", {.label = "b"}, {"no row below the header"});
  expect_refused("b\n1\n", {.label = "b"}, {"features are needed"});
  expect_refused("pixel,label\n1,2\n", {.label = "lable"}, {"lable", "did you mean \"label\""}, ExitStatus::usage);
  expect_refused("1,2\n", {.label = "2"}, {"2 columns", "0..1"}, ExitStatus::usage);
  expect_refused("a,a,y\n1,2,0\n", {.label = "a"}, {"several columns", "number"}, ExitStatus::usage);
  expect_refused("a,b\n1,2\n", {.label = "b", .header = false}, {"--header no"}, ExitStatus::usage);
  expect_error([&] { import_csv({.file = path("nowhere.csv")}, path("out.h5")); }, ExitStatus::no_input,
               {"nowhere.csv"});
  EXPECT_FALSE(std::filesystem::exists(path("out.h5")));
}

TEST_F(ImportCsv, ReadsTheDigitsThatShip) {
  const std::string file = std::string(SHOAL_SOURCE_DIR) + "/data/digits.csv.gz";
  const CsvOptions options{.file = file, .label = "label", .split = {.test_fraction = 0.2}};
  const DatasetSummary summary = import_csv(options, path("a.h5"));
  const Dataset data = Dataset::open(path("a.h5"));
  EXPECT_EQ(data.split("train").rows(), 1438);
  EXPECT_EQ(data.split("test").rows(), 359);
  EXPECT_EQ(data.classes(), 10);
  EXPECT_EQ(data.split("train").features(), 64);
  EXPECT_EQ(data.split("train").element_type(), ElementType::uint8);
  EXPECT_EQ(data.content(), summary.content);
  import_csv(options, path("b.h5"));
  EXPECT_EQ(bytes_of(path("a.h5")), bytes_of(path("b.h5")));
}

}  // namespace
}  // namespace shoal
