#include "cli/output.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace shoal {
namespace {

TEST(Output, NumbersStandRightAndTextsLeft) {
  EXPECT_EQ(align({{"split", "rows", "type"}, {"test", "359", "uint8"}, {"validation", "1438", ""}}),
            "split       rows  type\n"
            "test         359  uint8\n"
            "validation  1438\n");
  EXPECT_EQ(align({{"step", "360"}}), "step  360\n");
}

TEST(Output, Shapes) {
  EXPECT_EQ(shape_text({}), "()");
  EXPECT_EQ(shape_text({28, 28}), "(28, 28)");
}

TEST(Output, ManyClassesAreCut) {
  EXPECT_EQ(classes_text({}), "none");
  EXPECT_EQ(classes_text({"cat", "dog"}), "2: cat, dog");
  const std::vector<std::string> names(21, "x");
  const std::string text = classes_text(names);
  EXPECT_EQ(text.substr(0, 7), "21: x, ");
  EXPECT_EQ(text.substr(text.size() - 5), ", ...");
  EXPECT_EQ(std::count(text.begin(), text.end(), 'x'), 20);
}

}  // namespace
}  // namespace shoal
