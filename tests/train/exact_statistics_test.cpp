#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <span>
#include <vector>

#include "shoal/core/error.hpp"
#include "shoal/io/h5_file.hpp"
#include "training_fixture.hpp"

namespace shoal {
namespace {

constexpr std::int64_t exact_rows = 256;

class ExactStatistics : public TrainingTest {
 protected:
  ExactStatistics()
      : TrainingTest([](const std::string& folder) {
          H5Writer writer(folder + "d.h5");
          std::vector<std::int32_t> y(exact_rows);
          std::vector<float> x(exact_rows * 2);
          for (std::size_t i = 0; i < y.size(); ++i) {
            y[i] = static_cast<std::int32_t>(i % 2);
            x[2 * i] = x[2 * i + 1] = static_cast<float>(i % 7) + static_cast<float>(y[i]);
          }
          writer.create_array("train/y", ElementType::int32, {exact_rows});
          writer.write_rows("train/y", 0, std::as_bytes(std::span(y)));
          writer.create_array("train/x", ElementType::float32, {exact_rows, 2});  // last in the file
          writer.write_rows("train/x", 0, std::as_bytes(std::span(x)));
          writer.finish();
        }) {}
};

/// The last rows are gone when the statistics are to be made: one rank finds it, and the others must not wait for it.
TEST_F(ExactStatistics, RowsThatCannotBeReadEndAllRanks) {
  Config config;
  config.data.file = path("d.h5");
  config.data.validation = 0.0;
  config.data.batch_size = 64;
  config.model.hidden = {4};
  config.model.batch_norm.enabled = true;
  config.model.batch_norm.running = "exact";
  config.train.epochs = 1;
  config.parallel.leaves = 4;
  const auto training = begin(config, test_world());
  training->start();
  go_on(*training, training->total_steps());
  test_world().barrier();
  if (test_world().rank() == 0)
    std::filesystem::resize_file(path("d.h5"), std::filesystem::file_size(path("d.h5")) - 100);
  test_world().barrier();
  std::string message;
  try {
    training->finish();
  } catch (const SharedError& e) {
    message = e.what();
  }
  EXPECT_THAT(message, ::testing::HasSubstr("d.h5"));
}

}  // namespace
}  // namespace shoal
