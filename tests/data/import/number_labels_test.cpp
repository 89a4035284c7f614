#include "data/import/number_labels.hpp"

#include "../data_files.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Place place_of_number = [](std::size_t i) { return "f: row " + std::to_string(i); };

NumberSurvey survey_of(const std::vector<double>& values) {
  NumberSurvey survey;
  for (const double value : values) survey.add(value);
  return survey;
}

/// Labels, and the classes of the rows that they were made of.
struct Named : NumberLabels {
  Named(NumberLabels labels, const std::vector<double>& values) : NumberLabels(std::move(labels)) {
    if (class_names.empty()) return;
    for (const double value : values) numbers.push_back(class_of(value));
  }
  std::vector<std::int32_t> numbers;
};

Named labels(const std::vector<double>& values, LabelWish wish = LabelWish::found_out) {
  return {labels_of_numbers(survey_of(values), wish, place_of_number), values};
}

TEST(NumberLabels, AreClassesWhereWholeAndFew) {
  const Named binary = labels({0.0, 1.0, 1.0});
  EXPECT_THAT(binary.numbers, ElementsAre(0, 1, 1));
  EXPECT_THAT(binary.class_names, ElementsAre("0", "1"));
  EXPECT_EQ(binary.reason, "classes: 2 different whole numbers; --regression if they are numbers to predict");
  const Named signs = labels({1.0, -1.0, 1.0});
  EXPECT_THAT(signs.numbers, ElementsAre(1, 0, 1));
  EXPECT_THAT(signs.class_names, ElementsAre("-1", "1"));
  const Named gap = labels({0, 3, 3, 0});
  EXPECT_THAT(gap.numbers, ElementsAre(0, 3, 3, 0));
  const Named codes = labels({111000, 452000, 111000});
  EXPECT_THAT(codes.numbers, ElementsAre(0, 1, 0));
  EXPECT_THAT(codes.class_names, ElementsAre("111000", "452000"));
}

TEST(NumberLabels, AreTargetsElse) {
  EXPECT_THAT(labels({0.5, 1.0}).class_names, IsEmpty());
  EXPECT_THAT(labels({-2, 1, 1}).reason, HasSubstr("targets: some are below 0; --classes"));
  std::vector<double> many;
  for (int i = 0; i < 42; ++i) many.push_back(i % 21);
  EXPECT_THAT(labels(many).reason, HasSubstr("targets: 21 different whole numbers in 42 rows"));
  many.pop_back();
  for (int i = 0; i < 21 * 20; ++i) many.push_back(i % 21);
  EXPECT_EQ(labels(many).class_names.size(), 21U);
  std::vector<double> thousands(30000);
  for (std::size_t i = 0; i < thousands.size(); ++i) thousands[i] = static_cast<double>(i % 1200);
  EXPECT_THAT(labels(thousands).reason, HasSubstr("more than 1000"));
  EXPECT_THAT(labels({0x1p60, 0}).reason, HasSubstr("2^53 or more; --classes"));
}

TEST(NumberLabels, FollowTheWish) {
  EXPECT_THAT(labels({0, 1}, LabelWish::regression).class_names, IsEmpty());
  EXPECT_THAT(labels({-2, 1, 1}, LabelWish::classes).numbers, ElementsAre(0, 1, 1));
  EXPECT_THAT(labels({0.5, 1.5, 0.5}, LabelWish::classes).class_names, ElementsAre("0.5", "1.5"));
  expect_error([] { label_wish(true, true); }, ExitStatus::usage, {"--classes", "--regression"});
  EXPECT_EQ(label_wish(false, true), LabelWish::regression);
}

TEST(NumberLabels, AreRefusedWhereNotFinite) {
  expect_error([] { labels({0, NAN}); }, ExitStatus::bad_data, {"f: row 1", "nan"});
  expect_error([] { labels({0, INFINITY}, LabelWish::classes); }, ExitStatus::bad_data, {"f: row 1", "inf"});
  expect_error([] { labels({0, 1e300}, LabelWish::regression); }, ExitStatus::bad_data, {"f: row 1", "too large"});
}

TEST(NumberLabels, TakeTheClassesOfAnotherSet) {
  const std::vector<double> values{1, 0, 1};
  const auto like = [&](const std::vector<std::string>& names) {
    return Named(number_labels_like(survey_of(values), names, place_of_number), values);
  };
  EXPECT_THAT(like({"0", "1", "2"}).numbers, ElementsAre(1, 0, 1));
  EXPECT_THAT(like({"1.0", "0"}).numbers, ElementsAre(0, 1, 0));
  EXPECT_THAT(like({}).class_names, IsEmpty());
  expect_error([&] { like({"0", "2"}); }, ExitStatus::bad_data, {"f: row 0", "label \"1\" is none of the 2 classes"});
}

TEST(NumberLabels, AreNoClassesWhereTheyAreTooMany) {
  std::vector<double> many(static_cast<std::size_t>(most_classes) + 1);
  std::iota(many.begin(), many.end(), 0.0);
  expect_error([&] { labels(many, LabelWish::classes); }, ExitStatus::bad_data,
               {"f: row 0", "more than", "--regression"});
  many.pop_back();
  EXPECT_EQ(std::ssize(labels(many, LabelWish::classes).class_names), most_classes);
}

using Targets = DataFiles;

TEST_F(Targets, AreStoredSoThatTheyKeepTheirValue) {
  const auto type_of = [&](const std::vector<double>& targets) {
    const auto numbers = std::make_shared<LabelNumbers>(path("out.h5"), 1);
    numbers->add(targets);
    return label_column(numbers, 0, targets_of_numbers(numbers->survey(), place_of_number), {}).type;
  };
  EXPECT_EQ(type_of({0.1, 2.5, 123456.0, -0.0}), ElementType::float32);
  EXPECT_EQ(type_of({0.1, 1.7e9 + 0.5}), ElementType::float64);
  EXPECT_EQ(type_of({1e-46}), ElementType::float64) << "0 in float32";
  EXPECT_EQ(type_of({1.2e-44}), ElementType::float64) << "1.26e-44 there";
}

TEST_F(Targets, AreReadFromAnyRowOn) {
  const auto numbers = std::make_shared<LabelNumbers>(path("out.h5"), 2);
  std::vector<double> values(60000);
  std::iota(values.begin(), values.end(), 0.5);
  numbers->add(std::span(values).first(10));
  numbers->add(std::span(values).subspan(10));
  EXPECT_EQ(numbers->rows(), 30000);
  const Column y = label_column(numbers, 7, targets_of_numbers(numbers->survey(), place_of_number), {2});
  std::vector<float> out(8);
  y.rows_into(std::vector<std::int64_t>{0, 3, 9000, 29992}, std::as_writable_bytes(std::span(out)));
  EXPECT_THAT(out, ElementsAre(14.5, 15.5, 20.5, 21.5, 18014.5, 18015.5, 59998.5, 59999.5));
}

}  // namespace
}  // namespace shoal
