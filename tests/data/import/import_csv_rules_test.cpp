// What import_csv() makes of files as people have them.
#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <tuple>

#include "../data_files.hpp"
#include "shoal/core/json.hpp"
#include "shoal/data/import.hpp"
#include "shoal/tensor/parallel.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class CsvRules : public DataFiles {
 protected:
  Dataset import(const std::string& text, CsvOptions options) {
    options.file = write("t.csv", text);
    std::filesystem::remove(path("out.h5"));
    summary_ = import_csv(options, path("out.h5"));
    return Dataset::open(path("out.h5"));
  }
  void expect_refused(const std::string& text, const CsvOptions& options, const std::vector<std::string>& words,
                      ExitStatus status = ExitStatus::bad_data) {
    expect_error([&] { import(text, options); }, status, words);
    EXPECT_FALSE(std::filesystem::exists(path("out.h5")));
  }
  static std::vector<double> values_of(const Split& split) {
    std::vector<double> x(static_cast<std::size_t>(split.rows() * split.features()));
    split.read_values(all_rows(split), x);
    return x;
  }
  std::string notes() const {
    std::string all;
    for (const std::string& note : summary_.notes) all += note + '\n';
    return all;
  }
  const DatasetSummary::FileColumn& column(const std::string& name) const {
    for (const auto& column : summary_.columns) {
      if (column.name == name) return column;
    }
    throw std::out_of_range(name);
  }
  DatasetSummary summary_;
  int imported_ = 0;
};

bool is_missing(double value) { return std::isnan(value); }

TEST_F(CsvRules, DatesOfAColumnTellTheirOrder) {
  const auto first_of = [&](const std::string& cells, const CsvOptions& options = {.label = "y"}) {
    return values_of(import("when,y\n" + cells, options).split("train")).front();
  };
  const double day = 1517097600;  // 2018-01-28
  EXPECT_EQ(first_of("28/01/2018,a\n,b\n02/03/2018,a\n"), day);
  EXPECT_THAT(notes(), HasSubstr("dates have the day first (such as 28/01/2018; --date-order)"));
  EXPECT_EQ(column("when").type, "date");
  EXPECT_EQ(first_of("1/28/2018,a\nNA,b\n2/3/2018,a\n"), day);
  EXPECT_THAT(notes(), HasSubstr("the month first (such as 1/28/2018;"));
  EXPECT_THAT(summary_.columns_text, HasSubstr("date_order = \"mdy\""));
  EXPECT_EQ(first_of("28.01.2018,a\n-,b\n"), day);
  EXPECT_THAT(notes(), Not(HasSubstr("--date-order"))) << "nothing was guessed";
  expect_refused("when,y\n01/02/2018,a\n03/04/2018,b\n", {.label = "y"},
                 {"\"01/02/2018\" may be a date with its day first or its month", "--date-order dmy", "mdy"});
  expect_refused("when,then,y\n28/01/2018,01/28/2018,a\n", {.label = "y"}, {"write all dates alike"});
  EXPECT_EQ(first_of("02/01/2018,a\n", {.label = "y", .date_order = DateOrder::day_first}), day - 26 * 86400);
  EXPECT_EQ(first_of("01/28/2018,a\n", {.label = "y", .category = "when"}), 0) << "names";
  expect_refused("when,y\n28/01/2018,a\n29/01/2018,b\n01/30/2018,a\n",
                 {.label = "y", .date_order = DateOrder::day_first},
                 {"\"01/30/2018\", not a date", "2 of its 3 cells are dates"});
  EXPECT_EQ(first_of("5/6/18,a\n-,b\n", {.label = "y"}), 1) << "a text";
  EXPECT_THAT(column("when").reason, HasSubstr("if \"5/6/18\" is a number or a date, write it like"));
}

TEST_F(CsvRules, DatesAreReadAsInTheSetThatIsLike) {
  import("when,y\n1/28/2018,a\n2/3/2018,b\n", {.label = "y"});
  std::filesystem::rename(path("out.h5"), path("like.h5"));
  EXPECT_EQ(Dataset::open(path("like.h5")).table()->date_order, DateOrder::month_first);
  const Split split = import("when,y\n02/01/2018,a\n", {.label = "y", .like = path("like.h5")}).split("train");
  EXPECT_THAT(values_of(split), ElementsAre(1517443200)) << "2018-02-01";
}

TEST_F(CsvRules, NumbersKeepTheirValue) {
  const Split dates = import("day,y\n20180128,0\n20180129,1\n", {.label = "y"}).split("train");
  EXPECT_EQ(dates.element_type(), ElementType::float64);
  EXPECT_THAT(values_of(dates), ElementsAre(20180128, 20180129));
  EXPECT_THAT(values_of(import("s\n1517097600\n1517097601\n0.1\n", {}).split("train")),
              ElementsAre(1517097600, 1517097601, 0.1));
  const Split brief = import("a\n0.1\n61.50\n-2e3\n", {}).split("train");
  EXPECT_EQ(brief.element_type(), ElementType::float32) << "6 digits read back";
  EXPECT_THAT(values_of(brief), ElementsAre(0.1F, 61.5, -2000));
  EXPECT_EQ(import("a\n16777216\n0.5\n", {}).split("train").element_type(), ElementType::float32) << "exact";
  EXPECT_EQ(import("a\n1e39\n0.5\n", {}).split("train").element_type(), ElementType::float64);
  const Dataset targets = import("a,y\n1,20180128.5\n2,20180129\n", {.label = "y"});
  EXPECT_EQ(H5Reader(path("out.h5")).array("train/y").type, ElementType::float64);
}

