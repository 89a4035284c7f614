// One trial: together or alone, in parts or at once.
#include "tune/trial.hpp"

#include <span>

#include "shoal/core/error.hpp"
#include "shoal/io/h5_file.hpp"
#include "sweep_fixture.hpp"

namespace shoal {
namespace {

TEST(FailedTrial, HasTheSameReasonEverywhere) {
  for (const std::string place : {"s4.toml:3:14: ", "my folder/a:b.toml:3:14: ", "config:5:14: ", ""})
    EXPECT_EQ(portable_reason(place + "the batch is -nan"), "the batch is nan");
  for (const std::string none :
       {"data.csv:3:5: x", "a.toml:3: x", "a.toml:3:: x", "a.toml: 3:5: x", "", "a.toml:3:5", "first\nconfig:3:5: x"})
    EXPECT_EQ(portable_reason(none), none);
  EXPECT_EQ(portable_reason("a.toml:b.toml:3:5: x:1:2: y"), "x:1:2: y");
}

class RunTrial : public tests::SweepFixture {
 protected:
  void SetUp() override {
    SweepFixture::SetUp();
    config_.data.file = path("a.h5");
    config_.data.validation = 0.2;
    config_.data.batch_size = 128;
    config_.parallel.leaves = 4;
    config_.model.hidden = {12};
    config_.train.epochs = 4;
    config_.train.evaluate_every = 2;
    data_.emplace(select_data(Dataset::open(config_.data.file), config_));
  }
  TrialTask task(const std::string& name, std::vector<std::int64_t> ends, std::int64_t rung) const {
    return {3, rung, std::move(ends), config_, Metric::validation_loss, path(name)};
  }
  TrialHooks hooks(int stop_after = -1) {
    left_ = stop_after;
    return {[this] { return left_ >= 0 && left_-- == 0; }, [](const Outcome&) { return true; }};
  }
  std::optional<Outcome> run(const TrialTask& task, int stop_after = -1) {
    return run_trial(task, *data_, hooks(stop_after), test_world());
  }

  Config config_;
  std::optional<TrainingData> data_;
  int left_ = -1;
};

TEST_F(RunTrial, RungsLeadWhereOneTrainingLeads) {
  const auto whole = run(task("whole.h5", {1, 4}, 1));
  ASSERT_TRUE(whole.has_value());
  ASSERT_EQ(whole->curve.size(), 3U) << "epochs 1 (a rung's end), 2 and 4";
  const auto first = run(task("parts.h5", {1}, 0));
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->curve.size(), 1U);
  const auto second = run(task("parts.h5", {1, 4}, 1));
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->curve, whole->curve);
  EXPECT_TRUE(text("whole.h5") == text("parts.h5"));
}

TEST_F(RunTrial, ADiskThatFailsIsNotTheTrialsFault) {
  const TrialHooks hooks{[]() -> bool { throw Error(ExitStatus::input_output, "the disk is gone"); },
                         [](const Outcome&) { return true; }};
  EXPECT_THROW(run_trial(task("t.h5", {}, 0), *data_, hooks, test_world()), Error);
}

TEST_F(RunTrial, AStopInTheMiddleOfAnEpochLosesNothing) {
  const auto whole = run(task("whole.h5", {}, 0));
  ASSERT_TRUE(whole.has_value());
  int jobs = 0;
  std::optional<Outcome> parts;
  while (!parts && jobs < 50) {
    parts = run(task("parts.h5", {}, 0), 1);  // two steps, and three in an epoch
    ++jobs;
  }
  ASSERT_TRUE(parts.has_value());
  EXPECT_GE(jobs, 5);
  EXPECT_EQ(parts->curve, whole->curve);
  EXPECT_TRUE(text("whole.h5") == text("parts.h5"));
}

