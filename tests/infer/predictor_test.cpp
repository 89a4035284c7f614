#include "shoal/infer/predictor.hpp"

#include <gmock/gmock.h>

#include <Eigen/Core>
#include <cfenv>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <thread>

#include "infer/trained.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/row_of_cells.hpp"
#include "shoal/infer/prediction_pass.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/names.hpp"
#include "temporary_folder.hpp"

namespace shoal {
namespace {

using ::testing::HasSubstr;
using tests::archive_of;
using tests::TemporaryFolder;

std::string saved(Archive archive, const TemporaryFolder& folder) {
  FileBytes bytes;
  encode_checkpoint(archive, bytes);
  const std::string path = folder / "c.h5";
  write_atomically(path, bytes);
  return path;
}

/// No hidden layer: weight (D, K) and bias (K) are all there is.
Archive linear(Loss loss, std::int64_t outputs, std::int64_t classes, const std::vector<float>& weight,
               const std::vector<float>& bias) {
  std::vector<std::string> names;
  for (std::int64_t c = 0; c < classes; ++c) names.push_back("class " + std::to_string(c));
  Archive archive = archive_of(Model(2, {}, outputs, loss), {{2}, classes, names, "x"});
  archive.put(make_array<float>("parameters/01_dense/weight", {2, outputs}, weight));
  archive.put(make_array<float>("parameters/01_dense/bias", {outputs}, bias));
  return archive;
}

const std::vector<float> row{3.0F, 5.0F};  // 1 and 2 when normalised

TEST(Predictor, HasItsOwnRoundingWhateverTheProgramHas) {
  const TemporaryFolder folder;
  const std::string path =
      saved(linear(Loss::softmax, 3, 3, {0.1F, 0.7F, 1.3F, 0.3F, 1.9F, 0.9F}, {0.2F, 0.6F, -0.1F}), folder);
  const std::vector<float> x{3.7F, 5.1F};
  const std::vector<float> expected = Predictor(path).predict(x).values;
  for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    ASSERT_EQ(std::fesetround(mode), 0);
    const std::vector<float> made = Predictor(path).predict(x).values;
    const int after = std::fegetround();
    std::fesetround(FE_TONEAREST);
    EXPECT_EQ(made, expected) << mode;
    EXPECT_EQ(after, mode);
  }
}

TEST(Predictor, GivesProbabilitiesAndClasses) {
  const TemporaryFolder folder;
  const Predictor predictor(saved(linear(Loss::softmax, 3, 3, {1, 0, 2, 0, 1, 1}, {0, 0, -1}), folder));
  EXPECT_EQ(predictor.step(), 12);
  EXPECT_EQ(predictor.features(), 2);
  EXPECT_EQ(predictor.trained_on().class_names[2], "class 2");
  EXPECT_EQ(predictor.layout().columns, 3);
  EXPECT_TRUE(predictor.layout().probabilities);
  const Predictions made = predictor.predict(row);
  const double sum = std::exp(1.0) + std::exp(2.0) + std::exp(3.0);
  ASSERT_EQ(made.values.size(), 3U);
  for (std::size_t k = 0; k < 3; ++k)
    EXPECT_NEAR(made.values[k], std::exp(1.0 + static_cast<double>(k)) / sum, 1e-7) << k;
  EXPECT_EQ(made.labels, std::vector<std::int32_t>{2});
}

TEST(Predictor, MakesNoMorePlacesThanThreadsCanUse) {
  const TemporaryFolder folder;
  const std::string path = saved(linear(Loss::mse, 1, 0, {1, 0}, {0}), folder);
  const Predictor predictor(path, WhichWeights::judged, std::numeric_limits<int>::max());  // no terabytes
  EXPECT_EQ(predictor.predict(row).values, std::vector<float>{1.0F});
}

TEST(Predictor, TakesTheAverageOfWeightsUnlessAskedForTheLast) {
  const TemporaryFolder folder;
  Archive archive = linear(Loss::mse, 1, 0, {1, 0}, {0});
  archive.put(make_array<float>("averaged_parameters/01_dense/weight", {2, 1}, std::vector<float>{0, 1}));
  archive.put(make_array<float>("averaged_parameters/01_dense/bias", {1}, std::vector<float>{0.5F}));
  const std::string path = saved(archive, folder);
  EXPECT_EQ(Predictor(path).predict(row).values, std::vector<float>{2.5F});
  EXPECT_EQ(Predictor(path, WhichWeights::average).predict(row).values, std::vector<float>{2.5F});
  EXPECT_EQ(Predictor(path, WhichWeights::last).predict(row).values, std::vector<float>{1.0F});
  // Of an average that is not whole, no other weights are taken in its place.
  archive.put(make_array<float>("averaged_parameters/01_dense/weight", {1, 1}, std::vector<float>{0}));
  try {
    Predictor{saved(archive, folder)};
    ADD_FAILURE();
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), ExitStatus::bad_data);
    EXPECT_THAT(e.what(), HasSubstr("averaged_parameters/01_dense/weight has shape (1, 1)"));
  }
}

