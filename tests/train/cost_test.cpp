#include "shoal/train/cost.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "shoal/core/error.hpp"
#include "shoal/data/synth.hpp"

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
  EXPECT_DOUBLE_EQ(of([](Config& c) { c.data.batch_size = 128; }).batch_bytes, 2 * of([](Config&) {}).batch_bytes);
}

TEST_F(Cost, WhatNoHostHoldsIsRefusedByKey) {
  Config config;
  const auto refusal = [&](int hosts) -> std::string {
    try {
      check_memory(config, data_, hosts);
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
  EXPECT_EQ(refusal(1'000'000), "") << "each host takes its part of a batch";
  config.model.layers.clear();
  config.model.hidden = {2'000'000'000, 2'000'000'000, 2'000'000'000};
  EXPECT_NE(refusal(1).find("4.48e+11 GB"), std::string::npos) << refusal(1);
  EXPECT_NE(refusal(1'000'000).find("with model.hidden = [2000000000, 2000000000, 2000000000] takes about "),
            std::string::npos)
      << refusal(1'000'000);
}

}  // namespace
}  // namespace shoal
