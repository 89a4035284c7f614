// Training on several splits of a file gives the bits of training on a file in which their rows are one split.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <functional>
#include <vector>

#include "data/table_files.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/core/random.hpp"
#include "shoal/io/h5_file.hpp"
#include "shoal/tensor/parallel.hpp"
#include "shoal/train/cost.hpp"
#include "shoal/train/data_check.hpp"
#include "shoal/train/held_data.hpp"
#include "shoal/train/trainer.hpp"
#include "shoal/train/training.hpp"
#include "training_fixture.hpp"

namespace shoal {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t table_rows = 420;
constexpr std::int64_t table_cut = 290;  // the first row of the second split
constexpr std::int64_t image_rows = 203;
constexpr std::int64_t image_cut = 131;
constexpr std::int64_t image_side = 6;

std::vector<FeatureColumn> joined_columns() {
  std::vector<std::string> towns;
  for (int i = 100; i < 140; ++i) towns.push_back("town" + std::to_string(i));
  return {number_column("size"), category_column("town", towns), category_column("hue", {"blue", "green", "red"})};
}

/// Gaps and some towns are in rows of the second split alone.
std::vector<double> joined_cells(std::int64_t first, std::int64_t last) {
  const RandomSource source(7, Purpose::synth);
  std::vector<double> x;
  for (std::int64_t row = first; row < last; ++row) {
    const auto item = static_cast<std::uint64_t>(row);
    x.push_back(row >= table_cut && row % 9 == 0 ? missing : 100.0 + 5.0 * source.normal(item, 1));
    x.push_back(static_cast<double>(source.below(row < table_cut ? 30 : 40, item, 2)));
    x.push_back(static_cast<double>(source.below(3, item, 4)));
  }
  return x;
}

void put_images(H5Writer& writer, const std::string& split, std::int64_t first, std::int64_t last) {
  std::vector<std::uint8_t> x, y;
  std::vector<float> weight;
  for (std::int64_t row = first; row < last; ++row) {
    for (std::int64_t p = 0; p < image_side * image_side; ++p)
      x.push_back(static_cast<std::uint8_t>((row * 7919 + p * 131 + row / 3) % 256));
    y.push_back(static_cast<std::uint8_t>((row * row + row / 5) % 4));
    weight.push_back(0.25F + static_cast<float>(row % 3));
  }
  put(writer, split + "/x", {last - first, image_side, image_side}, x);
  put(writer, split + "/y", {last - first}, y);
  put(writer, split + "/weight", {last - first}, weight);
}

class JoinedTraining : public TrainingTest {
 protected:
  JoinedTraining()
      : TrainingTest([](const std::string& folder) {
          write_table(folder + "table-parts.h5", joined_columns(), joined_cells(0, table_cut),
                      joined_cells(table_cut, table_rows));
          write_table(folder + "table-whole.h5", joined_columns(), joined_cells(0, table_rows));
          H5Writer parts(folder + "images-parts.h5");
          put_images(parts, "train", 0, image_cut);
          put_images(parts, "validation", image_cut, image_rows);
          put_images(parts, "more", 500, 540);
          parts.set_attribute("classes", std::int64_t{4});
          parts.finish();
          H5Writer whole(folder + "images-whole.h5");
          put_images(whole, "train", 0, image_rows);
          whole.set_attribute("classes", std::int64_t{4});
          whole.finish();
        }) {}