/// Rows that go to the spool as floats of few digits are doubles in the end.
TEST_F(CsvRules, NumbersKeepTheirValueInEveryBlock) {
  set_threads(2);
  std::string text = "a,b\n";
  for (int i = 0; i < 200000; ++i) text += i == 199999 ? "0.123456789,1\n" : "0.1,0.300000011920928955078125\n";
  const std::vector<double> x = values_of(import(text, {}).split("train"));
  EXPECT_EQ(x[0], 0.1);
  EXPECT_EQ(x[1], 0.300000011920928955078125);
  EXPECT_EQ(x[2 * 199999], 0.123456789);
  set_threads(1);
  std::string brief = "a\n";
  for (int i = 0; i < 300000; ++i) brief += i < 299999 ? "0.1\n" : "0.123456789\n";
  const std::string content = import(brief, {}).content();
  EXPECT_EQ(values_of(Dataset::open(path("out.h5")).split("train"))[5], 0.1);
  set_threads(3);
  EXPECT_EQ(import(brief, {}).content(), content) << "a function of the bytes, not of threads";
  set_threads(1);
}

/// Whichever thread comes upon which mistake, and when.
TEST_F(CsvRules, TheFirstOfSeveralMistakesIsTold) {
  set_threads(3);
  const std::string row = "1111111111111111,1111111111111111\n";
  constexpr std::size_t rows = 450000;  // more blocks than three threads have on their way
  std::string text = "a,b\n";
  for (std::size_t i = 0; i < rows; ++i) text += row;
  const auto cut_short = [&] {
    const std::string whole = bytes_of(write_gzip("whole.gz", text));
    return CsvOptions{.file = write("cut.gz", whole.substr(0, whole.size() - 9))};
  };
  expect_error([&] { import_csv(cut_short(), path("out.h5")); }, ExitStatus::bad_data, {"cut.gz: the gzip data is"});
  for (const auto& [line, cells, words] : {std::tuple{170000, "\"1\"1,1", "text follows a closing"},
                                           {110000, "1", "1 cell where line 1 has 2"},
                                           {60000, "\"1\"1,1", "text follows a closing"}}) {
    const std::string told = std::to_string(line) + ": " + words;
    text.replace(4 + (static_cast<std::size_t>(line) - 2) * row.size(), row.size() - 1, cells);
    for (int i = 0; i < 5; ++i) expect_refused(text, {}, {"t.csv:" + told});
    expect_error([&] { import_csv(cut_short(), path("out.h5")); }, ExitStatus::bad_data, {"cut.gz:" + told});
  }
  set_threads(1);
}

/// New texts of a block are placed one after the other; the first row of some is far behind another's.
TEST_F(CsvRules, TextsHaveTheirLines) {
  std::string text = "name,a\n";
  for (int i = 0; i < 200000; ++i) text += (i % 50 == 49 ? "n" + std::to_string(i / 40000) : "same") + ",1.5\n";
  for (const int line : {180002, 120002, 3}) {
    text.replace(text.find('\n', 9 * static_cast<std::size_t>(line - 3) + 7) + 1, 1, "\xE9");
    const auto before = text.substr(0, text.find('\xE9'));
    const auto told = std::to_string(1 + std::count(before.begin(), before.end(), '\n'));
    expect_refused(text, {}, {"t.csv:" + told + ": column \"name\" is", "which is not UTF-8"});
  }
}

/// Rows go from blocks of the file to pieces of what is written, some here and some there.
TEST_F(CsvRules, RowsAreWrittenWhole) {
  constexpr int rows = 100000;  // three blocks
  std::string text = "a,b\n";
  const auto cell = [](int row) { return std::to_string(row) + ".123456789012"; };
  for (int i = 0; i < rows; ++i) text += cell(i) + ",-" + std::to_string(i) + ".5\n";
  const Dataset data = import(text, {.split = {.test_fraction = 0.3}});
  std::set<int> seen;
  for (const char* const part : {"test", "train"}) {
    const std::vector<double> x = values_of(data.split(part));
    for (std::size_t i = 0; i < x.size(); i += 2) {
      const int row = static_cast<int>(x[i]);
      ASSERT_EQ(x[i], std::stod(cell(row)));
      ASSERT_EQ(x[i + 1], -row - 0.5);
      seen.insert(row);
    }
  }
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(rows));
}

