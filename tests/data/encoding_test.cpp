#include "shoal/data/encoding.hpp"

#include <gmock/gmock.h>

#include <limits>

#include "table_files.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;

/// A number with a flag, a category of three values and one of forty.
std::vector<ColumnEncoding> columns() {
  std::vector<std::string> many;
  for (int i = 10; i < 50; ++i) many.push_back("v" + std::to_string(i));
  std::vector<ColumnEncoding> columns{{number_column("size"), true, false, 2.5, 0},
                                      {category_column("hue", {"blue", "red"}), true},
                                      {category_column("town", many)},
                                      {number_column("void"), true, true}};
  choose_widths(columns, 32);
  return columns;
}

// fastai's emb_sz_rule: min(600, round(1.6 * n_cat**0.56)) rounds, and stops later; ours is said in the header.
TEST(Encoding, WidthsGrowSlowlyWithTheValues) {
  EXPECT_EQ(embedding_width(1), 2);
  EXPECT_EQ(embedding_width(33), 12);   // 11.33
  EXPECT_EQ(embedding_width(100), 22);  // 21.09
  EXPECT_EQ(embedding_width(467), 50);  // 49.99...
  EXPECT_EQ(embedding_width(1'000'000), 50);
}

TEST(Encoding, ChoosesOneHotUpToALimit) {
  std::vector<ColumnEncoding> chosen = columns();
  EXPECT_FALSE(chosen[1].embedded());
  EXPECT_EQ(chosen[1].values(), 3) << "the missing cell is one";
  EXPECT_EQ(chosen[1].inputs(), 4) << "and unseen";
  EXPECT_EQ(chosen[2].width, 13);  // 40 values: 12.6
  EXPECT_EQ(chosen[2].places(), 41);
  EXPECT_EQ(chosen[3].inputs(), 0);
  const Encoding encoding{{}, chosen};
  EXPECT_EQ(encoding.inputs(4), 2 + 4 + 1);
  EXPECT_THAT(encoding.embedded(), ElementsAre(&encoding.columns[2]));
  choose_widths(chosen, 2);
  EXPECT_TRUE(chosen[1].embedded());
  choose_widths(chosen, 40);
  EXPECT_FALSE(chosen[2].embedded());
  EXPECT_EQ(Encoding().inputs(7), 7) << "without a table";
}

TEST(Encoding, FillsCellsForStatistics) {
  std::vector<double> values{missing, 1.0, 7.0, missing, 3.0, missing, 0.0, missing};
  fill_cells(columns(), values);
  EXPECT_THAT(values, ElementsAre(2.5, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0));
}

std::vector<FeatureColumn> features() {
  std::vector<FeatureColumn> features;
  for (const ColumnEncoding& column : columns()) features.push_back(column.column);
  return features;
}

TEST(Encoding, IsATextAndBack) {
  const Encoding read = encoding_of_text(encoding_text({{}, columns()}, features()), features(), "c.h5");
  EXPECT_EQ(read.columns, columns());
  EXPECT_FALSE(read.from_floats);
  std::vector<ColumnEncoding> exact{{number_column("size"), false, false, 0.1 + 0.2, 0}};
  const Encoding floats =
      encoding_of_text(encoding_text({{}, exact, true}, {exact[0].column}), {exact[0].column}, "c.h5");
  EXPECT_EQ(floats.columns, exact);
  EXPECT_TRUE(floats.from_floats);
}

TEST(Encoding, KnowsWhichOfTheSetsCategoriesTrainingHad) {
  const std::vector<ColumnEncoding> learnt{{category_column("hue", {"amber", "blue", "red"})}};
  const std::vector<FeatureColumn> listed{category_column("hue", {"amber", "blue", "pink", "red", "teal"})};
  const std::string text = encoding_text({{}, learnt}, listed);
  EXPECT_EQ(encoding_of_text(text, listed, "c.h5").columns, learnt);
  EXPECT_THAT(text, testing::HasSubstr("\"unseen\":[2,4]"));
  expect_error(
      [&] {
        encoding_of_text(text, {category_column("hue", {"amber", "blue"})}, "c.h5");
      },
      ExitStatus::bad_data, {"damaged", "no category 2"});
}

TEST(Encoding, TextsThatCannotBeAreRefused) {
  const auto refused = [&](const std::string& text, const std::vector<std::string>& words) {
    expect_error([&] { encoding_of_text(text, features(), "c.h5"); }, ExitStatus::bad_data, words);
  };
  refused("{", {"c.h5", "encoding is damaged"});
  refused(R"({"from_floats":false,"columns":[]})", {"it has 0 columns for 4 features"});
  const std::string text = encoding_text({{}, columns()}, features());
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    return changed;
  };
  refused(with("\"size\"", "\"mass\""), {"column \"mass\" stands where the table has \"size\""});
  refused(with("\"width\":13", "\"width\":-1"), {"town", "-1"});
  refused(with("\"width\":13", "\"width\":1000000"), {"town", "1000000"});
  refused(with("\"fill\":2.5", "\"fill\":\"2.5\""), {"damaged"});
}

}  // namespace
}  // namespace shoal