TEST(Predictor, OneOutputTellsTwoClassesApart) {
  const TemporaryFolder folder;
  const Predictor predictor(saved(linear(Loss::sigmoid, 1, 2, {1, 1}, {0}), folder));
  EXPECT_EQ(predictor.layout().columns, 2);
  const Predictions made = predictor.predict(row);
  ASSERT_EQ(made.values.size(), 2U);
  EXPECT_NEAR(made.values[1], 1.0 / (1.0 + std::exp(-3.0)), 1e-7);
  EXPECT_NEAR(made.values[0] + made.values[1], 1.0, 1e-7);
  EXPECT_EQ(made.labels, std::vector<std::int32_t>{1});
}

TEST(Predictor, OutputsAreInTheUnitsOfTheFileUnderItsNames) {
  const TemporaryFolder folder;
  Archive archive = linear(Loss::quantile, 3, 0, {1, 10, 1, 0, 0, 0}, {0.5F, 0, 0});
  put_names(archive, CheckpointNames::target_names, {"price"});
  write_target_scaling(archive, {"standard", {100.0}, {20.0}});
  const Predictor near(saved(archive, folder));
  EXPECT_EQ(near.layout().names, (std::vector<std::string>{"price_q0.1", "price_q0.5", "price_q0.9"}));
  EXPECT_EQ(near.predict(row).values, (std::vector<float>{130.0F, 300.0F, 120.0F}));
  EXPECT_FALSE(near.layout().precise);
  write_target_scaling(archive, {"standard", {1e9}, {0.25}});
  const Predictor far(saved(archive, folder));
  EXPECT_TRUE(far.layout().precise) << "float32 has steps of 64 there";
  EXPECT_EQ(far.predict(row).precise, (std::vector<double>{1e9 + 0.375, 1e9 + 2.5, 1e9 + 0.25}));
}

TEST(Predictor, GivesOutputsOfARegression) {
  const TemporaryFolder folder;
  const Predictor predictor(saved(linear(Loss::mse, 2, 0, {1, 10, 1, 0}, {0.5F, 0}), folder));
  EXPECT_FALSE(predictor.layout().probabilities);
  const Predictions made = predictor.predict(row);
  EXPECT_EQ(made.values, (std::vector<float>{3.5F, 10.0F}));
  EXPECT_TRUE(made.labels.empty());
  EXPECT_TRUE(predictor.predict(std::span<const float>()).values.empty());
}