TEST_F(CsvRules, CellsMayBeMissing) {
  const Dataset data = import("a,b,c\n1,x,2018-01-28\n,y,NA\nNA,,2018-01-29\n?,NA,\n", {});
  const std::vector<double> x = values_of(data.split("train"));
  EXPECT_EQ(x[0], 1);
  for (const std::size_t i : {3U, 6U, 9U, 5U, 11U, 7U}) EXPECT_TRUE(is_missing(x[i])) << i;
  EXPECT_EQ(x[2], 1517097600.0);
  const auto& features = data.table()->features;
  EXPECT_EQ(features[1].type, ColumnType::category);
  EXPECT_THAT(features[1].categories, ElementsAre("NA", "x", "y")) << "Namibia is no missing cell";
  EXPECT_EQ(x[10], 0);
  EXPECT_EQ(features[2].type, ColumnType::date);
  EXPECT_EQ(column("a").missing, 3);
  const std::vector<double> other =
      values_of(import("a\n1\n-999\n-999.0\n2\n", {.missing = "-999,none"}).split("train"));
  EXPECT_TRUE(is_missing(other[1]) && is_missing(other[2]) && !is_missing(other[3]));
  expect_refused("a,b\n1,2\n3,4\nNA,5\n", {.missing = "-999"},
                 {"t.csv:4: column 0 (\"a\") is \"NA\"", "--missing \"NA\""});
}

TEST_F(CsvRules, TextsAreCategories) {
  const Dataset data = import("kind,sure,code\nb,yes,7\na,no,8\nb,yes,07\n", {.category = "code"});
  const auto& features = data.table()->features;
  EXPECT_THAT(features[0].categories, ElementsAre("a", "b"));
  EXPECT_EQ(features[0].type, ColumnType::flag);
  EXPECT_THAT(features[2].categories, ElementsAre("07", "7", "8"));
  EXPECT_EQ(features[2].type, ColumnType::category);
  EXPECT_THAT(values_of(data.split("train")), ElementsAre(1, 1, 1, 0, 0, 2, 1, 1, 0));
  EXPECT_THAT(column("kind").content, HasSubstr("2 texts: a, b"));
}

TEST_F(CsvRules, TextsThatTellRowsApartAreNoCategories) {
  std::string names = "name,a\n";
  for (int i = 0; i < 30; ++i) names += "name" + std::to_string(i) + ",1.5\n";
  expect_refused(
      names, {},
      {"t.csv: column 0 (\"name\")", "30 different texts in 30 rows", "--ignore name", "--id", "--category"});
  EXPECT_THAT(import(names, {.category = "name"}).table()->features[0].categories, ::testing::SizeIs(30));
  const Dataset kept = import(names, {.id = "name"});
  EXPECT_THAT(kept.table()->ids, ElementsAre("name"));
  std::vector<std::string> texts(2);
  kept.split("train").read_ids(0, std::vector<std::int64_t>{0, 29}, texts);
  EXPECT_THAT(texts, ElementsAre("name0", "name29"));
  EXPECT_THAT(import(names, {.ignore = "0"}).table()->names(), ElementsAre("a"));
  std::string many = "name,a\n";
  for (int i = 0; i < 3000; ++i) many += "name" + std::to_string(i % 1200) + ",1.5\n";
  expect_refused(many, {}, {"1200 different texts"});
}

TEST_F(CsvRules, ATextAmongDatesIsNoDate) {
  expect_refused("day,y\n2019-02-29,0\n2019-03-01,1\n2019-03-02,1\n", {.label = "y"},
                 {"\"2019-02-29\", not a date such as 2018-01-28, and 2 of its 3 cells are dates"});
}

/// Numbers to the end, then a text: nothing that was read before may stay a number.
TEST_F(CsvRules, ATextFarBelowIsNotLost) {
  std::string text = "code,a\n";
  for (int i = 0; i < 300000; ++i) text += std::to_string(i % 3) + ",1\n";
  expect_refused(text + "x,1\n", {},
                 {"t.csv:300002: column 0 (\"code\") is \"x\", not a number, and 300000 of its 300001"});
  text = "code,a\n";
  for (int i = 0; i < 150000; ++i) text += i == 0 ? "007,1\n" : ",1\n";
  for (int i = 0; i < 5; ++i) text += i % 2 == 0 ? "x,1\n" : "NA,1\n";
  EXPECT_THAT(import(text, {}).table()->features[0].categories, ElementsAre("007", "NA", "x"));
}

TEST_F(CsvRules, LabelsWithGapsAreAsked) {
  const std::string text = "a,y\n1,17\n2,NA\n3,18.5\n4,\n";
  expect_refused(text, {.label = "y"},
                 {"t.csv:3: label \"NA\" is no number", "\"17\" at ", "--drop-unlabelled", "--classes", "2 of 4"});
  const Dataset data = import(text, {.label = "y", .drop_unlabelled = true});
  EXPECT_THAT(targets_of(data.split("train")), ElementsAre(17, 18.5F));
  EXPECT_THAT(values_of(data.split("train")), ElementsAre(1, 3));
  EXPECT_THAT(notes(), HasSubstr("rows: 4, of which 2 have no label"));
  EXPECT_EQ(import("a,y\n1,0\n2,1\n3,NA\n", {.label = "y", .drop_unlabelled = true}).classes(), 2);
  expect_refused("a,y\n1,x\n2,\n", {.label = "y"}, {"t.csv:3: the label is empty", "1 of 2", "--drop-unlabelled"});
  for (const bool dropped : {false, true})
    expect_refused("a,y\n1,\n2,\n", {.label = "y", .drop_unlabelled = dropped},
                   {"t.csv: no row has a label", "\"y\" is missing in 2 of 2 rows", "--label"});
  expect_refused("a,y\n1,NA\n2,\n", {.label = "y"}, {"t.csv: no row has a label", "--classes if \"NA\" is a name"});
}

