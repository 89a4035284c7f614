#include "train/data/batch_reader.hpp"

#include <gmock/gmock.h>

#include <limits>
#include <memory>
#include <utility>

#include "data/data_files.hpp"

namespace shoal {
namespace {

constexpr std::int64_t stored_rows = 103;
constexpr std::int64_t features = 40;
constexpr std::int64_t capacity = 16;

class BatchReaderTest : public DataFiles {
 protected:
  /// x[i, d] = 100 i + d, y[i] = i mod 3; row `bad` holds a NaN.
  Split data(std::int64_t bad = -1) {
    std::vector<float> x;
    std::vector<std::uint8_t> y;
    for (std::int64_t i = 0; i < stored_rows; ++i) {
      for (std::int64_t d = 0; d < features; ++d) x.push_back(static_cast<float>(100 * i + d));
      y.push_back(static_cast<std::uint8_t>(i % 3));
    }
    if (bad >= 0) x[static_cast<std::size_t>(bad * features + 7)] = std::numeric_limits<float>::quiet_NaN();
    H5Writer writer(path("a.h5"));
    put(writer, "train/x", {stored_rows, features}, x);
    put(writer, "train/y", {stored_rows}, y);
    writer.finish();
    return Dataset::open(path("a.h5")).split("train");
  }
};

/// The same rows in memory.
Split held(const Split& split) {
  const std::shared_ptr<std::byte[]> bytes(new std::byte[static_cast<std::size_t>(split.stored_bytes())]);
  split.read_stored(0, {bytes.get(), static_cast<std::size_t>(split.stored_bytes())});
  return split.held_in({bytes, bytes.get()});
}

BatchReader::Source source_of(const Split& split, std::int64_t shuffle_block, int ranks, int rank) {
  return {split,
          std::make_shared<const RowEncoder>(Encoding(), ColumnMatch(), features),
          5,
          shuffle_block,
          BatchCut{stored_rows, 16, 4, 4, ranks, rank},
          {true, 1, features},
          capacity,
          3};
}

/// The rows that a rank's part of a step's batch holds, by the definition.
std::vector<std::int64_t> expected_rows(const Split& split, std::int64_t shuffle_block, std::int64_t step,
                                        const LeafShare& share) {
  const std::int64_t per_epoch = (stored_rows + 15) / 16;
  const EpochOrder order(5, static_cast<std::uint64_t>((step - 1) / per_epoch + 1), stored_rows, shuffle_block,
                         split.row_bytes());
  std::vector<std::int64_t> expected(static_cast<std::size_t>(share.samples()));
  order.rows((step - 1) % per_epoch * 16 + share.first_sample(), expected);
  return expected;
}

void expect_batch(ReadBatch& batch, std::int64_t step, const std::vector<std::int64_t>& expected) {
  ASSERT_EQ(batch.step, step);
  ASSERT_EQ(batch.sample_ids, expected) << "step " << step;
  const Panels<float> x{batch.features.data(), capacity, features};
  const Panels<float> y{batch.targets.data(), capacity, 3};
  for (std::size_t r = 0; r < expected.size(); ++r) {
    const auto row = static_cast<std::int64_t>(r);
    ASSERT_EQ(x.at(row, 0), static_cast<float>(100 * expected[r]));
    ASSERT_EQ(x.at(row, features - 1), static_cast<float>(100 * expected[r] + features - 1));
    for (std::int64_t k = 0; k < 3; ++k) ASSERT_EQ(y.at(row, k), expected[r] % 3 == k ? 1.0f : 0.0f);
  }
}

TEST_F(BatchReaderTest, BatchesFollowTheOrderOfTheEpochFromAnyStepOn) {
  const Split file = data();
  for (const Split& split : {file, held(file)}) {
    for (const std::int64_t shuffle_block : {1, 4}) {
      for (const std::int64_t first : {1, 5, 7, 12}) {
        for (int ranks = 1; ranks <= 4; ++ranks) {
          for (int rank = 0; rank < ranks; ++rank) {
            BatchReader reader(source_of(split, shuffle_block, ranks, rank), first);
            for (std::int64_t step = first; step < first + 16; ++step) {
              ASSERT_EQ(reader.step(), step);
              ReadBatch& batch = reader.next();
              const std::int64_t samples = step % 7 == 0 ? stored_rows % 16 : 16;
              EXPECT_EQ(batch.share->cut().samples, samples);
              expect_batch(batch, step, expected_rows(split, shuffle_block, step, *batch.share));
            }
          }
        }
      }
    }
  }
}

TEST_F(BatchReaderTest, TheCallerMayExchangeBuffersForItsOwn) {
  const Split file = data();
  for (const Split& split : {file, held(file)}) {
    BatchReader reader(source_of(split, 1, 1, 0), 1);
    Buffer<float> mine(padded_size(capacity, features));
    for (std::int64_t step = 1; step <= 200; ++step) {
      ReadBatch& batch = reader.next();
      expect_batch(batch, step, expected_rows(split, 1, step, *batch.share));
      std::swap(mine, batch.features);
      for (float& value : mine.span()) value = -1.0f;
    }
  }
}

TEST_F(BatchReaderTest, AnErrorIsThatOfTheBatchThatHoldsTheBadRow) {
  const Split split = data(50);
  BatchReader reader(source_of(split, 1, 1, 0), 1);
  int failed = 0;
  for (std::int64_t step = 1; step <= 7; ++step) {
    const LeafShare share = BatchCut{stored_rows, 16, 4, 4, 1, 0}.share(step == 7 ? stored_rows % 16 : 16);
    const auto expected = expected_rows(split, 1, step, share);
    const bool bad = std::find(expected.begin(), expected.end(), 50) != expected.end();
    try {
      expect_batch(reader.next(), step, expected);
      EXPECT_FALSE(bad) << "step " << step;
    } catch (const Error& e) {
      EXPECT_TRUE(bad) << "step " << step;
      EXPECT_EQ(e.status(), ExitStatus::bad_data);
      EXPECT_THAT(e.what(), testing::HasSubstr("train/x row 50, feature 7 is nan"));
      ++failed;
    }
  }
  EXPECT_EQ(failed, 1);
}

/// Of those in memory each row is made once, and the one that cannot be is not taken for made.
TEST_F(BatchReaderTest, OfRowsInMemoryABadOneIsAnErrorAgain) {
  const Split split = held(data(50));
  BatchReader reader(source_of(split, 1, 1, 0), 1);
  int failed = 0;
  for (std::int64_t step = 1; step <= 21; ++step) {
    try {
      expect_batch(reader.next(), step,
                   expected_rows(split, 1, step,
                                 BatchCut{stored_rows, 16, 4, 4, 1, 0}.share(step % 7 == 0 ? stored_rows % 16 : 16)));
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), testing::HasSubstr("train/x row 50, feature 7 is nan"));
      ++failed;
    }
  }
  EXPECT_EQ(failed, 3) << "once an epoch";
}

TEST_F(BatchReaderTest, EndsAtAnyTime) {
  const Split split = data();
  for (int taken = 0; taken < 40; ++taken) {
    BatchReader reader(source_of(split, 1, 1, 0), 1);
    for (int i = 0; i < taken; ++i) reader.next();
  }
}

}  // namespace
}  // namespace shoal