/// Whatever stands beside a row, and however many blocks there are.
TEST(Predictor, ARowIsPredictedByItselfAlone) {
  const TemporaryFolder folder;
  const Model model = mlp({.inputs = 2, .hidden = {40, 9}, .classes = 4, .activation = "tanh", .batch_norm = true});
  const Predictor predictor(saved(archive_of(model, {{2}, 4, {"a", "b", "c", "d"}, "x"}), folder));
  const std::int64_t rows = 2 * prediction_block + 77;
  std::vector<float> x;
  for (std::int64_t i = 0; i < 2 * rows; ++i) x.push_back(static_cast<float>(i % 101) * 0.1F - 3.0F);
  const Predictions all = predictor.predict(x);
  ASSERT_EQ(std::ssize(all.values), 4 * rows);
  for (const std::int64_t r : {std::int64_t{0}, prediction_block - 1, prediction_block, rows - 1}) {
    const auto at = static_cast<std::size_t>(r);
    const Predictions one = predictor.predict(std::span(x).subspan(2 * at, 2));
    for (std::size_t k = 0; k < 4; ++k) EXPECT_EQ(one.values[k], all.values[4 * at + k]) << r;
    EXPECT_EQ(one.labels[0], all.labels[at]) << r;
  }
}

template <class T, int order>
using MatrixOf = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, order>;

template <class T>
void expect_the_bits_of_spans(const Predictor& predictor) {
  const MatrixOf<T, Eigen::RowMajor> x = MatrixOf<T, Eigen::RowMajor>::Random(70, 2);
  MatrixOf<T, Eigen::RowMajor> expected(70, 3);
  predictor.predict(std::span<const T>(x.data(), 140), std::span<T>(expected.data(), 210));
  MatrixOf<T, Eigen::RowMajor> outputs(70, 3);
  const Eigen::Ref<const MatrixOf<T, Eigen::RowMajor>> rows(x);
  Eigen::Ref<MatrixOf<T, Eigen::RowMajor>> to(outputs);
  predictor.predict(rows, to);
  EXPECT_EQ(outputs, expected);
  // Columns one after the other, and a block of a larger matrix.
  const MatrixOf<T, Eigen::ColMajor> turned = x;
  MatrixOf<T, Eigen::RowMajor> large = MatrixOf<T, Eigen::RowMajor>::Zero(72, 9);
  std::vector<std::int32_t> labels(70);
  predictor.predict(turned, large.block(1, 4, 70, 3), labels.data());
  EXPECT_EQ(large.block(1, 4, 70, 3), expected);
  EXPECT_EQ(large.sum(), expected.sum()) << "beside the block nothing is written";
  EXPECT_EQ(labels, predictor.predict(std::span<const T>(x.data(), 140)).labels);
}

TEST(Predictor, TakesMatricesOfEigen) {
  const TemporaryFolder folder;
  const Predictor predictor(saved(linear(Loss::softmax, 3, 3, {1, 0, 2, 0, 1, 1}, {0, 0, -1}), folder));
  expect_the_bits_of_spans<float>(predictor);
  expect_the_bits_of_spans<double>(predictor);
  for (const auto& [columns, outputs] : {std::pair{3, 3}, {2, 2}}) {
    Eigen::MatrixXf to(4, outputs);
    EXPECT_THROW(predictor.predict(Eigen::MatrixXf(Eigen::MatrixXf::Zero(4, columns)), to), Error);
  }
}