TEST_F(CsvRules, LabelsAreClassesOrTargets) {
  const auto labels = [&](const std::vector<std::string>& cells, CsvOptions options = {}) {
    std::string text = "a,y\n";
    for (const std::string& cell : cells) text += "1," + cell + "\n";
    options.label = "y";
    return import(text, options);
  };
  EXPECT_THAT(labels({"-1", "1", "1"}).class_names(), ElementsAre("-1", "1"));
  EXPECT_EQ(labels({"-1", "0", "1"}).classes(), 0);
  EXPECT_THAT(column("y").reason, HasSubstr("below 0"));
  EXPECT_THAT(labels({"111000", "452000", "112000"}).class_names(), ElementsAre("111000", "112000", "452000"));
  EXPECT_THAT(column("y").content, HasSubstr("3 classes: 111000 (1), 112000 (1), 452000 (1)"));
  EXPECT_THAT(labels({"2", "0"}).class_names(), ElementsAre("0", "1", "2"));
  EXPECT_EQ(labels({"0.0", "1.0"}).classes(), 2);
  EXPECT_EQ(labels({"0.5", "1.5"}, {.classes = true}).classes(), 2);
  std::vector<std::string> prices;
  for (int i = 0; i < 300; ++i) prices.push_back(std::to_string(100 + i % 150));
  EXPECT_EQ(labels(prices).classes(), 0);
  EXPECT_THAT(column("y").reason, HasSubstr("150 different whole numbers in 300 rows; --classes"));
  EXPECT_EQ(labels(prices, {.classes = true}).classes(), 250);
  EXPECT_EQ(labels({"0", "1"}, {.regression = true}).classes(), 0);
  EXPECT_EQ(labels({"1e300", "1e301", "0.5"}, {.classes = true}).classes(), 3);
  expect_refused("a,y\n1,1e300\n2,0.5\n", {.label = "y"}, {"target \"y\"", "too large"});
  const Dataset two = import("a,y,z\n1,2,3\n4,5,6\n", {.label = "y,z"});
  EXPECT_THAT(targets_of(two.split("train")), ElementsAre(2, 3, 5, 6));
  EXPECT_THAT(two.table()->labels, ElementsAre("y", "z"));
}

TEST_F(CsvRules, ZerosInFrontThatAreLostAreSaid) {
  const std::string text = "zip,part,share,y\n01234,\"007\",00.5,01\n1234,8,0.5,02\n";
  import(text, {.label = "y"});
  EXPECT_THAT(column("zip").reason, HasSubstr("zeros in front, as in 01234, are lost; --category"));
  EXPECT_THAT(notes(), HasSubstr("column \"zip\": zeros in front of whole numbers, as in 01234 ("));
  EXPECT_THAT(notes(), HasSubstr("column \"part\": zeros in front of whole numbers, as in 007"));
  EXPECT_THAT(notes(), HasSubstr("column \"y\": zeros in front of whole numbers, as in 01 ("));
  EXPECT_THAT(notes(), HasSubstr("t.csv:2), are lost; --classes"));
  EXPECT_THAT(notes(), Not(HasSubstr("share"))) << "no whole numbers";
  const Dataset data = import(text, {.label = "y", .category = "zip,part", .classes = true});
  EXPECT_THAT(notes(), Not(HasSubstr("zeros")));
  EXPECT_THAT(data.class_names(), ElementsAre("01", "02"));
  EXPECT_THAT(data.table()->features[0].categories, ElementsAre("01234", "1234"));
}

TEST_F(CsvRules, HeadersAreFound) {
  const auto rows = [&](const std::string& text, const CsvOptions& options = {}) {
    return import(text, options).split("train").rows();
  };
  EXPECT_EQ(rows("0,1,2,3\n5,6,7,8\n"), 1) << "as pandas writes it";
  EXPECT_THAT(notes(),
              HasSubstr("line 1 names the columns (line 1 counts the columns from 0, as pandas does; --header"));
  EXPECT_EQ(rows(",0,1\n0,5,6.5\n1,7,8\n"), 2);
  EXPECT_EQ(column("column_0").role, "ignore") << column("column_0").reason;
  EXPECT_EQ(rows("5,?,7\n6,7,8\n"), 2) << "a missing number is no name";
  EXPECT_EQ(rows("5,x,7\n6,y,8\n"), 2);
  EXPECT_EQ(rows("a,b\nx,y\nx,z\n"), 2);
  expect_refused("5,x,7\n6,7,8\n", {}, {"t.csv:1: column 1 is \"x\"", "--header yes", "--header no"});
  EXPECT_EQ(rows("5,x,7\n6,7,8\n", {.header = true}), 1);
  EXPECT_EQ(rows("5,x,7\n6,7,8\n", {.missing = "x", .header = false}), 2);
  expect_refused("0,1\n1,0\n", {}, {"t.csv:1", "--header yes or --header no"});
  EXPECT_EQ(rows("0,1\n1,0\n", {.header = false}), 2);
}

