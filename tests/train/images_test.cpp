// Images in training: the same bits for any number of ranks and threads and after a stop, augmentation included.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/columns.hpp"
#include "shoal/infer/checkpoint.hpp"
#include "shoal/infer/predictor.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/h5_file.hpp"
#include "shoal/tensor/parallel.hpp"
#include "shoal/train/dataset_predictor.hpp"
#include "shoal/train/loaded_checkpoint.hpp"
#include "shoal/train/trainer.hpp"
#include "shoal/train/training.hpp"
#include "training_fixture.hpp"

namespace shoal {
namespace {

using testing::HasSubstr;

constexpr std::int64_t channels = 3;
constexpr std::int64_t height = 6;
constexpr std::int64_t width = 5;
constexpr std::int64_t pixels = channels * height * width;

std::vector<std::uint8_t> images(std::int64_t samples) {
  std::vector<std::uint8_t> x;
  for (std::int64_t i = 0; i < samples * pixels; ++i) x.push_back(static_cast<std::uint8_t>((i * 7919 + i / 31) % 256));
  return x;
}

void write_images(const std::string& path, std::int64_t samples, const std::vector<std::int64_t>& shape) {
  const std::vector<std::uint8_t> x = images(samples);
  H5Writer writer(path);
  for (const char* split : {"train", "test"}) {
    std::vector<std::int64_t> extents = {samples};
    extents.insert(extents.end(), shape.begin(), shape.end());
    writer.create_array(split + std::string("/x"), ElementType::uint8, extents);
    writer.write_rows(split + std::string("/x"), 0, std::as_bytes(std::span(x)));
    std::vector<std::uint8_t> y;
    for (std::int64_t i = 0; i < samples; ++i) y.push_back(static_cast<std::uint8_t>((i * i + i / 5) % 4));
    writer.create_array(split + std::string("/y"), ElementType::uint8, {samples});
    writer.write_rows(split + std::string("/y"), 0, std::as_bytes(std::span(y)));
  }
  writer.finish();
}

class Images : public TrainingTest {
 protected:
  Images()
      : TrainingTest([](const std::string& folder) {
          write_images(folder + "i.h5", 203, {channels, height, width});
        }) {}

