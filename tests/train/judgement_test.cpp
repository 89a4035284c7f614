// Weights, scaled targets, losses and metrics: the same bits for any number of ranks and threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <numeric>

#include "data/data_files.hpp"
#include "mpi_test.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/random.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/h5_file.hpp"
#include "shoal/shoal.hpp"
#include "shoal/tensor/parallel.hpp"
#include "shoal/train/dataset_predictor.hpp"
#include "shoal/train/training.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr std::int64_t judged_rows = 701;
constexpr std::int64_t judged_width = 6;

/// What a data set for these tests holds beside x.
struct Made {
  bool classes = true;                              // 3, the last one rare; else two targets of 1e5 and of 1e9 + 3
  std::function<double(std::int64_t)> weight = {};  // of a row; none: all count alike
  std::vector<std::string> names = {};              // of classes
};

void write_set(const std::string& path, const Made& made) {
  const RandomSource source(5, Purpose::initialise, 1);
  const auto draw = [&](std::int64_t r, std::int64_t c) {
    return source.normal(static_cast<std::uint64_t>(r), static_cast<std::uint64_t>(c));
  };
  H5Writer file(path);
  std::vector<float> x;
  std::vector<std::int32_t> labels;
  std::vector<double> targets;
  std::vector<double> weights;
  for (std::int64_t r = 0; r < judged_rows; ++r) {
    for (std::int64_t c = 0; c < judged_width; ++c) x.push_back(static_cast<float>(draw(r, c)));
    const auto* row = x.data() + r * judged_width;
    const double score = row[0] + 0.5 * row[1] * row[2] + 0.3 * draw(r, judged_width);
    labels.push_back(score > 1.6 ? 2 : (score > 0.0 ? 1 : 0));
    targets.push_back(1e5 + 4e4 * (row[0] - 0.5 * row[1]));
    targets.push_back(1e9 + 3.0 * (row[2] + 0.2 * row[3]));
    if (made.weight) weights.push_back(made.weight(r));
  }
  put(file, "train/x", {judged_rows, judged_width}, x);
  if (made.classes) {
    put(file, "train/y", {judged_rows}, labels);
  } else {
    put(file, "train/y", {judged_rows, 2}, targets);
  }
  if (made.weight) put(file, "train/weight", {judged_rows}, weights);
  if (!made.names.empty()) {
    file.set_attribute("classes", std::ssize(made.names));
    file.set_attribute("class_names", made.names);
  }
  file.finish();
}

class Judgement : public ::testing::Test {
 protected:
  Judgement() {
    folder_ = (fs::temp_directory_path() / ("shoal-judgement-" + std::to_string(getpid()))).string();
    test_world().broadcast_string(folder_);
    if (test_world().rank() == 0) fs::create_directories(folder_);
    test_world().barrier();
  }
  ~Judgement() override {
    test_world().barrier();
    if (test_world().rank() == 0) fs::remove_all(folder_);
  }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  Dataset make(const std::string& name, const Made& made) const {
    run_together(test_world(), [&] {
      if (test_world().rank() == 0) write_set(path(name), made);
    });
    return Dataset::open(path(name));
  }

 private:
  std::string folder_;
};

double uneven(std::int64_t row) { return row % 7 == 0 ? 0.0 : 0.25 * static_cast<double>(row % 5) + 0.1; }

Model net(const Loss& loss, std::int64_t outputs, bool batch_norm = true, const std::string& init = "auto") {
  return mlp({.inputs = judged_width,
              .hidden = {24, 17},
              .classes = outputs,
              .batch_norm = batch_norm,
              .init = init,
              .loss = loss});
}

std::string digest_of_run(Communicator& comm, const Dataset& data, const Loss& loss, FitOptions options) {
  options.quiet = true;
  options.epochs = 2;
  options.batch_size = 128;
  Trainer trainer(net(loss, data.classes() > 0 ? 3 : 2 * loss.levels()), Adam{.learning_rate = 3e-3}, comm);
  trainer.fit(data, options);
  return trainer.digest();
}