TEST_F(CsvRules, FormsOfTextAreFound) {
  const auto x = [&](const std::string& text, const CsvOptions& options = {}) {
    return values_of(import(text, options).split("train"));
  };
  const auto expected = ElementsAre(1.5, 2, 3, -4.25);
  EXPECT_THAT(x("a,b\n1.5,2\n3,-4.25\n"), expected);
  EXPECT_THAT(x("a;b\n1,5;2\n3;-4,25\n"), expected);
  EXPECT_THAT(notes(), HasSubstr("decimal mark: comma"));
  EXPECT_THAT(x("a\tb\n1.5\t2\n3\t-4.25\n"), expected);
  EXPECT_THAT(x("a|b\n1.5|2\n3|-4.25\n"), expected);
  EXPECT_THAT(notes(), HasSubstr("between cells: pipe"));
  EXPECT_THAT(x("a   b\n 1.5 2\n3     -4.25\n"), expected);
  EXPECT_THAT(x("a,b,\n1.5,2,\n3,-4.25,\n"), expected) << "a final delimiter is no column";
  EXPECT_THAT(x("a,b\n1.5,2,\n3,-4.25,\n"), expected);
  EXPECT_THAT(x("1.5,2,\n3,-4.25,\n"), expected);
  EXPECT_THAT(x("a,b\r1.5,2\r3,-4.25\r"), expected);
  EXPECT_THAT(x("a:b\n1.5:2\n3:-4.25\n", {.delimiter = ':'}), expected);
  EXPECT_THAT(x("1,5;2\n3;-4,25\n", {.decimal = ','}), expected);
  expect_refused("a;b\n1,500;2\n3;4\n", {}, {"t.csv: the comma in \"1,500\"", "--decimal ,"});
  expect_refused("a,b\n1,2\n3\n", {}, {"t.csv:3: 1 cell where line 1 has 2"});
  expect_refused("a,b,\n1,2,\n3,4,5\n", {}, {"t.csv:3", "final delimiter"});
}

TEST_F(CsvRules, RolesAreTaken) {
  const Dataset data = import("id,w,part,x,y,junk\np1,1,train,5,0,a\np2,0.5,test,6,1,b\np3,2,val,7,1,c\n",
                              {.label = "y", .weight = "w", .id = "id", .split_column = "part", .ignore = "junk"});
  EXPECT_THAT(data.names(), ElementsAre("test", "train", "validation"));
  EXPECT_THAT(values_of(data.split("test")), ElementsAre(6));
  std::vector<double> weights(1);
  data.split("validation").read_weights(std::vector<std::int64_t>{0}, weights);
  EXPECT_EQ(weights[0], 2);
  EXPECT_EQ(data.table()->weight, "w");
  EXPECT_THAT(data.table()->names(), ElementsAre("x"));
  expect_refused("w,x\n1,2\n-1,3\n", {.weight = "w"}, {"t.csv:3: column \"w\" is \"-1\", below 0"});
  expect_refused("w,x\n1,2\n,3\n", {.weight = "w"}, {"t.csv:3: the weight in column \"w\" is missing"});
  expect_refused("s,x\ntrain,2\ntrian,3\n", {.split_column = "s"},
                 {"t.csv:3: column \"s\" says the split \"trian\"", "train"});
  expect_refused("a,x\n1,2\n", {.weight = "wheight"}, {"--weight wheight: no such column"}, ExitStatus::usage);
  expect_refused("weight,x\n1,2\n", {.weight = "wieght"}, {"did you mean \"weight\""}, ExitStatus::usage);
  expect_refused("a,x\n1,2\n", {.label = "a", .weight = "a"}, {"--label and --weight both name column \"a\""},
                 ExitStatus::usage);
  std::string groups = "g,x\n";
  for (int i = 0; i < 40; ++i) groups += "p" + std::to_string(i / 4) + "," + std::to_string(i / 4) + "\n";
  const Dataset grouped = import(groups, {.group = "g", .split = {.test_fraction = 0.2}});
  const std::vector<double> test = values_of(grouped.split("test"));
  for (const double value : values_of(grouped.split("train")))
    EXPECT_EQ(std::count(test.begin(), test.end(), value), 0) << value;
}

