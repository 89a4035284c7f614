#include "shoal/data/row_encoder.hpp"

#include <cmath>
#include <limits>

#include "table_files.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;

/// size: mean 2, deviation 4, fill 10, with a flag; town: embedded; hue: blue, red, missing; date without gaps.
Encoding encoding() {
  Encoding made;
  made.normalization = {"standard", {2.0, 0.0, 0.0, 100.0}, {4.0, 1.0, 1.0, 10.0}};
  made.columns = {{number_column("size"), true, false, 10.0, 0},
                  {category_column("town", {"ayr", "bath"}), false, false, 0.0, 3},
                  {category_column("hue", {"blue", "red"}), true},
                  {{"date", ColumnType::date, {}}, false, false, 130.0, 0}};
  return made;
}

std::vector<FeatureColumn> columns_of(const Encoding& encoding) {
  std::vector<FeatureColumn> columns;
  for (const ColumnEncoding& column : encoding.columns) columns.push_back(column.column);
  return columns;
}

std::vector<float> encoded(const RowEncoder& encoder, const std::vector<double>& row,
                           std::span<std::int64_t> unseen = {}) {
  std::vector<float> x(static_cast<std::size_t>(encoder.inputs()), -7.0F);
  EXPECT_EQ(encoder.encode(row, x, nullptr, 0, unseen), "");
  return x;
}

TEST(RowEncoder, MakesInputsOfARow) {
  const RowEncoder encoder(encoding(), own_columns(encoding(), columns_of(encoding())), 4);
  // size, its flag, hue: blue red missing unseen, date; town last.
  EXPECT_THAT(encoded(encoder, {6.0, 1.0, 0.0, 120.0}), ElementsAre(1, 0, 1, 0, 0, 0, 2, 1));
  EXPECT_THAT(encoded(encoder, {missing, 0.0, missing, missing}), ElementsAre(2, 1, 0, 0, 1, 0, 3, 0));
  std::vector<std::int64_t> unseen(4);
  EXPECT_THAT(encoded(encoder, {2.0, missing, 2.0, 100.0}, unseen), ElementsAre(0, 0, 0, 0, 0, 1, 0, 2));
  EXPECT_THAT(unseen, ElementsAre(0, 1, 1, 0)) << "no town was missing in training, and there are two hues";
}

/// A category that only other rows of the data set had keeps its number there, and is unseen.
TEST(RowEncoder, TakesTheNumbersOfTheDataSet) {
  std::vector<FeatureColumn> columns = columns_of(encoding());
  columns[1].categories = {"ascot", "ayr", "bath", "york"};
  const RowEncoder encoder(encoding(), own_columns(encoding(), columns), 4);
  for (const auto& [number, place] : {std::pair{0.0, 2.0F}, {1.0, 0.0F}, {2.0, 1.0F}, {3.0, 2.0F}, {4.0, 2.0F}})
    EXPECT_EQ(encoded(encoder, {2.0, number, 0.0, 100.0}).back(), place) << number;
}

TEST(RowEncoder, CountsGapsWhereTrainingHadNone) {
  const RowEncoder encoder(encoding(), own_columns(encoding(), columns_of(encoding())), 4);
  std::vector<std::int64_t> unseen(4);
  EXPECT_THAT(encoded(encoder, {missing, 0.0, 0.0, missing}, unseen), ElementsAre(2, 1, 1, 0, 0, 0, 3, 0));
  EXPECT_THAT(unseen, ElementsAre(0, 0, 0, 1)) << "sizes were missing in training, dates were not";
}

/// Where training took floats, a cell of more digits is worth what it would have been there.
TEST(RowEncoder, RoundsToWhatTrainingTook) {
  Encoding made = encoding();
  made.normalization.mean[0] = 0.1;
  const auto size = [&] {
    return encoded(RowEncoder(made, own_columns(made, columns_of(made)), 4), {0.3, 1.0, 0.0, 120.0})[0];
  };
  EXPECT_EQ(size(), static_cast<float>((0.3 - 0.1) * 0.25));
  made.from_floats = true;
  EXPECT_EQ(size(), static_cast<float>((static_cast<double>(0.3F) - 0.1) * 0.25));
}

