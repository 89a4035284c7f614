#include "data/import/number_labels.hpp"

#include "../data_files.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Place place_of_number = [](std::size_t i) { return "f: row " + std::to_string(i); };

NumberLabels labels(const std::vector<double>& values, LabelWish wish = LabelWish::found_out) {
  return labels_of_numbers(values, wish, place_of_number);
}

TEST(NumberLabels, AreClassesWhereWholeAndFew) {
  const NumberLabels binary = labels({0.0, 1.0, 1.0});
  EXPECT_THAT(binary.labels.numbers, ElementsAre(0, 1, 1));
  EXPECT_THAT(binary.labels.class_names, ElementsAre("0", "1"));
  EXPECT_EQ(binary.reason, "classes: 2 different whole numbers; --regression if they are numbers to predict");
  const NumberLabels signs = labels({1.0, -1.0, 1.0});
  EXPECT_THAT(signs.labels.numbers, ElementsAre(1, 0, 1));
  EXPECT_THAT(signs.labels.class_names, ElementsAre("-1", "1"));
  const NumberLabels gap = labels({0, 3, 3, 0});
  EXPECT_THAT(gap.labels.numbers, ElementsAre(0, 3, 3, 0));
  const NumberLabels codes = labels({111000, 452000, 111000});
  EXPECT_THAT(codes.labels.numbers, ElementsAre(0, 1, 0));
  EXPECT_THAT(codes.labels.class_names, ElementsAre("111000", "452000"));
}

TEST(NumberLabels, AreTargetsElse) {
  EXPECT_THAT(labels({0.5, 1.0}).labels.targets, ElementsAre(0.5, 1.0));
  EXPECT_THAT(labels({-2, 1, 1}).reason, HasSubstr("targets: some are below 0; --classes"));
  std::vector<double> many;
  for (int i = 0; i < 42; ++i) many.push_back(i % 21);
  EXPECT_THAT(labels(many).reason, HasSubstr("targets: 21 different whole numbers in 42 rows"));
  many.pop_back();
  for (int i = 0; i < 21 * 20; ++i) many.push_back(i % 21);
  EXPECT_EQ(labels(many).labels.class_names.size(), 21U);
  std::vector<double> thousands(30000);
  for (std::size_t i = 0; i < thousands.size(); ++i) thousands[i] = static_cast<double>(i % 1200);
  EXPECT_THAT(labels(thousands).reason, HasSubstr("more than 1000"));
  EXPECT_THAT(labels({0x1p60, 0}).reason, HasSubstr("2^53 or more; --classes"));
}

TEST(NumberLabels, FollowTheWish) {
  EXPECT_THAT(labels({0, 1}, LabelWish::regression).labels.targets, ElementsAre(0.0, 1.0));
  EXPECT_THAT(labels({-2, 1, 1}, LabelWish::classes).labels.numbers, ElementsAre(0, 1, 1));
  EXPECT_THAT(labels({0.5, 1.5, 0.5}, LabelWish::classes).labels.class_names, ElementsAre("0.5", "1.5"));
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
  EXPECT_THAT(number_labels_like(values, {"0", "1", "2"}, place_of_number).numbers, ElementsAre(1, 0, 1));
  EXPECT_THAT(number_labels_like(values, {"1.0", "0"}, place_of_number).numbers, ElementsAre(0, 1, 0));
  EXPECT_THAT(number_labels_like(values, {}, place_of_number).targets, ElementsAre(1.0, 0.0, 1.0));
  expect_error(
      [&] {
        number_labels_like(values, {"0", "2"}, place_of_number);
      },
      ExitStatus::bad_data, {"f: row 0", "label \"1\" is none of the 2 classes"});
}

}  // namespace
}  // namespace shoal