TEST_F(CsvRules, TestFilesAndFurtherFiles) {
  CsvOptions options{.label = "y"};
  options.further = {write("more.csv", "a,b,y\n5,6,1\n")};
  options.test = {write("test.csv", "extra,y,b,a\nq,1,8,7\n")};
  const Dataset data = import("a,b,y\n1,2,0\n", options);
  EXPECT_THAT(values_of(data.split("train")), ElementsAre(1, 2, 5, 6));
  EXPECT_THAT(values_of(data.split("test")), ElementsAre(7, 8));
  EXPECT_THAT(notes(), HasSubstr("test.csv: column \"extra\" is left out"));
  options.test = {write("test.csv", "y,a\n1,7\n")};
  expect_refused("a,b,y\n1,2,0\n", options, {"test.csv: no column \"b\""});
  options.test = {};
  options.further = {write("more.csv", "b,a,y\n5,6,1\n")};
  expect_refused("a,b,y\n1,2,0\n", options, {"more.csv:1: column 0 is \"b\"", "\"a\""});
}

TEST_F(CsvRules, AFileOfColumnsGivesTheSameBack) {
  const std::string text = "kind,code,w,y\na,1,1,0\nb,2,1,1\na,1,2,0\n";
  const std::string content = import(text, {.label = "y", .weight = "w", .category = "code"}).content();
  EXPECT_THAT(summary_.columns_text, HasSubstr("name = \"code\"\nrole = \"feature\"\ntype = \"category\"\n"));
  CsvOptions options;
  options.choices = csv_choices(
      Json::parse(
          R"({"header": true, "delimiter": ",", "column": [{"name": "code", "role": "feature", "type": "category"},
        {"name": "w", "role": "weight"}, {"name": "y", "role": "label", "type": "category"}]})"),
      "c.toml");
  EXPECT_EQ(import(text, options).content(), content);
  EXPECT_EQ(column("y").reason, "c.toml");
  options.choices.columns.back().type = "number";
  import(text, options);
  EXPECT_EQ(column("y").reason, "targets: c.toml");
  options.choices.columns.back().type = "category";
  options.label = "y";
  expect_refused(text, options, {"--label and --columns c.toml"}, ExitStatus::usage);
  expect_error([] { csv_choices(Json::parse(R"({"column": [{"name": "a", "role": "lable"}]})"), "c.toml"); },
               ExitStatus::usage, {"c.toml", "\"lable\"", "label"});
  expect_error([] { csv_choices(Json::parse(R"({"colum": 1})"), "c.toml"); }, ExitStatus::usage, {"\"colum\""});
  options.label = "";
  options.choices = csv_choices(Json::parse(R"({"column": [{"name": "kinds"}]})"), "c.toml");
  expect_refused(text, options, {"c.toml: column \"kinds\"", "\"kind\""}, ExitStatus::usage);
}

TEST_F(CsvRules, ManyColumnsOfLongNames) {
  std::string text;
  for (int c = 0; c < 3000; ++c)
    text += (c > 0 ? "," : "") + std::string("a_rather_long_name_of_a_gene_") + std::to_string(c);
  text += "\n";
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 3000; ++c) text += (c > 0 ? "," : "") + std::to_string(c % 7 + r);
    text += "\n";
  }
  const Dataset data = import(text, {});
  EXPECT_EQ(data.table()->features.size(), 3000U);
  EXPECT_EQ(data.table()->names().back(), "a_rather_long_name_of_a_gene_2999");
  EXPECT_EQ(values_of(data.split("train"))[3000 + 6], 7);
}

TEST_F(CsvRules, AColumnWithoutACellIsLeftOut) {
  const Dataset data = import("a,b\n1,\n2,\n", {});
  EXPECT_THAT(data.table()->names(), ElementsAre("a"));
  EXPECT_THAT(column("b").reason, HasSubstr("every cell is missing"));
  expect_refused("a,b\n,\n,\n", {.header = true}, {"every cell of all features is missing"});
}

TEST_F(CsvRules, AModelTakesColumnsByName) {
  const Dataset trained =
      import("a,kind,y,w,id\n1,x,cat,1,p\n2,z,dog,2,q\n", {.label = "y", .weight = "w", .id = "id"});
  CsvForModel wanted{.files = {write("new.csv", "more,w,kind,y,a,id\n7,3,new,dog,NA,r\n8,4,x,cat,5.5,s\n")},
                     .table = *trained.table(),
                     .class_names = trained.class_names()};
  const DatasetSummary summary = import_csv_for(wanted, path("new.h5"));
  const Dataset data = Dataset::open(path("new.h5"));
  EXPECT_THAT(data.names(), ElementsAre("test"));
  EXPECT_EQ(data.table()->names(), trained.table()->names());
  EXPECT_THAT(data.table()->features[1].categories, ElementsAre("new", "x"));
  const std::vector<double> x = values_of(data.split("test"));
  EXPECT_TRUE(is_missing(x[0]));
  EXPECT_THAT(std::vector<double>(x.begin() + 1, x.end()), ElementsAre(0, 5.5, 1));
  EXPECT_THAT(labels_of(data.split("test")), ElementsAre(1, 0));
  EXPECT_TRUE(data.split("test").has_weights());
  EXPECT_THAT(data.table()->ids, ElementsAre("id"));
  EXPECT_THAT(summary.notes, ElementsAre(HasSubstr("1 column left out")));

  const auto refused = [&](const std::string& text, const std::vector<std::string>& words) {
    wanted.files = {write("new.csv", text)};
    expect_error([&] { import_csv_for(wanted, path("no.h5")); }, ExitStatus::bad_data, words);
  };
  refused("kind,y\nx,cat\n", {"new.csv: no column \"a\", which the model has"});
  refused("a,kind,y\n1,x,cat\nword,x,cat\n", {"new.csv:3: column \"a\" is \"word\", not a finite number"});
  refused("a,kind,y\n2018-01-28,x,cat\n", {"new.csv:2: column \"a\"", "not a finite number"});
  refused("a,kind,y\n1,x,cow\n", {"new.csv:2", "\"cow\"", "2 classes"});
  wanted.files = {write("new.csv", "kind;a\n1,2;3,5\n")};  // one row, of which the look says little
  import_csv_for(wanted, path("row.h5"));
  EXPECT_EQ(values_of(Dataset::open(path("row.h5")).split("test"))[0], 3.5);
  wanted.labels = false;
  wanted.files = {write("new.csv", "a,kind,y\n1,x,cow\n")};
  import_csv_for(wanted, path("plain.h5"));
  EXPECT_FALSE(Dataset::open(path("plain.h5")).split("test").has_labels());
  wanted.files = {write("new.csv", "kind,a\n5,1\n")};  // a category stays one, whatever its cells look like
  import_csv_for(wanted, path("number.h5"));
  EXPECT_THAT(Dataset::open(path("number.h5")).table()->features[1].categories, ElementsAre("5"));
}