TEST(RowEncoder, AColumnThatHeldNothingIsNoInput) {
  Encoding made = encoding();
  made.columns[0].absent = made.columns[2].absent = true;
  const RowEncoder encoder(made, own_columns(made, columns_of(made)), 4);
  EXPECT_THAT(encoded(encoder, {6.0, 1.0, 0.0, 120.0}), ElementsAre(2, 1));
}

TEST(RowEncoder, SaysWhatIsWrongWithARow) {
  const RowEncoder encoder(encoding(), own_columns(encoding(), columns_of(encoding())), 4);
  std::vector<float> x(static_cast<std::size_t>(encoder.inputs()));
  const auto wrong = [&](const std::vector<double>& row) { return encoder.encode(row, x); };
  EXPECT_THAT(wrong({1.0, 3.0, 0.0, 0.0}), ::testing::HasSubstr("column \"town\" is 3"));
  EXPECT_THAT(wrong({1.0, 0.5, 0.0, 0.0}), ::testing::HasSubstr("column \"town\" is 0.5"));
  EXPECT_THAT(wrong({1.0, -1.0, 0.0, 0.0}), ::testing::HasSubstr("column \"town\" is -1"));
  EXPECT_THAT(wrong({1e300, 0.0, 0.0, 0.0}), ::testing::HasSubstr("column \"size\" is 1e+300, which is too large"));
  EXPECT_THAT(wrong({1.0, 0.0, 0.0, HUGE_VAL}), ::testing::HasSubstr("column \"date\" is inf"));
}

TEST(RowEncoder, DrawsUnseenValuesByCounter) {
  const RowEncoder encoder(encoding(), own_columns(encoding(), columns_of(encoding())), 4);
  const auto drawn = [&](std::int64_t row, std::uint64_t epoch, double rate) {
    std::vector<float> x(static_cast<std::size_t>(encoder.inputs()));
    const UnseenDraw draw(1, epoch, rate);
    EXPECT_EQ(encoder.encode(std::vector<double>{6.0, 1.0, 0.0, 120.0}, x, &draw, row), "");
    return x;
  };
  int towns = 0;
  int hues = 0;
  int both = 0;
  bool epochs_differ = false;
  for (std::int64_t row = 0; row < 10000; ++row) {
    const std::vector<float> x = drawn(row, 1, 0.1);
    EXPECT_EQ(x, drawn(row, 1, 0.1));
    epochs_differ = epochs_differ || x != drawn(row, 2, 0.1);
    towns += x[7] == 2.0F ? 1 : 0;
    hues += x[5] == 1.0F ? 1 : 0;
    both += x[7] == 2.0F && x[5] == 1.0F ? 1 : 0;
    EXPECT_EQ(x[0], 1.0F) << "numbers stay";
    EXPECT_EQ(x[2] + x[3] + x[4] + x[5], 1.0F);
  }
  EXPECT_TRUE(epochs_differ);
  EXPECT_NEAR(towns, 1000, 100);
  EXPECT_NEAR(hues, 1000, 100);
  EXPECT_NEAR(both, 100, 40) << "columns are drawn apart";
  for (std::int64_t row = 0; row < 100; ++row) EXPECT_EQ(drawn(row, 1, 0.0)[7], 1.0F);
}

class ColumnMatches : public DataFiles {
 protected:
  Split open(const std::vector<FeatureColumn>& columns) {
    write_table(path("t.h5"), columns, std::vector<double>(2 * columns.size()));
    return Dataset::open(path("t.h5")).split("train");
  }
  static ColumnMatch match(const Split& split) { return match_columns(encoding(), {}, split, "model", "t.h5"); }
};

