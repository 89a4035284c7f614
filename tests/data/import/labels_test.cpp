#include "data/import/labels.hpp"

#include <limits>

#include "../data_files.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;
using Texts = std::vector<std::string>;

const Place place = [](std::size_t i) { return "f.csv:" + std::to_string(i + 2); };
Labels of(const Texts& texts) { return labels_from_texts(texts, place); }

TEST(Labels, WholeNumbersAreClassNumbers) {
  const Labels labels = of({"3", "0", "1.0", " 3"});
  EXPECT_THAT(labels.numbers, ElementsAre(3, 0, 1, 3));
  EXPECT_THAT(labels.class_names, ElementsAre("0", "1", "2", "3"));
}

TEST(Labels, CodesAreClassesInNumericOrder) {
  const Labels labels = of({"452000", "111000", "1e10", "111000"});
  EXPECT_THAT(labels.class_names, ElementsAre("111000", "452000", "10000000000"));
  EXPECT_THAT(labels.numbers, ElementsAre(1, 0, 2, 0));
  EXPECT_THAT(of({"0", "1", "2", "99"}).class_names, ElementsAre("0", "1", "2", "99"));
  EXPECT_THAT(of({"3", "20"}).class_names, ElementsAre("3", "20")) << "nine of ten are missing";
  EXPECT_THAT(of({"3", "19"}).class_names, ::testing::SizeIs(20));  // some are missing, and not nearly all
}

TEST(Labels, TextsAreClassesSortedBytewise) {
  EXPECT_THAT(labels_from_texts(Texts{"1.5", "2"}, place).class_names, ElementsAre("1.5", "2"));
  EXPECT_THAT(labels_from_texts(Texts{"2", "0"}, place).class_names, ElementsAre("0", "1", "2"));
  EXPECT_THAT(labels_from_texts(Texts{"02", "1", "01"}, place).class_names, ElementsAre("01", "02", "1")) << "codes";
  const Labels labels = labels_from_texts(Texts{"dog", "cat", "Zebra", "10", "9", "cat"}, place);
  EXPECT_THAT(labels.class_names, ElementsAre("10", "9", "Zebra", "cat", "dog"));
  EXPECT_THAT(labels.numbers, ElementsAre(4, 3, 2, 0, 1, 3));
}

TEST(Labels, NegativeWholeNumbersAreClassesInNumericOrder) {
  const Labels labels = of({"10", "-1", "2", "-1"});
  EXPECT_THAT(labels.class_names, ElementsAre("-1", "2", "10"));
  EXPECT_THAT(labels.numbers, ElementsAre(2, 0, 1, 0));
}

TEST(Labels, TakeTheClassesOfAnotherSet) {
  const Texts names{"0", "1", "2"};
  EXPECT_THAT(labels_like(Texts{"2", "1.0"}, names, place).numbers, ElementsAre(2, 1));
  EXPECT_EQ(labels_like(Texts{"2"}, names, place).class_names, names);
  const Texts codes{"01", "1", "2"};  // 1.0 may be either
  EXPECT_THAT(labels_like(Texts{"1", "01", "2.0"}, codes, place).numbers, ElementsAre(1, 0, 2));
  expect_error([&] { labels_like(Texts{"1", "1.0"}, codes, place); }, ExitStatus::bad_data, {"f.csv:3", "\"1.0\""});
  const Texts animals{"cat", "dog"};
  EXPECT_THAT(labels_like(Texts{"dog"}, animals, place).numbers, ElementsAre(1));
  expect_error(
      [&] {
        labels_like(Texts{"dog", "dig"}, animals, place);
      },
      ExitStatus::bad_data, {"f.csv:3", "\"dig\"", "2 classes", "\"dog\""});
  const Texts not_numbers{"nan", "inf", "1"};
  EXPECT_THAT(labels_like(Texts{"1.0"}, not_numbers, place).numbers, ElementsAre(2));
  expect_error([&] { labels_like(Texts{"1", "0"}, not_numbers, place); }, ExitStatus::bad_data, {"f.csv:3", "\"0\""});
}

TEST(Labels, RefuseWhatCannotBeOne) {
  expect_error([] { of({"1", " "}); }, ExitStatus::bad_data, {"f.csv:3", "empty"});
  expect_error([] { of({"nan", "1"}); }, ExitStatus::bad_data, {"f.csv:2", "nan"});
  expect_error(  // what no int64 holds
      [] {
        labels_from_classes(std::vector<std::int64_t>{1, std::numeric_limits<std::int64_t>::max()}, place);
      },
      ExitStatus::bad_data, {"f.csv:3", "9223372036854775807"});
  expect_error(
      [] {
        labels_from_classes(std::vector<std::int64_t>{0, -1}, place);
      },
      ExitStatus::bad_data, {"f.csv:3", "-1"});
}

}  // namespace
}  // namespace shoal
