// The promise: the same bits for any number of ranks. Each rank also trains alone, and compares digests with ==.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <numeric>

#include "mpi_test.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/synth.hpp"
#include "shoal/io/h5_file.hpp"
#include "shoal/shoal.hpp"
#include "shoal/tensor/parallel.hpp"
#include "shoal/train/dataset_predictor.hpp"
#include "shoal/train/held_data.hpp"
#include "shoal/train/training.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

/// A data set of 1,001 samples that all ranks can read.
const std::string& data_file() {
  static const std::string path = [] {
    std::string name =
        (fs::temp_directory_path() / ("shoal-training-test-" + std::to_string(getpid()) + ".h5")).string();
    test_world().broadcast_string(name);
    run_together(test_world(), [&] {
      if (test_world().rank() == 0) synth_gaussians({.samples = 1001, .features = 20, .classes = 5, .seed = 3}, name);
    });
    return name;
  }();
  return path;
}

class Training : public testing::Test {
 protected:
  static void TearDownTestSuite() {
    test_world().barrier();
    if (test_world().rank() == 0) fs::remove(data_file());
  }
};

std::string digest_of(Communicator& comm, const FitOptions& options, const OptimizerSettings& optimizer,
                      bool batch_norm = true) {
  Trainer trainer(mlp({.inputs = 20, .hidden = {40, 33}, .classes = 5, .batch_norm = batch_norm, .dropout = 0.2}),
                  optimizer, comm);
  trainer.fit(Dataset::open(data_file()), options);
  return trainer.digest();
}

void expect_one_digest(FitOptions options, const OptimizerSettings& optimizer, bool batch_norm = true) {
  options.quiet = true;
  Communicator alone;
  const std::string expected = digest_of(alone, options, optimizer, batch_norm);
  EXPECT_EQ(digest_of(test_world(), options, optimizer, batch_norm), expected) << "batch " << options.batch_size;
}

TEST_F(Training, RanksEqualOneRank) {
  expect_one_digest({.epochs = 2, .batch_size = 256}, Adam{.learning_rate = 3e-3});
  // The last batch holds one sample.
  expect_one_digest({.epochs = 2, .batch_size = 250}, Adam{.clip_norm = 0.5});
  expect_one_digest({.epochs = 2, .batch_size = 100, .leaves = 4}, RMSprop{.l2 = 1e-3});
  expect_one_digest({.epochs = 2, .batch_size = 100, .leaves = 5}, Momentum{.learning_rate = 0.05});
  // Leaves of one sample; then a batch larger than the data.
  expect_one_digest({.epochs = 2, .batch_size = 7, .leaves = 7}, GradientDescent{.learning_rate = 0.05}, false);
  expect_one_digest({.epochs = 1, .batch_size = 2000, .leaves = 64}, AdamW{}, false);
  // Norms of parameters of one chunk and of several, which ranks own in parts.
  expect_one_digest({.epochs = 2, .batch_size = 250}, LARS{.learning_rate = 0.5, .nesterov = true});
  expect_one_digest({.epochs = 2, .batch_size = 256}, LAMB{.learning_rate = 1e-2, .clip_norm = 0.5});
  for (const double decay : {0.0, 0.9}) {
    expect_one_digest({.epochs = 2,
                       .batch_size = 256,
                       .validation = 0.2,
                       .normalize = "unit",
                       .average_decay = decay,
                       .exact_statistics = true},
                      Adam{});
  }
}

TEST_F(Training, TheAverageOfWeightsIsEvaluatedTheSameOnEveryRank) {
  const std::string path = data_file() + ".average";
  const auto evaluated = [&](Communicator& comm, bool exact) {
    Trainer trainer(mlp({.inputs = 20, .hidden = {40}, .classes = 5, .batch_norm = true}), Adam{.learning_rate = 1e-2},
                    comm);
    const Dataset data = Dataset::open(data_file());
    trainer.fit(data, {.epochs = 2,
                       .batch_size = 256,
                       .validation = 0.2,
                       .average_decay = 0.9,
                       .exact_statistics = exact,
                       .quiet = true});
    trainer.save(path);
    return trainer.evaluate(data, "train").loss;
  };
  for (const bool exact : {false, true}) {
    const double together = evaluated(test_world(), exact);
    test_world().barrier();
    // What a checkpoint is predicted with by default is what was judged in training.
    const auto of = [&](WhichWeights which) {
      return DatasetPredictor(path, test_world(), which).evaluate(Dataset::open(data_file()), "train").loss;
    };
    EXPECT_EQ(of(WhichWeights::judged), together);
    EXPECT_EQ(of(WhichWeights::average), together);
    EXPECT_NE(of(WhichWeights::last), together);
    double alone = 0.0;
    test_world().barrier();
    if (test_world().rank() == 0) {
      Communicator one;
      alone = evaluated(one, exact);
    }
    EXPECT_EQ(test_world().all_gather(alone)[0], together);
  }
  test_world().barrier();
  if (test_world().rank() == 0) fs::remove(path);
}