TEST_F(ColumnMatches, FindsColumnsAndCategoriesByName) {
  const Split split = open({category_column("hue", {"amber", "blue", "red"}),
                            {"date", ColumnType::date, {}},
                            category_column("more", {"x"}),
                            category_column("town", {"bath"}),
                            number_column("size")});
  const ColumnMatch found = match(split);
  EXPECT_THAT(found.extra, ElementsAre("more"));
  const RowEncoder other(encoding(), found, 4);
  const RowEncoder own(encoding(), own_columns(encoding(), columns_of(encoding())), 4);
  EXPECT_EQ(encoded(other, {2.0, 120.0, 0.0, 0.0, 6.0}), encoded(own, {6.0, 1.0, 1.0, 120.0}));
  EXPECT_EQ(encoded(other, {0.0, 120.0, 0.0, missing, 6.0}), encoded(own, {6.0, 2.0, 2.0, 120.0})) << "unseen both";
}

TEST_F(ColumnMatches, RefusesWhatIsMissingOrOfAnotherType) {
  const FeatureColumn date{"date", ColumnType::date, {}};
  const auto refused = [&](const std::vector<FeatureColumn>& columns, const std::vector<std::string>& words) {
    const Split split = open(columns);
    expect_error([&] { match(split); }, ExitStatus::bad_data, words);
  };
  refused({number_column("size"), category_column("town", {"ayr"}), date}, {"t.h5 has no column \"hue\"", "model"});
  refused({number_column("size"), number_column("town"), category_column("hue", {}), date},
          {"column \"town\" of t.h5 is a number, and model was trained with a category"});
  refused({category_column("size", {"1", "x"}), category_column("town", {}), category_column("hue", {}), date},
          {"column \"size\" of t.h5 is a category, and model was trained with a number"});
  refused({number_column("size"), category_column("town", {}), category_column("hue", {}), number_column("date")},
          {"column \"date\" of t.h5 is a number, and model was trained with a date"});
}

TEST_F(ColumnMatches, FlagsAreCategories) {
  const Split split = open({number_column("size"),
                            {"town", ColumnType::flag, {"ayr", "bath"}},
                            category_column("hue", {"red"}),
                            {"date", ColumnType::date, {}}});
  EXPECT_TRUE(match(split).source.empty()) << "the order is the model's";
}

/// Sets without a table, whose columns have names, and those that have none.
TEST_F(ColumnMatches, OfNumbersByNameOrElseByPosition) {
  const auto named = [&](const std::vector<std::string>& names) {
    H5Writer writer(path("n.h5"));
    put(writer, "train/x", {1, static_cast<std::int64_t>(names.empty() ? 2 : names.size())},
        std::vector<float>(names.empty() ? 2 : names.size()));
    write_names(writer, "columns", names);
    writer.finish();
    return Dataset::open(path("n.h5")).split("train");
  };
  const auto source = [&](const std::vector<std::string>& names) {
    return match_columns({}, {"a", "b"}, named(names), "model", "n.h5").source;
  };
  EXPECT_TRUE(source({"a", "b"}).empty());
  EXPECT_TRUE(source({}).empty());
  EXPECT_THAT(source({"b", "a"}), ElementsAre(1, 0));
  EXPECT_THAT(source({"b", "c", "a"}), ElementsAre(2, 0));
  expect_error([&] { source({"b", "c"}); }, ExitStatus::bad_data, {"n.h5 has no column \"a\""});
  expect_error(
      [&] {
        source({"b", "b", "a"});
      },
      ExitStatus::bad_data, {"columns 0 and 1 of n.h5 are both called \"b\""});
  EXPECT_TRUE(match_columns({}, {}, named({"a", "b"}), "model", "n.h5").source.empty());
  expect_error([&] { match_columns(encoding(), {}, named({}), "model", "n.h5"); }, ExitStatus::bad_data,
               {"n.h5 does not name its columns", "\"town\""});
}

}  // namespace
}  // namespace shoal