void expect_equal_digests(const Dataset& data, const Loss& loss, const FitOptions& options = {}) {
  Communicator alone;
  set_threads(1);
  const std::string expected = digest_of_run(alone, data, loss, options);
  EXPECT_EQ(digest_of_run(test_world(), data, loss, options), expected) << loss.name;
  set_threads(2);
  EXPECT_EQ(digest_of_run(alone, data, loss, options), expected) << loss.name << ", two threads";
  set_threads(1);
}

TEST_F(Judgement, WeightsAndLossesHaveOneDigest) {
  const Dataset classes = make("classes.h5", {.weight = uneven});
  const Dataset targets = make("targets.h5", {.classes = false, .weight = uneven});
  const ClassWeights by_name{.of = {{"2", 5.0}, {"0", 0.5}}};
  expect_equal_digests(classes, Loss::of({.name = "softmax", .label_smoothing = 0.1}),
                       {.class_weights = {.balanced = true}});
  expect_equal_digests(classes, Loss::of({.name = "sigmoid", .pos_weight = {1.0, 2.0, 4.0}}),
                       {.class_weights = by_name});
  for (const Loss& loss : {Loss::of({.name = "huber", .delta = 0.5}), Loss::mae, Loss::quantile})
    expect_equal_digests(targets, loss, {.validation = 0.2, .metric = Metric::validation_rmse});
}

/// All numbers of an evaluation, and its words.
std::vector<double> numbers_of(const Evaluation& e) {
  std::vector<double> all{e.loss};
  for (const auto& metric : {e.accuracy, e.balanced_accuracy, e.macro_f1, e.weighted_f1, e.auc, e.average_precision,
                             e.brier, e.ece, e.rmse, e.mae, e.r2})
    all.push_back(metric.value_or(-1.0));
  for (const ClassJudgement& c : e.classes)
    all.insert(all.end(), {c.support, c.precision.value_or(-1.0), c.recall.value_or(-1.0), c.auc.value_or(-1.0)});
  all.insert(all.end(), e.confusion.begin(), e.confusion.end());
  for (const OutputJudgement& o : e.outputs)
    all.insert(all.end(), {o.rmse, o.mae, o.r2.value_or(-1.0), o.accuracy.value_or(-1.0), o.auc.value_or(-1.0)});
  return all;
}

TEST_F(Judgement, MetricsAreTheSameOnEveryRankAndForAnyNumberOfThem) {
  for (const bool of_classes : {true, false}) {
    const Dataset data = make("set.h5", {.classes = of_classes, .weight = uneven});
    const Loss loss = of_classes ? Loss::softmax : Loss::quantile;
    const auto judge = [&](Communicator& comm) {
      // By xavier quantiles start far from each other, and still cross.
      Trainer trainer(net(loss, of_classes ? 3 : 6, true, "xavier"), Adam{.learning_rate = 1e-2}, comm);
      trainer.fit(data, {.epochs = 3, .batch_size = 100, .leaves = 5, .quiet = true});
      return trainer.evaluate(data, "train");
    };
    Communicator alone;
    const Evaluation expected = judge(alone);
    const Evaluation together = judge(test_world());
    EXPECT_EQ(numbers_of(together), numbers_of(expected));
    EXPECT_EQ(together.notes, expected.notes);
    if (of_classes) {
      ASSERT_EQ(together.classes.size(), 3U);
      EXPECT_GT(together.auc.value_or(0.0), 0.8);
      EXPECT_NEAR(std::accumulate(together.confusion.begin(), together.confusion.end(), 0.0),
                  together.classes[0].support + together.classes[1].support + together.classes[2].support, 1e-9);
    } else {
      ASSERT_EQ(together.outputs.size(), 6U);
      EXPECT_EQ(together.outputs[1].name, "output_0_q0.5");
      EXPECT_EQ(together.rmse, (together.outputs[1].rmse + together.outputs[4].rmse) / 2.0) << "the median counts";
      EXPECT_THAT(together.notes, ::testing::ElementsAre(HasSubstr("level 0.5"), HasSubstr("quantiles cross in ")));
    }
  }
}