/// A row of the numbers that columns are called by is no header.
TEST_F(CsvRules, AModelOfAFileWithoutHeaderLosesNoRow) {
  const Dataset trained = import("1,0,1\n0,1,0\n", {.label = "2", .header = false});
  CsvForModel wanted{.files = {write("new.csv", "1,0\n1,1\n")}, .table = *trained.table()};
  import_csv_for(wanted, path("new.h5"));
  EXPECT_THAT(values_of(Dataset::open(path("new.h5")).split("test")), ElementsAre(1, 0, 1, 1));
}

TEST_F(CsvRules, LikeTakesColumnsByName) {
  std::string header;
  std::string turned;
  std::string row;
  std::string turned_row;
  constexpr int count = 6000;  // more names than an attribute of HDF5 holds
  for (int c = 0; c < count; ++c) {
    header += "column_of_some_length_" + std::to_string(c) + ",";
    row += std::to_string(c % 100) + ",";
    turned += "column_of_some_length_" + std::to_string(count - 1 - c) + ",";
    turned_row += std::to_string((count - 1 - c) % 100) + ",";
  }
  const Dataset like = import(header + "y\n" + row + "1\n" + row + "0\n", {.label = "y"});
  std::filesystem::rename(path("out.h5"), path("like.h5"));
  const Dataset data =
      import(turned + "y\n" + turned_row + "1\n" + turned_row + "0\n", {.label = "y", .like = path("like.h5")});
  EXPECT_EQ(values_of(data.split("train")), values_of(Dataset::open(path("like.h5")).split("train")));
  expect_refused("column_of_some_length_0,column_of_some_length_0,y\n1,2,0\n", {.label = "y", .like = path("like.h5")},
                 {"columns 0 and 1 are both called \"column_of_some_length_0\""});
}

TEST_F(CsvRules, LikeAnotherSetTheLabelIsNotTakenUnasked) {
  import("a,kind,w,extra\n1,x,1,0\n2,y,2,0\n", {.label = "kind", .weight = "w", .ignore = "extra"});
  std::filesystem::rename(path("out.h5"), path("like.h5"));
  const std::string later = "kind,w,other,a\nx,1,5,7\n";
  EXPECT_FALSE(import(later, {.like = path("like.h5")}).split("train").has_labels());
  EXPECT_THAT(column("kind").reason, HasSubstr("it was taken by --label"));
  EXPECT_THAT(column("w").reason, HasSubstr("it was taken by --weight"));
  EXPECT_THAT(column("other").reason, HasSubstr("has no column of that name"));
  EXPECT_TRUE(import(later, {.label = "kind", .like = path("like.h5")}).split("train").has_labels());
}

TEST_F(CsvRules, AColumnThatNumbersTheRowsIsSaid) {
  std::string sorted = "id,a,year,y\n";
  std::string mixed = sorted;
  for (int i = 0; i < 40; ++i) {
    const std::string rest =
        "," + std::to_string(i % 7 + 0.5) + "," + std::to_string(2000 + i % 38) + "," + (i < 20 ? "A" : "B") + "\n";
    sorted += std::to_string(1001 + i) + rest;
    mixed += std::to_string(i * 7 % 40) + rest;
  }
  for (const std::string& text : {sorted, mixed}) {
    import(text, {.label = "y"});
    EXPECT_THAT(notes(), HasSubstr("column \"id\" numbers the rows, from "));
    EXPECT_THAT(notes(), Not(HasSubstr("column \"year\"")));
    EXPECT_EQ(column("id").role, "feature") << "said, and not decided";
  }
  import(sorted, {.label = "y", .id = "id"});
  EXPECT_THAT(notes(), Not(HasSubstr("numbers the rows")));
}