TEST(Predictor, RowsThatCannotBeAreRefused) {
  const TemporaryFolder folder;
  const Predictor predictor(saved(linear(Loss::mse, 1, 0, {1, 1}, {0}), folder));
  const auto refusal = [&](std::vector<float> rows, ExitStatus status) -> std::string {
    try {
      predictor.predict(rows);
      return "";
    } catch (const Error& e) {
      EXPECT_EQ(e.status(), status);
      return e.what();
    }
  };
  try {
    const Predictor none(saved(linear(Loss::mse, 1, 0, {1, 1}, {0}), folder), WhichWeights::judged, -1);
    ADD_FAILURE() << "-1 threads";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("-1 threads cannot predict; give 1 or more, or 0"));
  }
  EXPECT_THAT(refusal({1, 2, 3}, ExitStatus::usage), HasSubstr("3 numbers are no whole rows of 2 features"));
  EXPECT_THAT(refusal({1, 2, 3, std::numeric_limits<float>::quiet_NaN()}, ExitStatus::bad_data),
              HasSubstr("row 1, feature 1 is nan"));
  const float huge = std::numeric_limits<float>::max();
  const Predictor steep(saved(linear(Loss::mse, 1, 0, {4, 4}, {0}), folder));
  try {
    steep.predict(std::vector<float>{1, 2, huge, huge});
    ADD_FAILURE() << "infinite outputs";
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), ExitStatus::diverged);
    EXPECT_THAT(e.what(), HasSubstr("c.h5 makes of row 1 is not finite"));
  }
}

/// size with a flag, town one-hot of two, day: weight 1, 10, 100, ... for each input.
Archive table_archive() {
  const Encoding encoding{{"standard", {1.0, 0.0, 0.0}, {2.0, 1.0, 86400.0}},
                          {{{"size", ColumnType::number, {}}, true, false, 5.0, 0},
                           {{"town", ColumnType::category, {"11", "ayr", "bath"}}},
                           {{"day", ColumnType::date, {}}}}};
  TableDescription table;
  for (const ColumnEncoding& column : encoding.columns) table.features.push_back(column.column);
  table.missing = {"NA", "-9"};
  const Model model(7, {}, 1, Loss::mse);
  Archive archive = archive_of(model, {{3}, 0, {}, "x", table.names(), table});
  write_encoding(archive, encoding, table.features);
  archive.put(
      make_array<float>("parameters/01_dense/weight", {7, 1}, std::vector<float>{1, 10, 50, 100, 200, 300, 1000}));
  archive.put(make_array<float>("parameters/01_dense/bias", {1}, std::vector<float>(1)));
  return archive;
}

TEST(Predictor, TakesTextsByTheNamesOfColumns) {
  const TemporaryFolder folder;
  const Predictor predictor(saved(table_archive(), folder));
  EXPECT_EQ(predictor.features(), 3);
  const auto output = [&](const std::string& size, const std::string& town, const std::string& day) {
    const std::vector<double> row = predictor.row({{"size", size}, {"town", town}, {"day", day}, {"more", "?"}});
    return predictor.predict(std::span<const double>(row)).values.at(0);
  };
  EXPECT_EQ(output("3", "ayr", "1970-01-02"), 1.0F + 100.0F + 1000.0F);
  EXPECT_EQ(output("NA", " bath", "1970-01-03"), 2.0F + 10.0F + 200.0F + 2000.0F);
  EXPECT_EQ(output("", "York", "1970-01-01"), 2.0F + 10.0F + 300.0F);
  EXPECT_EQ(output("1", "", "1970-01-01"), 300.0F) << "no town was missing in training";
  try {
    predictor.predict(std::vector<double>{3, 4, 0});
    ADD_FAILURE() << "a category beyond those that there are";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("\"town\" is 4; give the number of one of its 3 categories, from 0, or 3 for any"));
  }
  const auto refusal = [&](const std::map<std::string, std::string>& cells) -> std::string {
    try {
      static_cast<void>(predictor.row(cells));
      return "";
    } catch (const Error& e) {
      return e.what();
    }
  };
  EXPECT_THAT(refusal({{"size", "3"}, {"day", ""}}), HasSubstr("no cell of column \"town\""));
  EXPECT_THAT(refusal({{"size", "big"}, {"town", ""}, {"day", ""}}),
              HasSubstr("column \"size\" is \"big\", no number"));
  EXPECT_THAT(refusal({{"size", "3"}, {"town", ""}, {"day", "7"}}), HasSubstr("column \"day\" is \"7\", no date"));
}

