// What a column is, where a wrong answer without a word would come of it.
#include "../../data_files.hpp"
#include "shoal/core/json.hpp"
#include "shoal/data/import.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Verdict : public DataFiles {
 protected:
  Dataset import(const std::string& text, CsvOptions options) {
    options.file = write("t.csv", text);
    std::filesystem::remove(path("out.h5"));
    summary_ = import_csv(options, path("out.h5"));
    return Dataset::open(path("out.h5"));
  }
  void refuse(const std::string& text, const CsvOptions& options, const std::vector<std::string>& words,
              ExitStatus status = ExitStatus::bad_data) {
    expect_error([&] { import(text, options); }, status, words);
  }
  static std::vector<double> values_of(const Dataset& data, const std::string& name = "train") {
    const Split split = data.split(name);
    std::vector<double> x(static_cast<std::size_t>(split.rows() * split.features()));
    split.read_values(all_rows(split), x);
    return x;
  }
  const std::string& why(std::size_t column) const { return summary_.columns.at(column).reason; }
  static CsvChoices choices(const std::string& columns) {
    return csv_choices(Json::parse("{\"column\": [" + columns + "]}"), "c.toml");
  }
  DatasetSummary summary_;
};

TEST_F(Verdict, WholeNumbersThatBecomeOneAreRefused) {
  const std::string ids = "id,y\n9007199254740993,0\n9007199254740992,1\n";
  refuse(ids, {.label = "y"}, {"t.csv:2", "\"id\"", "9007199254740993", "2^53", "--id id", "--category", "--ignore"});
  EXPECT_THAT(import(ids, {.label = "y", .category = "id"}).table()->features[0].categories,
              ElementsAre("9007199254740992", "9007199254740993"));
  EXPECT_THAT(values_of(import(ids, {.choices = choices(R"({"name": "id", "type": "number"})")})),
              ElementsAre(9007199254740992, 0, 9007199254740992, 1));
  import("a\n9007199254740992\n1e300\n123456789012345678901234567890.5\n", {});  // exact, or no whole number at all
  refuse("a\n1\n-90071992547409931.0\n", {}, {"t.csv:3", "-90071992547409931.0"});
}

TEST_F(Verdict, LabelsThatBecomeOneAreRefused) {
  const std::string codes = "a,y\n1,9007199254740993\n2,9007199254740992\n";
  refuse(codes, {.label = "y"}, {"t.csv:2", "9007199254740993", "--classes", "--regression"});
  const Dataset classes = import(codes, {.label = "y", .classes = true});
  EXPECT_THAT(classes.class_names(), ElementsAre("9007199254740992", "9007199254740993"));
  EXPECT_TRUE(import(codes, {.label = "y", .regression = true}).split("train").has_targets());
  std::filesystem::rename(path("out.h5"), path("like.h5"));
  import(codes, {.label = "y", .classes = true});
  std::filesystem::rename(path("out.h5"), path("like.h5"));
  refuse("a,y\n1,9007199254740994\n", {.label = "y", .like = path("like.h5")}, {"9007199254740994", "none of the 2"});
}

TEST_F(Verdict, NumbersWithMarksAreNumbers) {
  const Dataset data = import(
      "price,share,cost,y\n\"1,234\",97 %,-$5.50,\"\xE2\x82\xAC 1,000.25\"\n999,5%,$0,\xE2\x82\xAC"
      "7\nNA,,\"$1,000\",\xE2\x82\xAC"
      "8\n",
      {.label = "y"});
  EXPECT_THAT(why(0), HasSubstr("numbers such as 1,000"));
  EXPECT_THAT(why(1), HasSubstr("numbers such as 97%"));
  EXPECT_THAT(why(2), HasSubstr("numbers such as $1,000"));
  EXPECT_THAT(why(3), HasSubstr("targets: numbers such as \xE2\x82\xAC"
                                "1,000"));
  std::vector<double> x = values_of(data);
  x.erase(x.begin() + 6, x.begin() + 8);
  EXPECT_THAT(x, ElementsAre(1234, 97, -5.5, 999, 5, 0, 1000));
  EXPECT_THAT(targets_of(data.split("train")), ElementsAre(1000.25F, 7.0F, 8.0F));
  EXPECT_EQ(table_of_text(table_text(*data.table()), "t"), *data.table());
  EXPECT_EQ(data.table()->features[2].marks, (NumberMarks{"$", "", true}));
  EXPECT_EQ(data.table()->label_marks, (std::vector<NumberMarks>{{"\xE2\x82\xAC", "", true}}));
}