TEST_F(Judgement, ANoteIsOneWhateverIsInTheNamesOfClasses) {
  const Dataset data = make("named.h5", {.names = {"a", "b", "c", "two\nlines"}});
  Trainer trainer(net(Loss::softmax, 4), Adam{.learning_rate = 1e-2}, test_world());
  trainer.fit(data, {.epochs = 1, .batch_size = 100, .leaves = 5, .quiet = true});
  EXPECT_THAT(trainer.evaluate(data, "train").notes,
              ::testing::Contains("no rows of two\nlines: no recall and no AUC of it"));
}

TEST_F(Judgement, OfSeveralClassesARowMayHaveAreTheSameForAnyNumberOfRanks) {
  run_together(test_world(), [&] {
    if (test_world().rank() != 0) return;
    write_set(path("from.h5"), {.classes = false, .weight = uneven});
    const Split from = Dataset::open(path("from.h5")).split("train");
    std::vector<std::int64_t> rows(judged_rows);
    std::iota(rows.begin(), rows.end(), std::int64_t{0});
    std::vector<double> x(judged_rows * judged_width), targets(judged_rows * 2), weights(judged_rows);
    from.read_values(rows, x);
    from.read_target_values(rows, targets);
    from.read_weights(rows, weights);
    for (std::size_t i = 0; i < targets.size(); ++i) targets[i] = targets[i] > (i % 2 == 0 ? 1e5 : 1e9) ? 1.0 : 0.0;
    H5Writer file(path("several.h5"));
    put(file, "train/x", {judged_rows, judged_width}, x);
    put(file, "train/y", {judged_rows, 2}, targets);
    put(file, "train/weight", {judged_rows}, weights);
    file.finish();
  });
  const Dataset data = Dataset::open(path("several.h5"));
  const auto judge = [&](Communicator& comm) {
    Trainer trainer(net(Loss::sigmoid, 2), Adam{.learning_rate = 1e-2}, comm);
    const Evaluation average = trainer.fit(data, {.epochs = 3, .batch_size = 100, .leaves = 5, .quiet = true});
    EXPECT_GT(average.accuracy.value_or(0.0), 0.6);
    Evaluation judged = trainer.evaluate(data, "train");
    std::vector<double> all = numbers_of(judged);
    all.push_back(average.accuracy.value_or(-1.0));
    EXPECT_NEAR(judged.accuracy.value_or(-1.0), (*judged.outputs[0].accuracy + *judged.outputs[1].accuracy) / 2.0,
                1e-12);
    EXPECT_GT(judged.auc.value_or(0.0), 0.7);
    return all;
  };
  Communicator alone;
  const std::vector<double> expected = judge(alone);
  EXPECT_EQ(judge(test_world()), expected);
}

/// A row of the weight 2 is as good as two of them, where a batch holds all rows.
TEST_F(Judgement, AWeightIsARowSoManyTimes) {
  const Dataset once = make("once.h5", {});
  const Dataset twice = make("twice.h5", {.weight = [](std::int64_t) { return 2.0; }});
  const FitOptions whole{.epochs = 5, .batch_size = 1024, .leaves = 4, .quiet = true};
  const auto train = [&](const Dataset& data) {
    Trainer trainer(net(Loss::softmax, 3), GradientDescent{.learning_rate = 0.5}, test_world());
    trainer.fit(data, whole);
    return trainer.evaluate(data, "train");
  };
  const Evaluation plain = train(once);
  const Evaluation weighted = train(twice);
  EXPECT_EQ(weighted.loss, plain.loss) << "a power of two in every sum";
  EXPECT_EQ(weighted.accuracy, plain.accuracy);
  EXPECT_EQ(weighted.auc, plain.auc);
  EXPECT_EQ(weighted.classes[1].support, 2.0 * plain.classes[1].support);
}