TEST(Predictor, TakesColumnsOfAnyKindInAnyOrder) {
  const TemporaryFolder folder;
  const Predictor predictor(saved(table_archive(), folder));
  const double gap = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> size{3.0, 77.0, -9.0, 77.0, gap, 77.0};  // every other one counts
  const std::vector<std::string> day{"1970-01-02", "1970-01-03", ""};
  const std::vector<const char*> town{"ayr", " bath ", nullptr};
  const std::vector<std::int64_t> numbers{11, 12, 11};
  const std::vector<float> seconds{86400.0F, 0.0F, 0.0F};
  std::vector<double> y(3);
  const RowsView<double> to{y.data(), 1};
  predictor.predict(3, {{"day", day.data()}, {"size", size.data(), 2}, {"more", size.data()}, {"town", town.data()}},
                    to);
  EXPECT_EQ(y, (std::vector<double>{1.0 + 100.0 + 1000.0, 2.0 + 10.0 + 200.0 + 2000.0, 2.0 + 10.0 + 300.0}));
  predictor.predict(3, {{"day", seconds.data()}, {"size", size.data(), 2}, {"town", numbers.data()}}, to);
  EXPECT_EQ(y, (std::vector<double>{1.0 + 50.0 + 1000.0, 2.0 + 10.0 + 300.0, 2.0 + 10.0 + 50.0}));

  const std::vector<double> before = y;
  const auto refusal = [&](const NamedColumns& columns, ExitStatus status) -> std::string {
    try {
      predictor.predict(3, columns, to);
      return "";
    } catch (const Error& e) {
      EXPECT_EQ(e.status(), status);
      EXPECT_EQ(y, before) << e.what();
      return e.what();
    }
  };
  const NamedColumn of_size{"size", size.data()}, of_day{"day", day.data()}, of_town{"town", town.data()};
  EXPECT_THAT(refusal({of_size, of_day}, ExitStatus::bad_data), HasSubstr("there is no column \"town\""));
  EXPECT_THAT(refusal({of_size, of_day, of_town, of_day}, ExitStatus::bad_data), HasSubstr("\"day\" is given 2 times"));
  EXPECT_THAT(refusal({of_size, of_day, {"town", size.data()}}, ExitStatus::bad_data),
              HasSubstr("row 0, column \"town\" is a category; give texts"));
  EXPECT_THAT(refusal({of_size, of_town, {"day", town.data()}}, ExitStatus::bad_data),
              HasSubstr("row 0, column \"day\" is \"ayr\", no date"));
  EXPECT_THAT(refusal({of_size, of_town, {"day", NamedColumn::Kind::text, nullptr, 1}}, ExitStatus::usage),
              HasSubstr("column \"day\" has no values"));
}

TEST(Predictor, AWholeNumberIsTheCategoryOfItsValue) {
  const auto town = [](const std::vector<std::string>& categories, std::int64_t number) {
    TableDescription table;
    table.features = {{"town", ColumnType::category, categories}};
    return CellReader(table).of_whole_number(0, number);
  };
  EXPECT_EQ(town({"00123", "7", "ayr"}, 123), 0.0) << "not unseen";
  EXPECT_EQ(town({"00123", "7", "ayr"}, 7), 1.0);
  EXPECT_EQ(town({"00123", "7", "ayr"}, 8), 3.0);
  EXPECT_EQ(town({"-05", "05"}, -5), 0.0);
  EXPECT_EQ(town({"00123", "0123", "123"}, 123), 2.0) << "of these digits";
  const auto refusal = [&](const std::vector<std::string>& categories, std::int64_t number) -> std::string {
    try {
      town(categories, number);
      return "";
    } catch (const Error& e) {
      return e.what();
    }
  };
  EXPECT_THAT(refusal({"00123", "0123"}, 123), HasSubstr("could be \"00123\" or \"0123\"; give texts"));
  EXPECT_THAT(refusal({"ayr", "bath"}, 123), HasSubstr("none of its categories is a whole number"));
}