TEST_F(Verdict, MarksThatComeLateOrDiffer) {
  std::string late = "a\n";
  for (int i = 0; i < 12000; ++i) late += "7\n";
  const std::vector<double> x = values_of(import(late + "\"1,500\"\n", {}));
  EXPECT_EQ(x.back(), 1500) << "behind the rows that are looked at first";
  refuse(late + "7%\n", {}, {"t.csv:12002", "\"7%\"", "not a number"});
  refuse("a,b\n97 %,1\n0.5,2\n", {}, {"t.csv:3", "\"0.5\"", "\"97 %\"", "--category a"});
  refuse("a;b\n1,234;1\n2,500;2\n", {}, {"--decimal ,", "--decimal ."});
  EXPECT_THAT(values_of(import("a;b\n1,234;1\n2,500;2\n", {.decimal = '.'})), ElementsAre(1234, 1, 2500, 2));
  import("a,b\n97 kg,1\n5 kg,2\n\"1,23\",4\n", {});
  EXPECT_THAT(why(0),
              HasSubstr("texts; --ignore leaves them out, and if \"97 kg\" is a number or a date, write it like"));
  import("a,b\n01/02/18,x1y\n13/02/18,z\n01/02/18,z\n", {});
  EXPECT_THAT(why(0), HasSubstr("if \"01/02/18\" is a number or a date"));
  EXPECT_EQ(why(1), "two texts; --category if there are more");
}

TEST_F(Verdict, EachGuessNamesTheOptionThatOverrulesIt) {
  const std::string text = "a,b,c,d,e,f\n1.5,x,2018-01-28,p,NA,0.5\n2.5,y,2018-01-29,q,NA,1\n3.5,z,2018-01-30,p,NA,2\n";
  import(text, {.label = "f"});
  for (const std::size_t names : {0U, 2U, 3U, 4U}) EXPECT_THAT(why(names), HasSubstr("; --category ")) << names;
  EXPECT_THAT(why(1), HasSubstr("; --ignore "));
  EXPECT_THAT(why(5), HasSubstr("; --classes "));
  for (const char* label : {"b", "a,f"}) {
    import(text, {.label = label});
    EXPECT_THAT(why(*label == 'b' ? 1 : 0), HasSubstr("; --label ")) << label;
  }
}

/// A model's numbers are written as those that it was trained on.
TEST_F(Verdict, AModelTakesNumbersByItsMarks) {
  CsvForModel model;
  model.table = *import("a,y\n97 %,\"$1,000\"\n5 %,$7\n", {.label = "y"}).table();
  const auto import_for = [&](const std::string& text) {
    model.files = {write("new.csv", text)};
    std::filesystem::remove(path("for.h5"));
    import_csv_for(model, path("for.h5"));
    return Dataset::open(path("for.h5"));
  };
  const Dataset data = import_for("y,a\n$3,1.5%\n$4,?\n");
  EXPECT_EQ(values_of(data, "test")[0], 1.5);
  EXPECT_THAT(targets_of(data.split("test")), ElementsAre(3.0F, 4.0F));
  expect_error([&] { import_for("a\n0.97\n"); }, ExitStatus::bad_data, {"new.csv:2", "\"0.97\"", "97%"});
  model.table = *import("a\n97\n5\n", {}).table();
  expect_error([&] { import_for("a\n97 %\n"); }, ExitStatus::bad_data, {"new.csv:2", "\"97 %\""});
}

TEST_F(Verdict, ColumnsAreNamedOnceAndFlagsHaveTwoTexts) {
  const std::string text = "a,b\n1,x\n2,y\n3,z\n";
  refuse(text, {.choices = choices(R"({"name": "a"}, {"name": "a", "type": "category"})")},
         {"c.toml", "\"a\" is there 2 times"}, ExitStatus::usage);
  refuse(text, {.choices = choices(R"({"name": "b", "type": "flag"})")}, {"t.csv:4", "\"z\" is a third"});
  refuse("a,b\n1,x\n2,y\n3,z\n", {.choices = choices(R"({"name": "b", "role": "label", "type": "flag"})")},
         {"t.csv:4", "\"z\" is a third"});
  // Twice in the file as well: one of them is left out.
  const Dataset data =
      import("a,a,b\n1,5,x\n2,6,y\n", {.choices = choices(R"({"name": "a", "role": "ignore"}, {"name": "a"})")});
  EXPECT_THAT(values_of(data), ElementsAre(5, 0, 6, 1));
}

TEST_F(Verdict, NamesThatOccurTwiceMatterWhereTheyAreNeeded) {
  CsvForModel model;
  model.table = *import("a,b,y\n1,2,0\n", {.label = "y"}).table();
  model.files = {write("new.csv", "c,a,c,b\n9,1,8,2\n")};
  import_csv_for(model, path("for.h5"));
  EXPECT_THAT(values_of(Dataset::open(path("for.h5")), "test"), ElementsAre(1, 2));
  for (const char* header : {"a,b,a\n1,2,3\n", "y,a,b,y\n1,2,3,4\n"}) {
    model.files = {write("twice.csv", header)};
    expect_error([&] { import_csv_for(model, path("no.h5")); }, ExitStatus::bad_data, {"twice.csv:1", "both called"});
  }
}

}  // namespace
}  // namespace shoal