  Config config() const {
    Config config;
    config.data.file = path("i.h5");
    config.data.batch_size = 40;
    config.data.validation = 0.1;
    config.data.augment = {.crop = 2, .flip = true, .cutout = 2};
    config.parallel.leaves = 7;  // ragged
    config.model.layers = {
        {"conv", {{"channels", std::int64_t{6}}, {"kernel", std::int64_t{3}}}},
        {"batch_norm", {}},
        {"relu", {}},
        {"conv", {{"channels", std::int64_t{5}}, {"kernel", std::int64_t{5}}, {"padding", std::string("valid")}}},
        {"relu", {}},
        {"flatten", {}}};
    config.train.epochs = 4;
    return config;
  }
  static std::string trained(const Config& config, Communicator& comm) {
    const auto training = begin(config, comm);
    training->start();
    go_on(*training, 12);
    return digest_of(*training, comm);
  }
  std::string refusal(const std::function<void(Config&)>& change) const {
    Config wanted = config();
    change(wanted);
    try {
      static_cast<void>(make_model(wanted, select_data(Dataset::open(wanted.data.file), wanted)));
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(Images, AugmentedTheyTrainToTheSameBitsOnAllRanksAndThreads) {
  Communicator alone;
  const std::string one = trained(config(), alone);
  set_threads(test_world().rank() % 2 + 1);
  EXPECT_EQ(trained(config(), test_world()), one);
  set_threads(1);
  for (const AugmentSettings& other : {AugmentSettings{}, AugmentSettings{.crop = 2, .flip = true},
                                       AugmentSettings{.crop = 1, .flip = true, .cutout = 2}}) {
    Config wanted = config();
    wanted.data.augment = other;
    EXPECT_NE(trained(wanted, test_world()), one);
  }
}

TEST_F(Images, ARunThatGoesOnInTheMiddleOfAnEpochEndsAsOneThatDidNotStop) {
  const auto whole = begin(config(), test_world());
  whole->start();
  go_on(*whole, 7);  // of 5 steps an epoch
  std::vector<std::byte> bytes;
  Archive archive = whole->snapshot();
  if (test_world().rank() == 0) {
    archive.attributes[CheckpointNames::digest] = digest(archive);
    bytes = encode(archive, 7);
  }
  test_world().broadcast_bytes(bytes);
  go_on(*whole, 18);
  const TrainingData data = select_data(Dataset::open(path("i.h5")), config());
  Training part(config(), make_model(config(), data), data, test_world());
  part.allocate();
  run_together(test_world(), [&] { part.restore(decode(bytes, "c.h5")); });
  go_on(part, 18);
  EXPECT_EQ(digest_of(part, test_world()), digest_of(*whole, test_world()));
}

/// Statistics are those of the images as they are, and so is an evaluation.
TEST_F(Images, OnlyBatchesOfTrainingAreAugmented) {
  const auto augmented = begin(config(), test_world());
  augmented->start();
  Config as_they_are = config();
  as_they_are.data.augment = {};
  const auto plain = begin(as_they_are, test_world());
  plain->start();
  EXPECT_EQ(augmented->encoding().normalization.mean, plain->encoding().normalization.mean);
  EXPECT_EQ(augmented->encoding().normalization.deviation, plain->encoding().normalization.deviation);
  const Split test = Dataset::open(path("i.h5")).split("test");
  EXPECT_EQ(augmented->evaluate(test, true, nullptr).loss, plain->evaluate(test, true, nullptr).loss);
}

TEST_F(Images, WhatCannotBeAugmentedIsRefused) {
  const auto dense = [](Config& c) { c.model.layers = {{"dense", {{"units", std::int64_t{4}}}}}; };
  EXPECT_THAT(refusal(dense),
              HasSubstr("data.augment.crop = 2 changes images, and the model takes none; leave it out"));
  EXPECT_THAT(refusal([&](Config& c) {
                dense(c);
                c.data.augment = {.flip = true};
              }),
              HasSubstr("data.augment.flip = true changes images"));
  EXPECT_THAT(refusal([](Config& c) { c.data.augment.crop = 5; }),
              HasSubstr("data.augment.crop = 5 can shift all of an image of 6 x 5 out of itself; use 4 or less"));
  EXPECT_THAT(refusal([](Config& c) { c.data.augment.cutout = 6; }),
              HasSubstr("data.augment.cutout = 6 is larger than images of 6 x 5; use 5 or less"));
  EXPECT_EQ(refusal([](Config& c) { c.data.augment = {.crop = 4, .flip = true, .cutout = 5}; }), "");
}

/// What others call an image would be taken for many channels of a narrow one.
TEST_F(Images, ChannelsThatStandLastAreRefused) {
  run_together(test_world(), [&] {
    if (test_world().rank() != 0) return;
    write_images(path("last.h5"), 60, {height, width, channels});
    const auto refused = refusal([&](Config& c) { c.data.file = path("last.h5"); });
    EXPECT_THAT(refused, HasSubstr("the shape (6, 5, 3), which looks like (height, width, channels); turn the array"));
    write_images(path("flat.h5"), 60, {pixels});
    EXPECT_THAT(refusal([&](Config& c) { c.data.file = path("flat.h5"); }),
                HasSubstr("the shape (90); import them as"));
    write_images(path("gray.h5"), 60, {9, 10});
    EXPECT_EQ(refusal([&](Config& c) { c.data.file = path("gray.h5"); }), "");
  });
}

TEST_F(Images, AModelForAnotherShapeThanThatOfTheDataIsRefused) {
  const std::vector<LayerSpec> layers = config().model.layers;
  const auto refusal_of = [&](const Model& model) -> std::string {
    Trainer trainer(model, Adam{}, test_world());
    try {
      trainer.fit(Dataset::open(path("i.h5")), {.epochs = 1, .leaves = 4, .quiet = true});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(refusal_of({image_shape(channels, width, height), layers, 4, Loss::softmax}),
              HasSubstr("the model takes (samples, 3, 5, 6), and the data give its layers (samples, 3, 6, 5)"));
  const std::vector<LayerSpec> one = {{"conv", {{"channels", std::int64_t{6}}, {"kernel", std::int64_t{3}}}},
                                      {"flatten", {}}};
  EXPECT_THAT(refusal_of({pixels, one, 4, Loss::softmax}),
              HasSubstr("and the data give its layers (samples, 3, 6, 5)"));
  Trainer trainer({image_shape(channels, height, width), layers, 4, Loss::softmax}, Adam{}, test_world());
  trainer.fit(Dataset::open(path("i.h5")), {.epochs = 1, .augment = {.flip = true}, .leaves = 4, .quiet = true});
  EXPECT_GT(trainer.evaluate(Dataset::open(path("i.h5"))).loss, 0.0);
}

/// In rows from memory, in a split, and after a checkpoint: the same numbers.
TEST_F(Images, RowsInMemoryArePredictedAsThoseOfADataSet) {
  const auto training = begin(config(), test_world());
  training->start();
  go_on(*training, 5);
  Archive archive = training->snapshot();
  run_together(test_world(), [&] {
    if (test_world().rank() != 0) return;
    archive.attributes[CheckpointNames::digest] = digest(archive);
    FileBytes bytes;
    encode_checkpoint(archive, bytes);
    write_atomically(path("c.h5"), bytes);
  });
  DatasetPredictor(path("c.h5"), test_world()).predict(Dataset::open(path("i.h5")), "test", path("p.h5"));
  if (test_world().rank() != 0) return;
  const Predictor predictor(path("c.h5"));
  EXPECT_EQ(predictor.features(), pixels);
  EXPECT_EQ(predictor.trained_on().shape, (std::vector<std::int64_t>{channels, height, width}));
  const std::vector<std::uint8_t> bytes = images(203);
  const std::vector<float> rows(bytes.begin(), bytes.end());
  std::vector<float> written(203 * 4);
  std::ifstream file(path("p.h5"), std::ios::binary);
  file.seekg(H5Reader(path("p.h5")).array("probabilities").offset);
  file.read(reinterpret_cast<char*>(written.data()), static_cast<std::streamsize>(written.size() * sizeof(float)));
  EXPECT_EQ(predictor.predict(std::span<const float>(rows)).values, written);
  EXPECT_NE(written[0], written[4]) << "all samples alike";
}

}  // namespace
}  // namespace shoal