  Config of_table() const {
    Config config;
    config.data.file = path("table-parts.h5");
    config.data.train = {"train", "test"};
    config.data.batch_size = 96;
    config.parallel.leaves = 5;
    config.data.unseen_rate = 0.1;
    config.model.hidden = {12};
    config.model.batch_norm.enabled = true;
    config.model.dropout = 0.2;
    config.train.class_weights.balanced = true;
    config.train.epochs = 4;
    return config;
  }
  Config of_images() const {
    Config config;
    config.data.file = path("images-parts.h5");
    config.data.train = {"train", "validation"};
    config.data.batch_size = 40;
    config.data.augment = {.crop = 2, .flip = true, .cutout = 2};
    config.parallel.leaves = 7;  // ragged
    config.model.layers = {{"conv", {{"channels", std::int64_t{6}}, {"kernel", std::int64_t{3}}}},
                           {"batch_norm", {}},
                           {"relu", {}},
                           {"flatten", {}}};
    config.train.epochs = 4;
    return config;
  }
  /// Of the file in which the rows of both splits are one.
  Config whole(Config config) const {
    config.data.file.replace(config.data.file.find("parts"), 5, "whole");
    config.data.train = DataConfig().train;
    return config;
  }
  static TrainingData prepared(const Config& config, bool held, Communicator& comm) {
    TrainingData data = select_data(Dataset::open(config.data.file), config);
    if (held) hold_rows(data, comm);
    learn_columns(data, comm);
    return data;
  }
  static std::unique_ptr<Training> made(const Config& config, bool held, Communicator& comm) {
    const TrainingData data = prepared(config, held, comm);
    auto training = std::make_unique<Training>(config, make_model(config, data), data, comm);
    training->allocate();
    return training;
  }
  /// Digests of the state and of the model, and the last loss of validation, where there is one.
  static std::vector<std::string> outcome(const Config& config, bool held, Communicator& comm) {
    const auto training = made(config, held, comm);
    training->start();
    go_on(*training, 11);
    const Archive archive = training->snapshot();
    std::vector<std::string> told(2);
    if (comm.rank() == 0) told = {digest(archive), model_digest(archive, WhichWeights::judged)};
    for (std::string& text : told) comm.broadcast_string(text);
    const TrainingData& data = training->data();
    if (data.validation)
      told.push_back(std::to_string(std::bit_cast<std::uint64_t>(training->evaluate(*data.validation, true).loss)));
    told.push_back(std::to_string(data.train.rows()));
    return told;
  }
  void expect_same(const Config& joined) const {
    Communicator alone;
    const std::vector<std::string> expected = outcome(whole(joined), false, alone);
    EXPECT_EQ(outcome(joined, false, alone), expected);
    set_threads(test_world().rank() % 2 + 1);
    for (const bool held : {false, true}) EXPECT_EQ(outcome(joined, held, test_world()), expected) << held;
    set_threads(1);
  }
};

TEST_F(JoinedTraining, OnATableGivesTheBitsOfOneSplit) {
  expect_same(of_table());
  Config apart = of_table();
  apart.data.validation = 0.2;
  expect_same(apart);
  apart.data.validation = {};
  apart.data.fold = {2, 3};
  apart.data.normalize = "unit";
  expect_same(apart);
}

TEST_F(JoinedTraining, OnAugmentedImagesGivesTheBitsOfOneSplit) {
  expect_same(of_images());
  Config apart = of_images();
  apart.data.validation = 0.2;
  apart.data.shuffle_block = 5;
  expect_same(apart);
}

TEST_F(JoinedTraining, GoesOnInTheMiddleOfAnEpoch) {
  const auto all = begin(of_images(), test_world());
  all->start();
  go_on(*all, 8);  // of 6 steps an epoch
  std::vector<std::byte> bytes;
  Archive archive = all->snapshot();
  if (test_world().rank() == 0) {
    archive.attributes[CheckpointNames::digest] = digest(archive);
    bytes = encode(archive, 8);
  }
  test_world().broadcast_bytes(bytes);
  go_on(*all, 17);
  const auto part = made(of_images(), true, test_world());
  run_together(test_world(), [&] { part->restore(decode(bytes, "c.h5")); });
  go_on(*part, 17);
  EXPECT_EQ(digest_of(*part, test_world()), digest_of(*all, test_world()));
}

TEST_F(JoinedTraining, AProgramAsksForItByItsOptions) {
  const auto fitted = [&](const std::string& file, const std::vector<std::string>& train) {
    Trainer trainer(mlp({.inputs = image_side * image_side, .hidden = {9}, .classes = 4}), Adam{}, test_world());
    trainer.fit(Dataset::open(path(file)), {.epochs = 2, .batch_size = 32, .train = train, .leaves = 4, .quiet = true});
    return trainer.digest();
  };
  EXPECT_EQ(fitted("images-parts.h5", {"train", "validation"}), fitted("images-whole.h5", {"train"}));
}

TEST_F(JoinedTraining, RowsToValidateOnAreOthers) {
  const auto selected = [&](const std::function<void(Config&)>& change) {
    Config config = of_images();
    change(config);
    return select_data(Dataset::open(config.data.file), config);
  };
  const TrainingData all = selected([](Config&) {});
  EXPECT_FALSE(all.validation) << "auto finds no split that is not trained on";
  EXPECT_EQ(all.train.rows(), image_rows);
  const TrainingData share = selected([](Config& c) { c.data.validation = 0.25; });
  EXPECT_EQ(share.train.rows() + share.validation->rows(), image_rows);
  EXPECT_FALSE(share.validates_apart());
  const TrainingData other = selected([](Config& c) { c.data.validation = std::string("more"); });
  EXPECT_EQ(other.validation_name, "more");
  EXPECT_TRUE(other.validates_apart());
  const TrainingData alone = selected([](Config& c) { c.data.train = {"more"}; });
  EXPECT_EQ(alone.train.rows(), 40);
  EXPECT_EQ(alone.validation->rows(), image_rows - image_cut) << "auto, as for train";
  EXPECT_THAT(notes_on_data(Dataset::open(path("images-parts.h5")), alone, 0), ElementsAre());
  // What a run takes is that of the rows of both.
  EXPECT_EQ(
      estimate_cost(of_images(), all).epoch,
      estimate_cost(whole(of_images()), select_data(Dataset::open(path("images-whole.h5")), whole(of_images()))).epoch);
}

TEST_F(JoinedTraining, WhatCannotBeIsRefused) {
  const auto refusal = [&](const std::vector<std::string>& train) -> std::string {
    Config config = of_images();
    config.data.train = train;
    config.places["data.train"] = "c.toml:2:1: ";
    try {
      static_cast<void>(select_data(Dataset::open(config.data.file), config));
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refusal({"train", "exam"}),
            "c.toml:2:1: " + path("images-parts.h5") +
                " has no split \"exam\", only more, train, validation; name one of them with data.train, or import it "
                "again");
  EXPECT_THAT(refusal({"train", "train"}), HasSubstr("the split \"train\" is named twice"));
}

}  // namespace
}  // namespace shoal