TEST_F(Training, ThreadsChangeNoBit) {
  Communicator alone;
  const FitOptions options{.epochs = 1, .batch_size = 256, .quiet = true};
  Trainer one(mlp({.inputs = 20, .hidden = {40}, .classes = 5, .batch_norm = true}), Adam{}, alone);
  set_threads(1);
  one.fit(Dataset::open(data_file()), options);
  Trainer three(mlp({.inputs = 20, .hidden = {40}, .classes = 5, .batch_norm = true}), Adam{}, alone);
  set_threads(3);
  three.fit(Dataset::open(data_file()), options);
  set_threads(1);
  EXPECT_EQ(one.digest(), three.digest());
}

TEST_F(Training, LearnsAndEvaluatesTheSameOnEveryRank) {
  Trainer trainer(mlp({.inputs = 20, .hidden = {32}, .classes = 5, .batch_norm = true}), Adam{.learning_rate = 1e-2},
                  test_world());
  const Evaluation last =
      trainer.fit(Dataset::open(data_file()), {.epochs = 5, .batch_size = 128, .validation = 0.2, .quiet = true});
  ASSERT_TRUE(last.accuracy.has_value());
  EXPECT_GT(*last.accuracy, 0.95);
  const Evaluation again = trainer.evaluate(Dataset::open(data_file()), "train");
  EXPECT_EQ(again.samples, 1001);
  EXPECT_EQ(test_world().all_gather(again.loss),
            std::vector<double>(static_cast<std::size_t>(test_world().size()), again.loss));
}

/// What a model cannot be judged by is refused on every rank, whichever rank finds it.
TEST_F(Training, DataThatDoNotFitAreNotEvaluated) {
  Trainer trainer(mlp({.inputs = 20, .hidden = {8}, .classes = 5}), Adam{}, test_world());
  trainer.fit(Dataset::open(data_file()), {.epochs = 1, .batch_size = 128, .quiet = true});
  const std::string path = data_file() + ".other";
  const auto expect_refused = [&](std::int64_t rows, std::int64_t features, std::int64_t classes, float last,
                                  const std::string& words) {
    run_together(test_world(), [&] {
      if (test_world().rank() != 0) return;
      std::vector<float> x(static_cast<std::size_t>(rows * features), 1.0F);
      if (!x.empty()) x.back() = last;
      const std::vector<std::int32_t> y(static_cast<std::size_t>(rows), 0);
      H5Writer writer(path);
      writer.create_array("train/x", ElementType::float32, {rows, features});
      writer.write_rows("train/x", 0, std::as_bytes(std::span(x)));
      if (classes > 0) {
        writer.create_array("train/y", ElementType::int32, {rows});
        writer.write_rows("train/y", 0, std::as_bytes(std::span(y)));
        writer.set_attribute("classes", classes);
      }
      writer.finish();
    });
    try {
      trainer.evaluate(Dataset::open(path), "train");
      ADD_FAILURE() << "evaluated what is to be refused: " << words;
    } catch (const Error& e) {
      EXPECT_EQ(e.status(), ExitStatus::bad_data);
      EXPECT_NE(std::string(e.what()).find(words), std::string::npos) << e.what();
    }
    test_world().barrier();
  };
  expect_refused(200, 21, 5, 1.0F, "has features of shape (21)");
  expect_refused(200, 20, 6, 1.0F, "6 classes");
  expect_refused(200, 20, 0, 1.0F, "no y to compare with");
  expect_refused(200, 20, 5, std::numeric_limits<float>::infinity(), "row 199, feature 19 is inf");
  if (test_world().rank() == 0) fs::remove(path);
}

