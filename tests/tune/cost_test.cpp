#include "tune/cost.hpp"

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

  TrialCost of(const std::function<void(Config&)>& change) const {
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
  const TrialCost usual = of([](Config&) {});
  EXPECT_GT(of([](Config& c) { c.model.hidden = {2000}; }).epoch, of([](Config& c) { c.model.hidden = {100}; }).epoch);
  EXPECT_GT(of([](Config& c) { c.data.batch_size = 8; }).epoch, usual.epoch) << "more steps";
  EXPECT_DOUBLE_EQ(of([](Config& c) { c.train.epochs *= 2; }).whole, 2 * usual.whole);
  EXPECT_DOUBLE_EQ(of([](Config& c) { c.train.epochs *= 2; }).epoch, usual.epoch);
  EXPECT_DOUBLE_EQ(of([](Config& c) { c.train.steps = 10; }).whole, 2 * usual.epoch) << "5 steps an epoch";
}

TEST_F(Cost, MemoryGrowsWithUnitsMomentsAndSamples) {
  const double adam = of([](Config& c) { c.optimizer.name = "adam"; }).bytes;
  EXPECT_GT(adam, 1e6 * 4 * 5) << "weights, gradient, sum and two moments";
  EXPECT_LT(adam, 1e6 * 4 * 20);
  EXPECT_LT(of([](Config& c) { c.optimizer.name = "gd"; }).bytes, adam);
  EXPECT_GT(of([](Config& c) { c.data.batch_size = 100000; }).bytes, 2 * adam);
}

TEST_F(Cost, WhatNoHostHoldsIsRefused) {
  Config config;
  EXPECT_NO_THROW(check_memory(config, data_));
  config.data.batch_size = 2'000'000'000'000;
  EXPECT_THROW(check_memory(config, data_), Error);
  config.data.batch_size = 64;
  config.model.hidden = {2'000'000'000, 2'000'000'000, 2'000'000'000};
  EXPECT_THROW(check_memory(config, data_), Error);
}

}  // namespace
}  // namespace shoal