TEST_F(RunTrial, ACheckpointOfAnotherTrialIsNotTaken) {
  const auto whole = run(task("whole.h5", {}, 0));
  config_.optimizer.learning_rate = 0.5;
  ASSERT_TRUE(run(task("other.h5", {1}, 0)).has_value());
  config_.optimizer.learning_rate = OptimizerSettings().learning_rate;
  const auto again = run(task("other.h5", {}, 0));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->curve, whole->curve);
}

TEST_F(RunTrial, ACheckpointOfOtherDataIsNotTaken) {
  const auto whole = run(task("whole.h5", {}, 0));
  const TrainingData here = *data_;
  data_.emplace(select_data(Dataset::open(path("b.h5")), config_));
  ASSERT_TRUE(run(task("other.h5", {1}, 0)).has_value());
  data_.emplace(here);  // as where the file of one name holds other rows now
  const auto again = run(task("other.h5", {}, 0));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->curve, whole->curve);
}

TEST_F(RunTrial, DivergenceEndsItPromptlyWithItsReason) {
  config_.optimizer.name = "gd";
  config_.optimizer.learning_rate = 1e30;
  const auto outcome = run(task("x.h5", {}, 0));
  ASSERT_TRUE(outcome.has_value());
  EXPECT_TRUE(outcome->failed);
  EXPECT_NE(outcome->reason.find("learning_rate"), std::string::npos) << outcome->reason;
  EXPECT_TRUE(outcome->curve.empty());
  EXPECT_FALSE(std::filesystem::exists(path("x.h5")));
}

/// Where training ends in an epoch none of whose rows so far has a weight, there is no training loss.
TEST_F(RunTrial, WithoutALossToBeComparedByItFailsAndSaysSo) {
  run_together(test_world(), [&] {
    if (test_world().rank() != 0) return;
    H5Writer writer(path("w.h5"));
    const auto put = [&](const std::string& array, std::vector<std::int64_t> shape, const auto& values) {
      writer.create_array(array, element_type_of<typename std::decay_t<decltype(values)>::value_type>(), shape);
      writer.write_rows(array, 0, std::as_bytes(std::span(values)));
    };
    std::vector<double> weights(400);
    weights[0] = 1.0;
    std::vector<std::int32_t> labels(400);
    labels[1] = 1;
    for (const std::string split : {"train", "validation"}) {
      put(split + "/x", {400, 1}, std::vector<float>(400, 1.0F));
      put(split + "/y", {400}, labels);
      put(split + "/weight", {400}, weights);
    }
    writer.finish();
  });
  config_.data.file = path("w.h5");
  config_.data.validation = {};
  config_.data.batch_size = 8;
  config_.train.steps = 1;
  config_.train.metric = Metric::train_loss;
  data_.emplace(select_data(Dataset::open(config_.data.file), config_));
  TrialTask by_train = task("x.h5", {}, 0);
  by_train.metric = Metric::train_loss;
  const auto failed = run(by_train);
  ASSERT_TRUE(failed.has_value());
  EXPECT_TRUE(failed->failed);
  EXPECT_EQ(failed->reason, "train.loss is not finite, or no row of the last epoch has a weight");
  const auto validated = run(task("x.h5", {}, 0));
  ASSERT_TRUE(validated.has_value());
  EXPECT_FALSE(validated->failed) << validated->reason;
  ASSERT_EQ(validated->curve.size(), 1U);
  EXPECT_TRUE(validated->curve[0].validation_loss.has_value());
}

TEST_F(RunTrial, EarlyStoppingEndsItWhereTrainWould) {
  config_.train.epochs = 60;
  config_.train.evaluate_every = 1;
  config_.optimizer.learning_rate = 0.3;
  config_.train.early_stopping.patience = 2;
  const auto outcome = run(task("x.h5", {}, 0));
  ASSERT_TRUE(outcome.has_value());
  ASSERT_LT(outcome->curve.size(), 60U);
  const auto loss = [&](std::size_t back) { return *outcome->curve[outcome->curve.size() - back].validation_loss; };
  EXPECT_GE(loss(1), loss(3));
  EXPECT_GE(loss(2), loss(3));
}

}  // namespace
}  // namespace shoal