TEST_F(Training, FewerLeavesThanRanksAreRefusedByAll) {
  Trainer trainer(mlp({.inputs = 20, .hidden = {8}, .classes = 5}), Adam{}, test_world());
  std::string message;
  try {
    trainer.fit(Dataset::open(data_file()), {.epochs = 1, .batch_size = 33, .quiet = true});
  } catch (const SharedError& e) {
    EXPECT_EQ(e.status(), ExitStatus::usage);
    message = e.what();
  }
  if (test_world().size() == 1) {
    EXPECT_EQ(message, "") << "any batch has a leaf for one rank";
  } else {
    EXPECT_NE(message.find("batch size 33 makes 1 leaf for"), std::string::npos) << message;
    EXPECT_NE(message.find("parallel.leaves = "), std::string::npos) << message;
  }
}

TEST_F(Training, FewerLeavesThanRanksByTheUsersWishAreRefusedWithWhatHelps) {
  if (test_world().size() == 1) GTEST_SKIP() << "one rank has a leaf at any rate";
  Trainer trainer(mlp({.inputs = 20, .hidden = {8}, .classes = 5}), Adam{}, test_world());
  try {
    trainer.fit(Dataset::open(data_file()), {.epochs = 1, .batch_size = 64, .leaves = 1, .quiet = true});
    ADD_FAILURE() << "one leaf for several ranks";
  } catch (const SharedError& e) {
    EXPECT_EQ(e.status(), ExitStatus::usage);
    const int ranks = test_world().size();
    EXPECT_EQ(std::string(e.what()), "parallel.leaves = 1 is below " + std::to_string(ranks) +
                                         " ranks; use parallel.leaves = " + std::to_string(ranks) +
                                         " or more, or 1 rank");
  }
}

/// Read ahead by a thread of its own, on every rank: the error is that of the step that needs the row.
TEST_F(Training, ARowThatTurnsBadIsAnErrorOfItsStep) {
  const std::string path = data_file() + "." + std::to_string(test_world().rank());
  synth_gaussians({.samples = 1001, .features = 20, .classes = 5, .seed = 3}, path);
  Config config;
  config.data.file = path;
  config.data.batch_size = 100;
  Communicator alone;
  const TrainingData data = select_data(Dataset::open(path), config);
  shoal::Training training(config, make_model(config, data), data, alone);
  training.allocate();
  training.start();
  {
    // NaN over all of the file's features, once they were checked.
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const auto array = H5Reader(path).array("train/x");
    file.seekp(array.offset);
    const std::vector<float> bad(1001 * 20, std::numeric_limits<float>::quiet_NaN());
    file.write(reinterpret_cast<const char*>(bad.data()), static_cast<std::streamsize>(bad.size() * sizeof(float)));
  }
  try {
    training.advance({});
    ADD_FAILURE() << "trained on NaN";
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), ExitStatus::bad_data);
    EXPECT_NE(std::string(e.what()).find("feature 0 is nan"), std::string::npos) << e.what();
  }
  fs::remove(path);
}

/// Of the data that all ranks can read, or a copy of each rank's own.
std::string digest_of(const TrainingData& data, const Config& config, Communicator& comm,
                      const std::function<void()>& meanwhile = {}) {
  shoal::Training training(config, make_model(config, data), data, comm);
  training.allocate();
  training.start();
  if (meanwhile) meanwhile();
  while (!training.finished()) static_cast<void>(training.end_epoch(training.advance({})));
  std::string text = comm.rank() == 0 ? digest(training.snapshot()) : (training.snapshot(), "");
  comm.broadcast_string(text);
  return text;
}