TEST(Predictor, ANumberWithMarksIsReadAsInItsFile) {
  const TemporaryFolder folder;
  Archive archive = table_archive();
  TableDescription table = *read_description(archive).table;
  table.features[0].marks = {"$", "", true};
  table.decimal = '.';
  archive.texts[CheckpointNames::table] = table_text(table);
  const Predictor predictor(saved(std::move(archive), folder));
  EXPECT_EQ(predictor.row({{"size", "$1,000"}, {"town", ""}, {"day", ""}}).at(0), 1000.0);
  EXPECT_THROW(predictor.row({{"size", "1000"}, {"town", ""}, {"day", ""}}), Error) << "of what?";
  EXPECT_EQ(predictor.row({{"size", "$-9"}, {"town", ""}, {"day", ""}}).at(0), -9.0);
  const std::vector<double> size{-9.0};
  const std::vector<const char*> town{nullptr}, day{"1970-01-01"};
  double y = 0.0;
  predictor.predict(1, {{"size", size.data()}, {"town", town.data()}, {"day", day.data()}}, RowsView<double>{&y, 1});
  EXPECT_EQ(y, -5.0 + 300.0) << "a spelling of a missing number is none with marks, as a number neither";
}

TEST(Predictor, GivesNoOutputsThatAFloatTakesForInfiniteOrZero) {
  const TemporaryFolder folder;
  Archive archive = linear(Loss::mse, 1, 0, {500, 0}, {0});
  write_target_scaling(archive, {"standard", {0.0}, {1e36}});
  EXPECT_THROW(Predictor(saved(archive, folder)).predict(row), Error) << "5e38";
  write_target_scaling(archive, {"standard", {0.0}, {1e-46}});
  const Predictor small(saved(archive, folder));
  EXPECT_TRUE(small.layout().precise);
  EXPECT_EQ(small.predict(row).precise, std::vector<double>{500.0 * 1e-46});
}

TEST(Predictor, WritesWhereItIsToldWithAnyStrides) {
  const TemporaryFolder folder;
  const Predictor predictor(saved(linear(Loss::softmax, 3, 3, {1, 0, 2, 0, 1, 1}, {0, 0, -1}), folder));
  const std::vector<float> rows{3, 5, 1, 2, -4, 7};
  const Predictions expected = predictor.predict(rows);
  std::vector<float> x(24, 77.0F);  // (features, rows), every other one of both
  for (std::size_t r = 0; r < 3; ++r) {
    for (std::size_t d = 0; d < 2; ++d) x[d * 12 + r * 2] = rows[r * 2 + d];
  }
  std::vector<float> y(9, -1.0F);  // backwards
  std::vector<std::int32_t> labels(3);
  predictor.predict(3, {x.data(), 2, 12}, {y.data() + 8, -3, -1}, labels.data());
  for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(y[8 - i], expected.values[i]) << i;
  EXPECT_EQ(labels, expected.labels);
  std::vector<float> whole(9);
  predictor.predict(rows, whole);
  EXPECT_EQ(whole, expected.values);
  std::vector<float> short_of(8, 5.0F);
  EXPECT_THROW(predictor.predict(rows, short_of), Error);
  EXPECT_THROW(predictor.predict(-1, {x.data(), 2}, {y.data(), 3}), Error);
}

/// Also of a call that is longer than what is kept of outputs meanwhile.
TEST(Predictor, NothingIsWrittenUnlessAllRowsAreWell) {
  const TemporaryFolder folder;
  const Predictor predictor(saved(linear(Loss::mse, 1, 0, {4, 4}, {0}), folder), WhichWeights::judged, 1);
  const std::size_t rows = 100'000;
  std::vector<float> x(2 * rows, 1.0F);
  std::vector<float> y(rows, 55.0F);
  predictor.predict(x, y);
  EXPECT_EQ(y, std::vector<float>(rows));
  for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::max()}) {
    std::fill(y.begin(), y.end(), 55.0F);
    std::fill_n(x.end() - 2, 2, bad);
    EXPECT_THROW(predictor.predict(x, y), Error) << bad;
    EXPECT_EQ(y, std::vector<float>(rows, 55.0F)) << bad;
  }
}