TEST_F(Judgement, BalancedClassesWeighAlike) {
  const Dataset data = make("plain.h5", {});
  std::vector<std::int64_t> all(judged_rows);
  std::iota(all.begin(), all.end(), 0);
  std::vector<std::int32_t> labels(judged_rows);
  data.split("train").read_labels(all, labels);
  std::vector<double> counts(3);
  for (const std::int32_t label : labels) counts[static_cast<std::size_t>(label)] += 1.0;
  const Dataset weighted =
      make("weighted.h5", {.weight = [&](std::int64_t row) {
             return judged_rows / (3.0 * counts[static_cast<std::size_t>(labels[static_cast<std::size_t>(row)])]);
           }});
  EXPECT_EQ(digest_of_run(test_world(), data, Loss::softmax, {.class_weights = {.balanced = true}}),
            digest_of_run(test_world(), weighted, Loss::softmax, {}))
      << "N / (K n_k) in the file or by the option";
  EXPECT_NE(digest_of_run(test_world(), data, Loss::softmax, {}),
            digest_of_run(test_world(), weighted, Loss::softmax, {}));
}

TEST_F(Judgement, BalancedClassesAreCountedByTheWeightsOfTheirRows) {
  const Dataset plain = make("plain.h5", {});
  std::vector<std::int64_t> all(judged_rows);
  std::iota(all.begin(), all.end(), 0);
  std::vector<std::int32_t> labels(judged_rows);
  plain.split("train").read_labels(all, labels);
  const auto label = [&](std::int64_t row) { return static_cast<std::size_t>(labels[static_cast<std::size_t>(row)]); };
  const auto own = [&](std::int64_t row) { return 1.0 + static_cast<double>(label(row)); };
  std::vector<double> of_class(3);
  for (const std::int64_t row : all) of_class[label(row)] += own(row);
  const double sum = of_class[0] + of_class[1] + of_class[2];
  const Dataset weighted = make("weighted.h5", {.weight = own});
  const Dataset both =
      make("both.h5", {.weight = [&](std::int64_t row) { return own(row) * (sum / (3.0 * of_class[label(row)])); }});
  EXPECT_EQ(digest_of_run(test_world(), weighted, Loss::softmax, {.class_weights = {.balanced = true}}),
            digest_of_run(test_world(), both, Loss::softmax, {}));
}

TEST_F(Judgement, ABatchWithoutWeightChangesNothingButTheStep) {
  const Dataset data = make("few.h5", {.weight = [](std::int64_t row) { return row % 40 == 0 ? 1.0 : 0.0; }});
  Config config;
  config.data.file = data.path();
  config.data.batch_size = 8;
  config.parallel.leaves = 4;
  config.model.hidden = {5};
  config.model.batch_norm.enabled = true;
  const TrainingData selected = select_data(data, config);
  shoal::Training training(config, make_model(config, selected), selected, test_world());
  training.allocate();
  training.start();
  const auto arrays = [&] {
    std::vector<std::vector<std::byte>> bytes;
    for (const NamedArray& array : training.snapshot().arrays) {
      if (!array.path.starts_with("progress/")) bytes.push_back(array.data);
    }
    return bytes;
  };
  int idle = 0;
  int moving = 0;
  auto before = arrays();
  for (int step = 0; step < 30; ++step) {
    const bool weightless = std::isnan(training.advance({}).loss);
    auto after = arrays();
    const bool same = before == after || test_world().rank() != 0;  // rank 0 has the snapshot
    EXPECT_TRUE(same == weightless || test_world().rank() != 0) << "step " << step;
    (weightless ? idle : moving) += 1;
    before = std::move(after);
  }
  EXPECT_GT(idle, 10);
  EXPECT_GT(moving, 2);
}