TEST_F(Training, RowsInMemoryTrainToTheSameBitsThoughTheFileIsCut) {
  const std::string path = data_file() + "." + std::to_string(test_world().rank());
  fs::copy_file(data_file(), path);
  Config config;
  config.data.file = path;
  config.data.batch_size = 100;
  config.data.validation = 0.2;
  config.model.dropout = 0.2;
  config.model.batch_norm.enabled = true;
  config.parallel.leaves = 4;
  config.train.epochs = 3;
  const auto selected = [&] { return select_data(Dataset::open(path), config); };
  Communicator alone;
  const std::string expected = digest_of(selected(), config, alone);
  for (Communicator* comm : {&alone, &test_world()}) {
    TrainingData data = selected();
    EXPECT_FALSE(data.train.is_held());
    hold_rows(data, *comm);
    EXPECT_TRUE(data.train.is_held());
    EXPECT_TRUE(data.validation->is_held());
    EXPECT_EQ(digest_of(data, config, *comm, [&] { fs::resize_file(path, 2000); }), expected);
    fs::copy_file(data_file(), path, fs::copy_options::overwrite_existing);
  }
  fs::remove(path);
}

/// A batch larger than the data set leaves the last ranks without a leaf, for ever.
TEST_F(Training, ARankWithoutALeafIsHeard) {
  const int last = test_world().size() - 1;
  Config config;
  config.data.file = data_file();
  config.data.batch_size = 1'000'000;
  config.parallel.leaves = test_world().size();
  config.parallel.check_every = 2;
  const TrainingData data = select_data(Dataset::open(data_file()), config);
  shoal::Training training(config, make_model(config, data), data, test_world());
  training.allocate();
  training.start();
  const StepReport report = training.advance({test_world().rank() == last ? 1.0 : 0.0, 1.0});
  EXPECT_EQ(report.requests, (std::vector<double>{1.0, static_cast<double>(test_world().size())}));
  EXPECT_EQ(training.advance({0.0}).requests, std::vector<double>{0.0}) << "with hashes of all ranks";
  EXPECT_NO_THROW(training.advance({})) << "nobody asks anything";
}

/// Memory is for the rows of the splits trained on; another one may have larger leaves.
TEST_F(Training, ALeafBeyondThoseOfTheTrainingIsEvaluated) {
  const std::string small = data_file() + ".small";
  run_together(test_world(), [&] {
    if (test_world().rank() == 0) synth_gaussians({.samples = 90, .features = 20, .classes = 5, .seed = 3}, small);
  });
  Trainer trainer(mlp({.inputs = 20, .hidden = {8}, .classes = 5, .batch_norm = true}), Adam{}, test_world());
  trainer.fit(Dataset::open(small),
              {.epochs = 2, .batch_size = 1'000'000, .leaves = test_world().size(), .quiet = true});
  const Evaluation all = trainer.evaluate(Dataset::open(data_file()), "train");
  EXPECT_EQ(all.samples, 1001);
  const std::string checkpoint = data_file() + ".checkpoint";
  trainer.save(checkpoint);
  DatasetPredictor predictor(checkpoint, test_world());
  EXPECT_EQ(predictor.evaluate(Dataset::open(data_file()), "train").loss, all.loss);
  EXPECT_EQ(predictor.predict(Dataset::open(data_file()), "train", data_file() + ".csv"), 1001);
  test_world().barrier();
  if (test_world().rank() == 0) {
    for (const std::string& file : {small, checkpoint, data_file() + ".csv"}) fs::remove(file);
  }
}

/// What predicts rows of a data set by all ranks and what predicts rows in memory have one way to do it.
TEST_F(Training, RowsInMemoryArePredictedAsRowsOfADataSet) {
  Trainer trainer(mlp({.inputs = 20, .hidden = {8}, .classes = 5, .batch_norm = true}), Adam{}, test_world());
  const Dataset data = Dataset::open(data_file());
  trainer.fit(data, {.epochs = 1, .batch_size = 128, .quiet = true});
  const std::string checkpoint = data_file() + ".checkpoint";
  const std::string out = data_file() + ".predicted.h5";
  trainer.save(checkpoint);
  DatasetPredictor(checkpoint, test_world()).predict(data, "train", out);
  run_together(test_world(), [&] {
    if (test_world().rank() != 0) return;
    std::vector<std::int64_t> rows(1001);
    std::iota(rows.begin(), rows.end(), 0);
    std::vector<float> x(rows.size() * 20);
    data.split("train").read(rows, {}, x);
    std::vector<float> written(rows.size() * 5);
    std::ifstream file(out, std::ios::binary);
    file.seekg(H5Reader(out).array("probabilities").offset);
    file.read(reinterpret_cast<char*>(written.data()), static_cast<std::streamsize>(written.size() * sizeof(float)));
    EXPECT_EQ(Predictor(checkpoint).predict(x).values, written);
    fs::remove(checkpoint);
    fs::remove(out);
  });
}

