#include "shoal/train/cost.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "shoal/core/error.hpp"
#include "shoal/data/synth.hpp"
#include "shoal/io/h5_file.hpp"
#include "shoal/io/memory_limit.hpp"

namespace shoal {
namespace {

class Cost : public ::testing::Test {
 protected:
  Cost() : data_(make_data()) {}

  TrainingCost of(const std::function<void(Config&)>& change) const {
    Config config;
    config.model.hidden = {1000, 1000};
    change(config);
    return estimate_cost(config, data_);
  }
  const TrainingData data_;

 private:
  static TrainingData make_data() {
    const std::string file = ::testing::TempDir() + "shoal_cost_test.h5";
    synth_spirals({.samples = 300, .features = 4, .classes = 3, .seed = 3}, file);
    TrainingData data = select_data(Dataset::open(file), Config{});
    std::filesystem::remove(file);
    return data;
  }
};

TEST_F(Cost, LongTrainingsCostMore) {
  const TrainingCost usual = of([](Config&) {});
  EXPECT_GT(of([](Config& c) { c.model.hidden = {2000}; }).epoch, of([](Config& c) { c.model.hidden = {100}; }).epoch);
  EXPECT_GT(of([](Config& c) { c.data.batch_size = 8; }).epoch, usual.epoch) << "more steps";
  EXPECT_DOUBLE_EQ(of([](Config& c) { c.train.epochs *= 2; }).whole, 2 * usual.whole);
  EXPECT_DOUBLE_EQ(of([](Config& c) { c.train.epochs *= 2; }).epoch, usual.epoch);
  EXPECT_DOUBLE_EQ(of([](Config& c) { c.train.steps = 10; }).whole, 2 * usual.epoch) << "5 steps an epoch";
}

TEST_F(Cost, MemoryGrowsWithUnitsMomentsAndSamples) {
  const double adam = of([](Config& c) { c.optimizer.name = "adam"; }).model_bytes;
  EXPECT_GT(adam, 1e6 * 4 * 5) << "weights, gradient, sum and two moments";
  EXPECT_LT(adam, 1e6 * 4 * 20);
  EXPECT_LT(of([](Config& c) { c.optimizer.name = "gd"; }).model_bytes, adam);
  const double averaged = of([](Config& c) { c.train.average_decay = 0.9; }).model_bytes;
  EXPECT_GT(averaged, adam + 1e6 * 4 * 2) << "kept, whole while it is judged, and saved";
  EXPECT_DOUBLE_EQ(of([](Config& c) { c.data.batch_size = 128; }).batch_bytes, 2 * of([](Config&) {}).batch_bytes);
}

TEST_F(Cost, OfImagesAndNestedLayersWorkIsCountedByPositions) {
  TrainingData images = data_;  // 4 features are an image of one channel
  images.description.shape = {2, 2};
  const LayerSpec conv{"conv", {{"channels", std::int64_t{50}}, {"kernel", std::int64_t{3}}}};
  Config config;
  config.model.layers = {{.type = "residual", .layers = {conv, {"relu"}, conv}}, {"global_average_pool"}};
  const double products = 4 * (9 * 50 + 9 * 50 * 50 + 50) + 50 * 3;
  const TrainingCost cost = estimate_cost(config, images);
  EXPECT_DOUBLE_EQ(cost.epoch, 300 * (6 * products + 1e5) + 5e6);
  EXPECT_GT(cost.model_bytes, 4 * (9 * 50 + 9 * 50 * 50));
  EXPECT_GT(cost.batch_bytes, 64 * 4 * (3 * 4 * 50));
}

TEST_F(Cost, OutputsOfLevelsAndRowsToValidateOnCount) {
  const auto outputs = [&](const std::vector<double>& levels) {
    return of([&](Config& c) {
      c.model.loss.name = "quantile";
      c.model.loss.levels = levels;
    });
  };
  EXPECT_GT(outputs({0.1, 0.5, 0.9}).model_bytes, outputs({0.5}).model_bytes + 2e3 * 4);
  EXPECT_EQ(of([](Config&) {}).judge_bytes, 0.0) << "no rows to validate on";
  TrainingData judged = data_;
  judged.validation = data_.train;
  EXPECT_GE(estimate_cost({}, judged).judge_bytes, 300 * 3 * 8) << "classes of each row";
}

/// 40 images of 3 x 16 x 16.
TrainingData image_data() {
  const std::string file = ::testing::TempDir() + "shoal_cost_images.h5";
  H5Writer writer(file);
  writer.create_array("train/x", ElementType::uint8, {40, 3, 16, 16});
  writer.write_rows("train/x", 0, std::vector<std::byte>(40 * 3 * 16 * 16));
  writer.create_array("train/y", ElementType::uint8, {40});
  writer.write_rows("train/y", 0, std::vector<std::byte>(40));
  writer.set_attribute("classes", std::int64_t{4});
  writer.finish();
  TrainingData data = select_data(Dataset::open(file), Config{});
  std::filesystem::remove(file);
  return data;
}

LayerSpec conv(std::int64_t channels, std::int64_t kernel, std::int64_t stride = 1) {
  return {"conv", {{"channels", channels}, {"kernel", kernel}, {"stride", stride}}};
}

TEST(CostOfImages, CountsTheProductsOfAllPositionsAndNestedLayers) {
  const TrainingData data = image_data();
  Config config;
  const auto epoch_of = [&](const std::vector<LayerSpec>& layers) {
    config.model.layers = layers;
    return estimate_cost(config, data).epoch;
  };
  const LayerSpec relu{"relu"};
  const LayerSpec pool{"global_average_pool"};
  const double one = epoch_of({conv(8, 3), relu, pool});
  const double two = epoch_of({conv(8, 3), relu, conv(16, 5, 2), relu, pool});
  const double products = 5 * 5 * 8 * 16 * 8 * 8 + (16 - 8) * 4;  // and four classes
  EXPECT_DOUBLE_EQ(two - one, 40 * 6 * products);
  const LayerSpec block{.type = "residual", .layers = {conv(8, 3), relu, conv(8, 3)}};
  EXPECT_DOUBLE_EQ(epoch_of({conv(8, 3), relu, block, pool}) - one, 40 * 6 * 2.0 * 3 * 3 * 8 * 8 * 16 * 16);
}

TEST(CostOfImages, MemoryIsThatOfParametersAndPositions) {
  const TrainingData data = image_data();
  Config config;
  const auto cost_of = [&](const std::vector<LayerSpec>& layers) {
    config.model.layers = layers;
    return estimate_cost(config, data);
  };
  const LayerSpec pool{"global_average_pool"};
  const TrainingCost narrow = cost_of({conv(32, 3), {"relu"}, pool});
  const TrainingCost wide = cost_of({conv(64, 3), {"relu"}, pool});
  const double samples = 40;
  EXPECT_GE(wide.batch_bytes - narrow.batch_bytes, samples * 16 * 16 * 32 * 4) << "32 more channels";
  EXPECT_LE(wide.batch_bytes - narrow.batch_bytes, samples * 16 * 16 * 32 * 4 * 4);
  EXPECT_GE(narrow.batch_bytes, samples * 16 * 16 * 32 * 4 * 4) << "images, some read ahead";
  EXPECT_NEAR(wide.model_bytes / narrow.model_bytes, 2.0, 0.1);
}

TEST(CostOfImages, WhatNoHostHoldsIsRefused) {
  const TrainingData data = image_data();
  Config config;
  const auto refusal = [&](std::int64_t channels) -> std::string {
    config.model.layers = {conv(channels, 3), conv(channels, 3), {"global_average_pool"}};
    try {
      check_memory(config, data);
      return "";
    } catch (const Error& e) {
      EXPECT_EQ(e.status(), ExitStatus::usage);
      return e.what();
    }
  };
  EXPECT_EQ(refusal(8), "");
  EXPECT_NE(refusal(65536).find("a model with model.layers takes about"), std::string::npos);
}

TEST_F(Cost, WhatNoHostHoldsIsRefusedByKey) {
  Config config;
  const auto refusal = [&](int hosts) -> std::string {
    try {
      check_memory(config, data_, {.ranks = hosts});
      return "";
    } catch (const Error& e) {
      return e.what();
    }
  };
  EXPECT_EQ(refusal(1), "");
  config.data.batch_size = 2'000'000'000;
  EXPECT_EQ(refusal(1), "") << "never more than there are rows";
  // Few parameters, and for each sample a value in each of many layers.
  config.model.layers.assign(5'000, {"tanh", {}});
  config.model.layers[0] = {"dense", {{"units", std::int64_t{100'000}}}};
  EXPECT_NE(refusal(1).find("with data.batch_size = 2000000000 takes about 1.8e+03 GB"), std::string::npos)
      << refusal(1);
  config.data.batch_size = 256;
  EXPECT_DOUBLE_EQ(estimate_cost(config, data_, {.ranks = 8}).batch_bytes * 8, estimate_cost(config, data_).batch_bytes)
      << "each host takes its part of a batch";
  config.model.layers.clear();
  config.model.hidden = {2'000'000'000, 2'000'000'000, 2'000'000'000};
  EXPECT_NE(refusal(1).find("4.48e+11 GB"), std::string::npos) << refusal(1);
  EXPECT_NE(refusal(1'000'000).find("with model.hidden = [2000000000, 2000000000, 2000000000] takes about "),
            std::string::npos)
      << refusal(1'000'000);
}

TEST(CostOfJudging, MoreRowsThanMemoryHoldsAreRefused) {
  const HostLoad load;
  EXPECT_NO_THROW(check_judge_memory("a.h5", 1000, 10, load));
  try {
    check_judge_memory("a.h5", std::int64_t{1} << 40, 10, load);
    ADD_FAILURE() << "a hundred terabytes";
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), ExitStatus::usage);
    EXPECT_EQ(std::string(e.what()).find("a.h5: the metrics of 1099511627776 rows take about 1.58e+05 GB"), 0U)
        << e.what();
  }
}

/// Each rank keeps a flat gradient for each of its tree nodes: 12 ranks with 16 leaves have 16 of them.
TEST_F(Cost, RanksOfAHostAddTheirGradients) {
  Config config;
  config.model.hidden = {1000, 1000};
  config.optimizer.name = "gd";
  config.data.batch_size = 256;
  config.parallel.leaves = 16;
  const double parameters = 4.0 * (4 * 1000 + 1000 * 1000 + 1000 * 3);
  const double one = estimate_cost(config, data_).model_bytes;
  const TrainingCost twelve = estimate_cost(config, data_, {.ranks = 12, .ranks_on_host = 12});
  EXPECT_NEAR(twelve.model_bytes - one, 15 * parameters, 0.1 * parameters);
  EXPECT_GT(twelve.batch_bytes, estimate_cost(config, data_).batch_bytes) << "room for a run of leaves each";
  const TrainingCost apart = estimate_cost(config, data_, {.ranks = 12, .ranks_on_host = 1});
  EXPECT_LT(apart.model_bytes, one + parameters) << "on a host each";
}

TEST_F(Cost, TrainingsAtATimeAddUp) {
  Config config;
  config.model.hidden = {1000, 1000};
  const double one = estimate_cost(config, data_).model_bytes;
  const auto most = static_cast<int>(static_cast<double>(usable_memory()) / one);
  EXPECT_NO_THROW(check_memory(config, data_, {.trainings = most / 2}));
  try {
    check_memory(config, data_, {.trainings = 2 * most + 2});
    ADD_FAILURE() << "more than the host has";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("or fewer ranks on a host"), std::string::npos) << e.what();
  }
}

/// Whatever the batch size, no leaf is larger than the split that it is of.
TEST_F(Cost, MemoryEndsAtTheRowsThatThereAre) {
  Config config;
  config.data.batch_size = 1'000'000;
  config.parallel.leaves = 1;
  const BatchCut cut{data_.train.rows(), config.data.batch_size, 1, config.data.batch_size, 1, 0};
  EXPECT_EQ(samples_at_a_time(cut, data_), data_.train.rows());
  config.data.batch_size = 300;
  const double all = estimate_cost(config, data_).batch_bytes;
  config.data.batch_size = 1'000'000;
  EXPECT_EQ(estimate_cost(config, data_).batch_bytes, all);
}

}  // namespace
}  // namespace shoal