TEST_F(CsvRules, AColumnThatNamesSplitsIsSaid) {
  const std::string text = "a,part,y\n1,train,0\n2,Train,1\n3,val,0\n4,test,1\n";
  import(text, {.label = "y"});
  EXPECT_THAT(notes(), HasSubstr("column \"part\" names splits and is learnt from; --split"));
  for (const CsvOptions& said :
       {CsvOptions{.label = "y", .split_column = "part"}, CsvOptions{.label = "y", .ignore = "part"},
        CsvOptions{.label = "y", .category = "part"}}) {
    import(text, said);
    EXPECT_THAT(notes(), Not(HasSubstr("names splits")));
  }
  import("a,part,y\n1,test,0\n2,test,1\n3,prod,0\n", {.label = "y"});
  EXPECT_THAT(notes(), Not(HasSubstr("names splits")));
}

TEST_F(CsvRules, ANumberThatStandsForAMissingOneIsSaid) {
  std::string text = "low,high,few,near,wide,y\n";
  for (int i = 0; i < 40; ++i) {
    const bool code = i % 5 == 0;
    const std::string number = std::to_string(i % 7 + 0.5);
    text += (code ? "-999" : number) + "," + (code ? "9999" : number) + "," + (i < 3 ? "-999" : number) + "," +
            (code ? "-9" : number) + "," + (code ? "-999" : std::to_string(i * 100)) + "," + (i < 20 ? "A" : "B") +
            "\n";
  }
  import(text, {.label = "y"});
  EXPECT_THAT(
      notes(),
      HasSubstr("column \"low\": -999 is far from all other numbers, 0.5 to 6.5, and in 8 of the first 40 rows"));
  EXPECT_THAT(notes(),
              HasSubstr("column \"high\": 9999 is far from all other numbers, 0.5 to 6.5, and in 8 of the first"));
  for (const char* name : {"few", "near", "wide"})
    EXPECT_THAT(notes(), Not(HasSubstr("column \"" + std::string(name) + "\""))) << "it could have been measured";
  import(text, {.label = "y", .missing = "-999,9999"});
  EXPECT_THAT(notes(), Not(HasSubstr("far from all other numbers")));
}

TEST_F(CsvRules, ARowOfEmptyCellsIsARowWhateverPartsThem) {
  for (const std::string mark : {",", "\t", ";"}) {
    const std::string empty = mark + mark + "\n";
    const Dataset data = import(
        "a" + mark + "b" + mark + "c\n1" + mark + "2" + mark + "3\n" + empty + "4" + mark + "5" + mark + "6\n" + empty,
        {});
    EXPECT_EQ(data.split("train").rows(), 4) << "between cells: " << mark;
  }
}

TEST_F(CsvRules, TimesOfWhichSomeSayNoZoneAreSaid) {
  const std::string mixed = "when,y\n2018-01-28T12:00:00+02:00,A\n2018-01-28 12:00,B\n2018-01-29,A\n";
  import(mixed, {.label = "y"});
  EXPECT_THAT(notes(), HasSubstr("column \"when\": 2 of 3 dates say no zone, as 2018-01-28 12:00 ("));
  EXPECT_THAT(notes(), HasSubstr("csv:3), and count as UTC"));
  for (const std::string zone : {"", "Z", "-05:00"}) {
    import("when,y\n2018-01-28T12:00" + zone + ",A\n2018-01-29T13:00" + zone + ",B\n", {.label = "y"});
    EXPECT_THAT(notes(), Not(HasSubstr("zone")));
  }
}

/// The real tables, where they are.
TEST_F(CsvRules, RealTables) {
  const char* folder = std::getenv("SHOAL_TABLES");
  if (folder == nullptr)
    GTEST_SKIP() << "set SHOAL_TABLES to the folder of diamonds.csv.gz, loans.csv.gz, default.csv.gz";
  const auto table = [&](const std::string& name, CsvOptions options) {
    options.file = std::string(folder) + "/" + name;
    options.split_column = "split";
    summary_ = import_csv(options, path(name + std::to_string(++imported_) + ".h5"));
    return Dataset::open(path(name + std::to_string(imported_) + ".h5"));
  };
  const Dataset diamonds = table("diamonds.csv.gz", {.label = "price"});
  EXPECT_EQ(diamonds.split("train").rows(), 43152);
  EXPECT_TRUE(diamonds.split("train").has_targets());
  EXPECT_EQ(diamonds.table()->features.size(), 9U);
  expect_error([&] { table("loans.csv.gz", {.label = "interest_rate"}); }, ExitStatus::bad_data,
               {"emp_title", "4411", "--ignore"});
  const Dataset loans = table("loans.csv.gz", {.label = "homeownership", .ignore = "emp_title"});
  EXPECT_THAT(loans.class_names(), ElementsAre("MORTGAGE", "OWN", "RENT"));
  std::int64_t missing = 0;
  for (const auto& column : summary_.columns) missing += column.missing;
  EXPECT_EQ(missing, 42191 - 833) << "empty cells but those of emp_title";
  EXPECT_EQ(table("default.csv.gz", {.label = "default"}).split("test").rows(), 2000);
}

}  // namespace
}  // namespace shoal
