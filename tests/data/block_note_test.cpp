#include <random>

#include "data_files.hpp"
#include "shoal/data/epoch_order.hpp"

namespace shoal {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t noted_rows = 20000;

class BlockNotes : public DataFiles {
 protected:
  template <class T>
  Split split(const std::vector<T>& y) {
    H5Writer writer(path("d.h5"));
    put(writer, "train/x", {noted_rows, 1}, std::vector<float>(noted_rows));
    put(writer, "train/y", {noted_rows}, y);
    writer.finish();
    return Dataset::open(path("d.h5")).split("train");
  }
};

TEST_F(BlockNotes, SortedLabelsAndTargetsAreSaid) {
  std::vector<std::int32_t> labels(noted_rows);
  std::vector<float> targets(noted_rows);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    labels[i] = static_cast<std::int32_t>(i / 2000);
    targets[i] = static_cast<float>(i) * 0.5F;
  }
  EXPECT_THAT(note_on_blocks(split(labels), 64), HasSubstr("labels much alike (a correlation of 0.9"));
  EXPECT_THAT(note_on_blocks(split(labels), 2), HasSubstr("blocks of 2 rows"));
  EXPECT_THAT(note_on_blocks(split(targets), 64), HasSubstr("targets much alike (a correlation of 1.00"));
  EXPECT_THAT(note_on_blocks(split(labels), 1), IsEmpty());
  EXPECT_THAT(note_on_blocks(split(labels), 0), IsEmpty()) << "a small split has blocks of one row";
}

TEST_F(BlockNotes, MixedRowsAreNot) {
  std::mt19937 draw(7);
  std::vector<std::int32_t> labels(noted_rows);
  std::vector<float> targets(noted_rows);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    labels[i] = static_cast<std::int32_t>(draw() % 10);
    targets[i] = static_cast<float>(draw() % 1000);
  }
  for (const std::int64_t block : {2, 3, 64, 1000, 20000}) {
    EXPECT_THAT(note_on_blocks(split(labels), block), IsEmpty()) << block;
    EXPECT_THAT(note_on_blocks(split(targets), block), IsEmpty()) << block;
  }
  EXPECT_THAT(note_on_blocks(split(std::vector<std::int32_t>(noted_rows)), 64), IsEmpty()) << "one class";
}

}  // namespace
}  // namespace shoal
