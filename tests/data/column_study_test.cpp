#include "shoal/data/column_study.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "table_files.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Studies : public DataFiles {
 protected:
  Split open(const std::vector<FeatureColumn>& columns, const std::vector<double>& x) {
    write_table(path("t.h5"), columns, x);
    return Dataset::open(path("t.h5")).split("train");
  }
  /// By so many ranks, each with a run of rows.
  static ColumnStudy study(const Split& split, int ranks = 1) {
    std::vector<ColumnStudy> all;
    for (int r = 0; r < ranks; ++r) all.emplace_back(split, split.rows() * r / ranks, split.rows() * (r + 1) / ranks);
    while (all[0].width() > 0) {
      std::vector<double> sums(all[0].width());
      for (ColumnStudy& one : all) {
        std::vector<double> counts(one.width(), -1.0);
        one.count(counts);
        std::transform(sums.begin(), sums.end(), counts.begin(), sums.begin(), std::plus<>());
      }
      for (ColumnStudy& one : all) one.take(sums);
    }
    return all.back();
  }
};

TEST_F(Studies, FindCategoriesThatOccurAndMissingCells) {
  const Split split =
      open({category_column("a", {"x", "y", "z"}), number_column("n"), category_column("b", {"u", "v"})},
           {2, 1.0, missing,  //
            0, missing, 1,    //
            2, 5.0, 1});
  for (const int ranks : {1, 2, 3, 4}) {
    const ColumnStudy found = study(split, ranks);
    EXPECT_THAT(found.columns()[0].column.categories, ElementsAre("x", "z"));
    EXPECT_FALSE(found.columns()[0].missing);
    EXPECT_TRUE(found.columns()[1].missing);
    EXPECT_EQ(found.columns()[1].fill, 3.0);
    EXPECT_THAT(found.columns()[2].column.categories, ElementsAre("v"));
    EXPECT_TRUE(found.columns()[2].missing);
    EXPECT_THAT(found.constant(), IsEmpty());
    EXPECT_THAT(found.empty(), IsEmpty());
  }
}

TEST_F(Studies, FindColumnsThatTeachNothing) {
  const Split split = open({number_column("one"), number_column("none"), category_column("only", {"k", "l"}),
                            category_column("void", {}), number_column("some")},
                           {7, missing, 1, missing, 1,  //
                            7, missing, 1, missing, 2});
  const ColumnStudy found = study(split, 2);
  EXPECT_THAT(found.constant(), ElementsAre("one", "only"));
  EXPECT_THAT(found.empty(), ElementsAre("none", "void"));
  EXPECT_EQ(found.columns()[0].fill, 7.0);
  EXPECT_TRUE(found.columns()[1].absent);
  EXPECT_EQ(found.columns()[1].fill, 0.0);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return std::midpoint(values[(n - 1) / 2], values[n / 2]);
}

/// Against sorting, for values of all sizes and signs, even and odd counts, whoever holds what.
TEST_F(Studies, FindExactMedians) {
  std::mt19937_64 random(4);
  for (const std::size_t rows : {std::size_t{1}, std::size_t{2}, std::size_t{37}, std::size_t{500}}) {
    constexpr std::size_t width = 4;
    std::vector<FeatureColumn> columns;
    for (std::size_t d = 0; d < width; ++d) columns.push_back(number_column("c" + std::to_string(d)));
    std::vector<double> x;
    std::vector<std::vector<double>> there(width);
    for (std::size_t r = 0; r < rows; ++r) {
      const std::array<double, width> row{
          std::ldexp(static_cast<double>(random() % 1000) - 500.0, static_cast<int>(random() % 200) - 100),
          1.5e9 + static_cast<double>(random() % 1000000000) * 1e-6, static_cast<double>(random() % 3) - 1.0,
          r % 3 == 0 ? missing : static_cast<double>(random() % 100) * -0.1};
      for (std::size_t d = 0; d < width; ++d) {
        x.push_back(row[d]);
        if (!std::isnan(row[d])) there[d].push_back(row[d]);
      }
    }
    const Split split = open(columns, x);
    for (const int ranks : {1, 3}) {
      const ColumnStudy found = study(split, ranks);
      for (std::size_t d = 0; d < width; ++d) {
        if (!there[d].empty()) {
          EXPECT_EQ(found.columns()[d].fill, median(there[d])) << rows << " rows, column " << d;
        }
      }
    }
  }
}

/// float32 values have patterns of half as many bits.
TEST_F(Studies, FindMediansOfFloats) {
  H5Writer writer(path("f.h5"));
  put(writer, "train/x", {4, 1}, std::vector<float>{0.1F, -0.0F, 3e38F, 0.3F});
  TableDescription table;
  table.features = {number_column("n")};
  write_names(writer, "table", {table_text(table)});
  writer.finish();
  const ColumnStudy found = study(Dataset::open(path("f.h5")).split("train"));
  EXPECT_EQ(found.columns()[0].fill, std::midpoint(static_cast<double>(0.1F), static_cast<double>(0.3F)));
}

TEST_F(Studies, RefuseACodeOfNoCategory) {
  const Split split = open({category_column("a", {"x", "y"})}, {0, 2});
  expect_error([&] { study(split); }, ExitStatus::bad_data, {"column \"a\" is 2", "names 2 categories"});
}

}  // namespace
}  // namespace shoal