TEST_F(Judgement, WeightsThatCannotBeAreRefused) {
  const auto fault = [&](const std::function<double(std::int64_t)>& weight, const FitOptions& options = {}) {
    try {
      digest_of_run(test_world(), make("bad.h5", {.weight = weight}), Loss::softmax, options);
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(fault([](std::int64_t row) { return row == 700 ? -1.0 : 1.0; }), HasSubstr("train/weight row 700 is -1"));
  EXPECT_THAT(fault([](std::int64_t row) { return row == 9 ? 1e-30 : 1.0; }), HasSubstr("weight of row 9"));
  EXPECT_THAT(fault([](std::int64_t) { return 0.0; }), HasSubstr("the weights of split \"train\" are all 0"));
  EXPECT_THAT(fault({}, {.class_weights = {.of = {{"4", 1.0}}}}),
              HasSubstr("names the class \"4\"; the classes are 0, 1, 2"));
  EXPECT_THAT(fault({}, {.class_weights = {.of = {{"0", 0.0}, {"1", 0.0}, {"2", 0.0}}}}),
              HasSubstr("train.class_weights gives 0 to all 3 classes; raise one"));
  EXPECT_EQ(fault({}, {.class_weights = {.of = {{"1", 0.0}}}}), "no error");
}

/// Targets of 1e5 and, in float64, of 1e9 with a deviation of 3: float32 holds multiples of 64 there.
TEST_F(Judgement, TargetsAreLearnedInTheirOwnUnits) {
  const Dataset data = make("prices.h5", {.classes = false});
  Trainer trainer(net(Loss::mse, 2, false), Adam{.learning_rate = 1e-2}, test_world());
  trainer.fit(data, {.epochs = 200, .batch_size = 64, .leaves = 4, .schedule = {.name = "cosine"}, .quiet = true});
  const Evaluation judged = trainer.evaluate(data, "train");
  ASSERT_EQ(judged.outputs.size(), 2U);
  EXPECT_GT(judged.outputs[0].r2.value_or(0.0), 0.999);
  EXPECT_GT(judged.outputs[1].r2.value_or(0.0), 0.99);
  EXPECT_LT(judged.loss, 0.02) << "in units of the deviation";
  EXPECT_GT(judged.outputs[0].rmse, 10.0) << "in units of the file";
  const std::string checkpoint = path("c.h5");
  trainer.save(checkpoint);
  DatasetPredictor predictor(checkpoint, test_world());
  EXPECT_EQ(numbers_of(predictor.evaluate(data, "train")), numbers_of(judged));
  predictor.predict(data, "train", path("p.h5"));
  run_together(test_world(), [&] {
    if (test_world().rank() != 0) return;
    std::vector<std::int64_t> all(judged_rows);
    std::iota(all.begin(), all.end(), 0);
    std::vector<float> x(static_cast<std::size_t>(judged_rows * judged_width));
    data.split("train").read(all, {}, x);
    const Predictions made = Predictor(checkpoint).predict(x);
    ASSERT_TRUE(Predictor(checkpoint).layout().precise);
    std::vector<double> targets(2 * judged_rows);
    data.split("train").read_target_values(all, targets);
    double squares = 0.0;
    for (std::size_t i = 1; i < targets.size(); i += 2) squares += std::pow(targets[i] - made.precise[i], 2);
    EXPECT_NEAR(std::sqrt(squares / judged_rows), judged.outputs[1].rmse, 1e-9);
    const ArrayInfo outputs = H5Reader(path("p.h5")).array("outputs");
    EXPECT_EQ(outputs.type, ElementType::float64);
    std::vector<double> written(made.precise.size());
    RandomAccessFile(path("p.h5")).read(outputs.offset, std::as_writable_bytes(std::span(written)));
    EXPECT_EQ(written, made.precise);
  });
  Trainer unscaled(net(Loss::mse, 2), Adam{.learning_rate = 1e-2}, test_world());
  unscaled.fit(data, {.epochs = 1, .batch_size = 64, .normalize_targets = "none", .leaves = 4, .quiet = true});
  EXPECT_GT(unscaled.evaluate(data, "train").loss, 1e9) << "as it was";
}

TEST_F(Judgement, OfTargetsThatCannotBeScaledTheErrorSpeaks) {
  run_together(test_world(), [&] {
    if (test_world().rank() != 0) return;
    H5Writer file(path("near.h5"));
    put(file, "train/x", {8, judged_width}, std::vector<float>(8 * judged_width, 1.0F));
    put(file, "train/y", {8}, std::vector{1e-200, 2e-200, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0});
    file.finish();
  });
  const Dataset data = Dataset::open(path("near.h5"));
  Trainer trainer(net(Loss::mse, 1, false), Adam{}, test_world());
  expect_error([&] { trainer.fit(data, {.epochs = 1, .batch_size = 8, .leaves = 4, .quiet = true}); },
               ExitStatus::bad_data, {"values of target 0 are too near each other"});
}

/// Versions before wrote neither a score nor the weight of an epoch: all rows counted alike, and the loss alone
/// decided.
TEST(Progress, OfAnEarlierVersionIsRead) {
  Archive archive;
  RunProgress before{.step = 9, .epoch = 2, .position = 64, .epoch_weight = 64.0, .best_step = 8, .best_loss = 0.5};
  before.best_score = 0.5;
  before.least_score = 0.25;
  write_progress(archive, before);
  EXPECT_EQ(read_progress(archive), before);
  std::erase_if(archive.arrays, [](const NamedArray& array) {
    return array.path == "progress/best_score" || array.path == "progress/epoch_weight";
  });
  EXPECT_EQ(read_progress(archive), before);
}

TEST_F(Judgement, AStepThatIsNotSavedHasNoPartInBest) {
  const Dataset data = make("unsaved.h5", {});
  Config config;
  config.data.file = data.path();
  config.data.batch_size = 64;
  config.data.validation = 0.3;
  config.parallel.leaves = 4;
  config.train.epochs = 6;
  const TrainingData selected = select_data(data, config);
  shoal::Training training(config, make_model(config, selected), selected, test_world());
  training.allocate();
  training.start();
  std::int64_t saved = -1;
  double loss = 0.0;
  int left_out = 0;
  while (!training.finished()) {
    const auto epoch = training.end_epoch(training.advance({}));
    if (!epoch) continue;
    EXPECT_EQ(epoch->best, saved < 0 || epoch->validation->loss < loss);
    if (epoch->best && saved > 0 && left_out < 2) {
      training.leave_out_of_best();
      ++left_out;
    } else if (epoch->best) {
      saved = training.progress().step;
      loss = epoch->validation->loss;
    }
    EXPECT_EQ(training.progress().best_step, saved);
    EXPECT_EQ(training.progress().best_loss, loss);
    EXPECT_EQ(training.progress().stale_evaluations, 0) << "every epoch is better than the one before";
  }
  EXPECT_EQ(left_out, 2);
}

TEST_F(Judgement, TheMetricDecidesWhatIsBest) {
  const Dataset data = make("metric.h5", {.weight = uneven});
  Config config;
  config.data.file = data.path();
  config.data.batch_size = 64;
  config.data.validation = 0.3;
  config.parallel.leaves = 4;
  config.model.hidden = {16};
  config.train.epochs = 8;
  config.train.early_stopping.patience = 100;
  config.train.metric = Metric::validation_macro_f1;
  config.optimizer.learning_rate = 0.03;
  const TrainingData selected = select_data(data, config);
  shoal::Training training(config, make_model(config, selected), selected, test_world());
  training.allocate();
  training.start();
  double best = 0.0;
  double loss = 0.0;
  while (!training.finished()) {
    const auto epoch = training.end_epoch(training.advance({}));
    if (!epoch) continue;
    ASSERT_TRUE(epoch->metric.has_value());
    EXPECT_EQ(epoch->metric, epoch->validation->macro_f1);
    const bool better = *epoch->metric > best || (*epoch->metric == best && epoch->validation->loss < loss);
    EXPECT_EQ(epoch->best, better);
    if (better) {
      best = *epoch->metric;
      loss = epoch->validation->loss;
    }
    EXPECT_EQ(training.progress().best_score, -best);
    EXPECT_EQ(training.progress().best_loss, loss);
  }
  EXPECT_GT(best, 0.5);
  const auto fault = [&](Metric metric, Validation validation) {
    config.train.metric = metric;
    config.data.validation = std::move(validation);
    try {
      static_cast<void>(select_data(data, config));
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(fault(Metric::validation_r2, 0.3), HasSubstr("train.metric = \"validation.r2\" needs targets"));
  EXPECT_THAT(fault(Metric::validation_r2, 0.0), HasSubstr("needs targets")) << "whatever there is to validate on";
  EXPECT_THAT(fault(Metric::validation_auc, 0.0), HasSubstr("needs data to validate on"));
  EXPECT_EQ(fault(Metric::validation_loss, 0.0), "no error") << "then the loss of training";
}

}  // namespace
}  // namespace shoal