/// Each rank opens a file by itself: it may be another one on another host.
TEST_F(Training, RanksWithOtherDataAreRefusedWithTheirHosts) {
  if (test_world().size() == 1) GTEST_SKIP() << "one rank agrees with itself";
  const int last = test_world().size() - 1;
  const std::string own = data_file() + "." + std::to_string(test_world().rank());
  const auto expect_refused = [&](const std::function<void(const Dataset&)>& use, std::int64_t samples,
                                  std::uint64_t seed, ExitStatus status, const std::string& words) {
    const bool odd = test_world().rank() == last;
    synth_gaussians({.samples = odd ? samples : 300, .features = 20, .classes = 5, .seed = odd ? seed : 3}, own);
    try {
      use(Dataset::open(own));
      ADD_FAILURE() << "went on: " << words;
    } catch (const SharedError& e) {
      EXPECT_EQ(e.status(), status) << e.what();
      EXPECT_NE(std::string(e.what()).find(words), std::string::npos) << e.what();
      EXPECT_NE(std::string(e.what()).find(" on rank " + std::to_string(last) + " ("), std::string::npos) << e.what();
    }
  };
  Trainer trainer(mlp({.inputs = 20, .hidden = {8}, .classes = 5}), Adam{}, test_world());
  FitOptions options{.epochs = 1, .batch_size = 128, .quiet = true};
  const auto fit = [&](const Dataset& data) { trainer.fit(data, options); };
  expect_refused(fit, 200, 3, ExitStatus::bad_data, "train 200 rows");
  expect_refused(fit, 300, 4, ExitStatus::bad_data, "differs between ranks: content ");
  options.batch_size = test_world().rank() == last ? 256 : 128;
  expect_refused(fit, 300, 3, ExitStatus::usage, "batch_size = 256");
  options.batch_size = 128;
  trainer.fit(Dataset::open(data_file()), options);
  const auto evaluate = [&](const Dataset& data) { trainer.evaluate(data, "train"); };
  expect_refused(evaluate, 200, 3, ExitStatus::bad_data, "train 200 rows");
  trainer.save(data_file() + ".checkpoint");
  DatasetPredictor predictor(data_file() + ".checkpoint", test_world());
  const auto judge = [&](const Dataset& data) { predictor.evaluate(data, "train"); };
  expect_refused(judge, 200, 3, ExitStatus::bad_data, "train 200 rows");
  const auto predict = [&](const Dataset& data) { predictor.predict(data, "train", data_file() + ".csv"); };
  expect_refused(predict, 5000, 3, ExitStatus::bad_data, "train 5000 rows");
  test_world().barrier();
  fs::remove(own);
  if (test_world().rank() == 0) fs::remove(data_file() + ".checkpoint");
}

TEST_F(Training, ARunThatDivergesStopsAllRanksAtTheSameStep) {
  Trainer trainer(mlp({.inputs = 20, .hidden = {32, 32}, .classes = 5}), GradientDescent{.learning_rate = 1e30},
                  test_world());
  std::string message;
  try {
    trainer.fit(Dataset::open(data_file()), {.epochs = 5, .batch_size = 128, .quiet = true});
  } catch (const SharedError& e) {
    EXPECT_EQ(e.status(), ExitStatus::diverged);
    message = e.what();
  }
  EXPECT_NE(message.find("the loss of step"), std::string::npos) << message;
  EXPECT_TRUE(all_equal(message));
}

TEST(RequireFinite, BlamesTheLearningRateOnlyAfterAnUpdate) {
  for (const bool updated : {false, true}) {
    try {
      require_finite("the loss", std::numeric_limits<double>::infinity(), 0.5, updated);
      ADD_FAILURE();
    } catch (const SharedError& e) {
      EXPECT_EQ(e.status(), ExitStatus::diverged);
      EXPECT_EQ(std::string(e.what()).find("lower optimizer.learning_rate (0.5)") != std::string::npos, updated);
    }
  }
  EXPECT_NO_THROW(require_finite("the loss", 1.0, 0.5, false));
}

}  // namespace
}  // namespace shoal