TEST(Predictor, ThreadsMayBeMoreThanItsPlaces) {
  const TemporaryFolder folder;
  const Model model = mlp({.inputs = 2, .hidden = {20}, .classes = 3, .activation = "gelu"});
  const Predictor predictor(saved(archive_of(model, {{2}, 3, {"a", "b", "c"}, "x"}), folder), WhichWeights::judged, 2);
  std::vector<float> x;
  for (int i = 0; i < 200; ++i) x.push_back(static_cast<float>(i % 17) * 0.3F - 2.0F);
  const std::vector<float> expected = predictor.predict(x).values;
  std::vector<std::vector<float>> made(8, std::vector<float>(expected.size()));
  std::vector<std::thread> threads;
  for (std::vector<float>& y : made) {
    threads.emplace_back([&] {
      for (int times = 0; times < 50; ++times) predictor.predict(x, y);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<float>& y : made) EXPECT_EQ(y, expected);
}

TEST(Predictor, OpensTheLatestOfARunAndBytes) {
  const TemporaryFolder folder;
  const std::string file = saved(linear(Loss::mse, 1, 0, {1, 0}, {0.5F}), folder);
  std::filesystem::create_directories(folder / "run/checkpoints");
  EXPECT_THROW(Predictor(folder / "run"), Error);
  std::filesystem::copy(file, folder / "run/checkpoints/step-00000003.h5");
  std::filesystem::copy(saved(linear(Loss::mse, 1, 0, {2, 0}, {0.5F}), folder),
                        folder / "run/checkpoints/step-00000012.h5");
  EXPECT_EQ(Predictor(folder / "run").predict(row).values, std::vector<float>{2.5F});
  const std::string latest = folder / "run/checkpoints/latest";
  std::filesystem::create_symlink("step-00000003.h5", latest);  // as a kill leaves it
  EXPECT_EQ(Predictor(folder / "run").predict(row).values, std::vector<float>{2.5F});
  EXPECT_EQ(Predictor(read_file(folder / "run/checkpoints/latest"), "bytes").predict(row).values,
            std::vector<float>{1.5F});
  std::filesystem::remove(latest);
  std::filesystem::create_symlink("step-00000020.h5", latest);
  try {
    const Predictor predictor(folder / "run");
    ADD_FAILURE() << "opened";
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), ExitStatus::no_input);
    EXPECT_THAT(e.what(), HasSubstr("is that of step 20 by its link, and that is not there"));
  }
}

TEST(Predictor, WhatDescribesNoModelIsRefused) {
  const TemporaryFolder folder;
  Archive older = linear(Loss::mse, 1, 0, {1, 1}, {0});
  older.texts.erase(CheckpointNames::model);
  try {
    const Predictor predictor(saved(older, folder));
    ADD_FAILURE() << "opened";
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), ExitStatus::bad_data);
    EXPECT_THAT(e.what(), HasSubstr("--resume"));
  }
  EXPECT_THROW(Predictor(folder / "none.h5"), Error);
  Archive newer = linear(Loss::mse, 1, 0, {1, 1}, {0});
  newer.attributes[CheckpointNames::format_version] = checkpoint_format_version + 1;
  try {
    const Predictor predictor(saved(newer, folder));
    ADD_FAILURE() << "opened";
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), ExitStatus::bad_data);
    EXPECT_THAT(e.what(), HasSubstr("has format version 2; this shoal reads version 1"));
  }
}

}  // namespace
}  // namespace shoal
