// Trials of several folds: one table whatever the ranks and kills, means of what `shoal train` finds, the final fit.
#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <sstream>

#include "shoal/data/folds.hpp"
#include "shoal/io/h5_file.hpp"
#include "shoal/run/run.hpp"
#include "shoal/train/checkpoint.hpp"
#include "shoal/train/dataset_predictor.hpp"
#include "shoal/tune/out_of_fold.hpp"
#include "shoal/tune/sweep_view.hpp"
#include "sweep_fixture.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class SweepFolds : public tests::SweepFixture {
 protected:
  static std::vector<std::string> folded(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"sweep.folds=3", "sweep.trials=4"});
    return more;
  }
  SweepRequest cv(const std::string& run, const std::vector<std::string>& sets = {}) const {
    SweepRequest r;
    r.cross_validates = true;
    r.run = path(run);
    r.sets = {"data.file=" + path("a.h5"), "train.epochs=3", "model.hidden=[12]", "parallel.leaves=4", "sweep.folds=5"};
    r.sets.insert(r.sets.end(), sets.begin(), sets.end());
    return r;
  }
  /// `shoal train` with the config of a model of a sweep makes the bits of it, on one rank.
  void expect_trained_to(const std::string& model, const std::string& run) const {
    TrainRequest train;
    train.run = path(run);
    train.config = path(run + ".toml");
    if (test_world().rank() == 0) write_text_atomically(*train.config, to_toml(read_config(checkpoint_here(model))));
    test_world().barrier();
    std::int64_t status = 0;
    if (test_world().rank() == 0) {
      Communicator alone;
      status = static_cast<std::int64_t>(train_run(train, alone));
    }
    EXPECT_EQ(test_world().all_max(status), 0);
    EXPECT_EQ(digest(checkpoint(model)), digest(checkpoint(run + "/checkpoints/latest")));
  }
  void expect_same_models(const std::string& a, const std::string& b, std::int64_t folds) const {
    for (std::int64_t fold = 1; fold <= folds; ++fold) {
      const std::string file = "/best-fold-" + std::to_string(fold) + ".h5";
      EXPECT_TRUE(text(a + file) == text(b + file)) << file;
    }
  }
  Archive checkpoint_here(const std::string& name) const { return parse_checkpoint(read_file(path(name)), name); }
  Archive checkpoint(const std::string& name) const {
    test_world().barrier();
    return checkpoint_here(name);
  }
  std::vector<nlohmann::json> rows_of(const std::string& run) const {
    std::vector<nlohmann::json> rows;
    std::istringstream lines(text(run + "/sweep.jsonl"));
    for (std::string line; std::getline(lines, line);) rows.push_back(nlohmann::json::parse(line));
    return rows;
  }
  /// As after a kill: only the first `kept` outcomes are known, there is no result, and some checkpoints are lost.
  void undo(const std::string& run, std::size_t kept) {
    test_world().barrier();
    run_together(test_world(), [&] {
      if (test_world().rank() != 0) return;
      std::string lines;
      for (const auto& entry : fs::directory_iterator(path(run))) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with("journal")) lines += read_text(entry.path());
        if (name.starts_with("journal") || name.starts_with("sweep.") || name.starts_with("best"))
          fs::remove(entry.path());
      }
      std::size_t end = 0;
      for (std::size_t line = 0; line < kept; ++line) end = lines.find('\n', end) + 1;
      std::ofstream(path(run + "/journal-7.jsonl")) << lines.substr(0, end + 20);
    });
  }
};

TEST_F(SweepFolds, HaveOneTableAtAnyRanks) {
  for (const auto& sets : {folded(), folded({"sweep.search=coarse_to_fine", "train.epochs=4", "sweep.trials=8",
                                             "sweep.successive_halving={eta=2,min_epochs=1}"})}) {
    const std::string n = std::to_string(sets.size());
    EXPECT_EQ(status_alone(request("alone" + n, sets)), ExitStatus::done);
    EXPECT_EQ(status_of(request("together" + n, sets)), ExitStatus::done) << message_;
    expect_same("alone" + n, "together" + n);
    expect_same_models("alone" + n, "together" + n, 3);
    std::vector<std::string> pairs = sets;
    pairs.emplace_back("sweep.ranks_per_trial=2");
    EXPECT_EQ(status_of(request("pairs" + n, pairs)), ExitStatus::done) << message_;
    expect_same("alone" + n, "pairs" + n);
    expect_same_models("alone" + n, "pairs" + n, 3);
  }
}

TEST_F(SweepFolds, AfterKillsTheTableIsTheSame) {
  for (const auto& sets : {folded(), folded({"train.epochs=4", "sweep.successive_halving={eta=2,min_epochs=1}"})}) {
    const std::string n = std::to_string(sets.size());
    EXPECT_EQ(status_alone(request("whole" + n, sets)), ExitStatus::done);
    EXPECT_EQ(status_of(request("killed" + n, sets)), ExitStatus::done) << message_;
    for (const std::size_t kept : {2U, 5U, 11U}) {  // inside of the first trial, of another, before the last part
      undo("killed" + n, kept);
      EXPECT_EQ(status_of(resume("killed" + n)), ExitStatus::done) << message_;
      expect_same("whole" + n, "killed" + n);
      expect_same_models("whole" + n, "killed" + n, 3);
    }
  }
}

TEST_F(SweepFolds, OutOfTimeTheyGoOnInsideOfAFoldAndOfTheFinalFit) {
  EXPECT_EQ(status_alone(request("whole", folded())), ExitStatus::done);
  expect_same_in_parts("whole", request("parts", folded()), "parts", 0.004);
  EXPECT_EQ(digest(checkpoint("whole/best.h5")), digest(checkpoint("parts/best.h5")));
}

TEST_F(SweepFolds, AreWhatTrainMakesOfEachFold) {
  EXPECT_EQ(status_of(cv("cv")), ExitStatus::done) << message_;
  const nlohmann::json row = rows_of("cv").at(0);
  double loss = 0.0;
  double accuracy = 0.0;
  for (int fold = 1; fold <= 5; ++fold) {
    const std::string name = "train" + std::to_string(fold);
    TrainRequest train;
    train.run = path(name);
    train.sets = {"data.file=" + path("a.h5"), "train.epochs=3", "model.hidden=[12]", "parallel.leaves=4",
                  "data.fold=" + std::to_string(fold) + "/5"};
    EXPECT_EQ(train_run(train, test_world()), ExitStatus::done);
    EXPECT_EQ(digest(checkpoint(name + "/checkpoints/latest")),
              digest(checkpoint("cv/best-fold-" + std::to_string(fold) + ".h5")));
    const Dataset data = Dataset::open(path("a.h5"));
    const FoldPlan plan = plan_folds(data.split("train"), 5, 1, {});
    DatasetPredictor model(path(name + "/checkpoints/latest"), test_world());
    const Evaluation judged = model.evaluate(data, data.split("train").subset(plan.rows_in(fold - 1)));
    EXPECT_EQ(row["folds"][static_cast<std::size_t>(fold - 1)]["validation.loss"].get<double>(), judged.loss);
    loss += judged.loss;
    accuracy += judged.accuracy.value();
  }
  EXPECT_EQ(row["validation.loss"].get<double>(), loss / 5.0);
  EXPECT_EQ(row["curve"].back()["validation.accuracy"].get<double>(), accuracy / 5.0);
  EXPECT_GT(row["deviation"]["validation.loss"].get<double>(), 0.0);
}

TEST_F(SweepFolds, LearnNothingFromTheRowsTheyValidateOn) {
  constexpr std::int64_t rows = 100;
  // Regression data, and the same with other numbers in the rows of fold 2: features and targets.
  const auto write = [&](const std::string& name, float factor) {
    std::vector<std::int32_t> fold_of(static_cast<std::size_t>(rows));
    deal_folds(4, 1, {}, {}, fold_of);
    std::vector<float> x;
    std::vector<float> y;
    for (std::int64_t row = 0; row < rows; ++row) {
      const float by = fold_of[static_cast<std::size_t>(row)] == 1 ? factor : 1.0F;
      for (std::int64_t d = 0; d < 3; ++d) x.push_back(by * static_cast<float>((row * (d + 3)) % 17));
      y.push_back(by * static_cast<float>(row % 13));
    }
    H5Writer writer(path(name));
    writer.create_array("train/x", ElementType::float32, {rows, 3});
    writer.write_rows("train/x", 0, std::as_bytes(std::span(x)));
    writer.create_array("train/y", ElementType::float32, {rows});
    writer.write_rows("train/y", 0, std::as_bytes(std::span(y)));
    writer.finish();
  };
  run_together(test_world(), [&] {
    if (test_world().rank() != 0) return;
    write("plain.h5", 1.0F);
    write("changed.h5", 3.0F);
  });
  for (const char* name : {"plain", "changed"}) {
    EXPECT_EQ(status_of(cv(std::string("cv-") + name, {"data.file=" + path(std::string(name) + ".h5"), "sweep.folds=4",
                                                       "data.normalize_targets=standard"})),
              ExitStatus::done)
        << message_;
  }
  EXPECT_EQ(digest(checkpoint("cv-plain/best-fold-2.h5")), digest(checkpoint("cv-changed/best-fold-2.h5")));
  EXPECT_NE(digest(checkpoint("cv-plain/best-fold-1.h5")), digest(checkpoint("cv-changed/best-fold-1.h5")));
}

TEST_F(SweepFolds, TheFinalFitIsATrainingOnAllRows) {
  EXPECT_EQ(status_of(request("run", folded())), ExitStatus::done) << message_;
  ASSERT_TRUE(summary_.final_fit.has_value());
  EXPECT_EQ(summary_.final_fit->rows, 400);
  const Config config = read_config(checkpoint("run/best.h5"));
  EXPECT_FALSE(config.data.fold.any());
  EXPECT_EQ(config.data.train, std::vector<std::string>{"train"});
  expect_trained_to("run/best.h5", "train");
}

TEST_F(SweepFolds, TheFinalFitTakesASplitToValidateOn) {
  tamper([&] {
    synth_spirals({.samples = 400, .features = 4, .classes = 3, .seed = 3, .validation_fraction = 0.25}, path("v.h5"));
  });
  const Dataset data = Dataset::open(path("v.h5"));
  const std::string file = "data.file=" + path("v.h5");
  EXPECT_EQ(status_of(request("plain", {"sweep.trials=4", file})), ExitStatus::done) << message_;
  EXPECT_EQ(status_of(request("run", {"sweep.trials=4", "sweep.final_fit=true", file})), ExitStatus::done) << message_;
  expect_same("plain", "run");
  ASSERT_TRUE(summary_.final_fit.has_value());
  EXPECT_LT(data.split("train").rows(), 400);
  EXPECT_EQ(summary_.final_fit->rows, 400);
  EXPECT_EQ(summary_.final_fit->splits, "train + validation");
  const Config config = read_config(checkpoint("run/final.h5"));
  EXPECT_EQ(config.data.train, (std::vector<std::string>{"train", "validation"}));
  EXPECT_EQ(config.data.validation, Validation(0.0));
  expect_trained_to("run/final.h5", "train");
  // What it measures on rows that it was trained on is no test, and that is said.
  const auto notes = [&](const char* model) {
    return DatasetPredictor(path(model), test_world()).evaluate(data, "validation").notes;
  };
  const auto said = ::testing::Contains(HasSubstr("was trained on the split validation"));
  EXPECT_THAT(notes("run/final.h5"), said);
  EXPECT_THAT(notes("run/best.h5"), ::testing::Not(said));
}

TEST_F(SweepFolds, TheFinalFitTakesTheSplitThatIsNamed) {
  tamper([&] {
    synth_spirals({.samples = 300, .features = 4, .classes = 3, .seed = 3, .test_fraction = 0.3}, path("t.h5"));
  });
  EXPECT_EQ(status_of(request("run", {"sweep.trials=2", "sweep.final_fit=true", "data.file=" + path("t.h5"),
                                      "data.validation=test"})),
            ExitStatus::done)
      << message_;
  EXPECT_EQ(summary_.final_fit->splits, "train + test");
  EXPECT_EQ(summary_.final_fit->rows, 300);
}

/// Trials and folds take their rows of all splits that data.train names.
TEST_F(SweepFolds, OnSeveralSplitsAreThoseOfOneThatHoldsTheirRows) {
  tamper([&] {
    const auto put = [](H5Writer& writer, const std::string& split, std::int64_t first, std::int64_t rows) {
      std::vector<float> x;
      std::vector<std::uint8_t> y;
      for (std::int64_t r = first; r < first + rows; ++r) {
        x.insert(x.end(), {static_cast<float>(r % 17), static_cast<float>(r % 5)});
        y.push_back(static_cast<std::uint8_t>(r % 3));
      }
      writer.create_array(split + "/x", ElementType::float32, {rows, 2});
      writer.write_rows(split + "/x", 0, std::as_bytes(std::span(x)));
      writer.create_array(split + "/y", ElementType::uint8, {rows});
      writer.write_rows(split + "/y", 0, std::as_bytes(std::span(y)));
    };
    H5Writer parts(path("parts.h5"));
    put(parts, "train", 0, 70);
    put(parts, "validation", 70, 50);
    parts.finish();
    H5Writer whole(path("whole.h5"));
    put(whole, "train", 0, 120);
    whole.finish();
  });
  const auto done = [&](const std::string& name, std::vector<std::string> sets) {
    sets.insert(sets.end(), {"data.file=" + path(name + ".h5"), "sweep.folds=3"});
    EXPECT_EQ(status_of(cv(name, sets)), ExitStatus::done) << message_;
    predict_out_of_fold(path(name), path(name + ".csv"), test_world());
  };
  done("parts", {R"(data.train=["train", "validation"])"});
  done("whole", {});
  EXPECT_TRUE(text("parts/sweep.jsonl") == text("whole/sweep.jsonl"));
  EXPECT_TRUE(text("parts.csv") == text("whole.csv")) << "each row by the model that did not see it";
  const std::string csv = text("parts.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 121);
  // Rows set apart where no split is left to validate on.
  EXPECT_EQ(status_of(request("trials", {"data.file=" + path("parts.h5"), R"(data.train=["train", "validation"])",
                                         "sweep.trials=2", "sweep.final_fit=true"})),
            ExitStatus::done)
      << message_;
  EXPECT_EQ(summary_.final_fit->rows, 120);
  EXPECT_EQ(read_config(checkpoint("trials/best.h5")).data.validation, Validation(0.1));
}

TEST_F(SweepFolds, AFinalFitThatCannotBeIsRefusedBeforeTheFirstTrial) {
  tamper([&] {
    H5Writer writer(path("w.h5"));
    const std::vector<float> x(40, 1.0F);
    const std::vector<std::uint8_t> y(40, 0);
    for (const std::string split : {"train", "validation"}) {
      writer.create_array(split + "/x", ElementType::float32, {40, 1});
      writer.write_rows(split + "/x", 0, std::as_bytes(std::span(x)));
      writer.create_array(split + "/y", ElementType::uint8, {40});
      writer.write_rows(split + "/y", 0, std::as_bytes(std::span(y)));
    }
    writer.create_array("train/weight", ElementType::float32, {40});
    writer.write_rows("train/weight", 0, std::as_bytes(std::span(x)));
    writer.finish();
  });
  EXPECT_EQ(status_of(request("run", {"sweep.final_fit=true", "data.file=" + path("w.h5")})), ExitStatus::bad_data);
  EXPECT_THAT(message_, HasSubstr("sweep.final_fit: "));
  EXPECT_THAT(message_, HasSubstr("train/weight is there, and validation/weight is not"));
  EXPECT_FALSE(fs::exists(path("run")));
}

TEST_F(SweepFolds, WithoutFoldsTheFinalFitStandsBesideTheBest) {
  EXPECT_EQ(status_of(request("plain", {"sweep.trials=4"})), ExitStatus::done) << message_;
  EXPECT_FALSE(fs::exists(path("plain/final.h5")));
  EXPECT_EQ(status_of(request("run", {"sweep.trials=4", "sweep.final_fit=true"})), ExitStatus::done) << message_;
  expect_same("plain", "run");
  const std::string fit = text("run/final.h5");
  EXPECT_EQ(read_config(checkpoint("run/final.h5")).data.validation, Validation(0.0));
  // Asked for later, by other ranks, it is the same.
  EXPECT_EQ(status_alone(resume("plain", {"sweep.final_fit=true"})), ExitStatus::done);
  EXPECT_TRUE(text("plain/final.h5") == fit);
  EXPECT_EQ(status_of(resume("run")), ExitStatus::done) << message_;
  EXPECT_TRUE(text("run/final.h5") == fit);
}

TEST_F(SweepFolds, RepeatsBySeedAreComparedOnTheSameFolds) {
  const auto request_of = [&](const std::string& run) {
    SweepRequest r;
    r.run = path(run);
    r.sets = {"data.file=" + path("a.h5"),
              "train.epochs=1",
              "model.hidden=[8]",
              "sweep.trials=6",
              "sweep.search=grid",
              "sweep.folds=2",
              "sweep.final_fit=false",
              "sweep.space.seed={min=1,max=3}",
              R"(sweep.space."optimizer.learning_rate"={choices=[0.01,0.1]})"};
    return r;
  };
  EXPECT_EQ(status_of(request_of("run")), ExitStatus::done) << message_;
  EXPECT_FALSE(fs::exists(path("run/best.h5"))) << "no model knows all rows";
  const Config config = read_config(checkpoint("run/best-fold-2.h5"));
  EXPECT_EQ(config.data.fold, (Fold{2, 2}));
  EXPECT_EQ(split_seed_of(config), 1U);
  std::set<double> losses;
  std::set<int> seeds;
  for (const nlohmann::json& row : rows_of("run")) {
    losses.insert(row["validation.loss"].get<double>());
    seeds.insert(row["hyperparameters"]["seed"].get<int>());
  }
  EXPECT_EQ(losses.size(), 6U) << "each seed has another start and another order";
  EXPECT_EQ(seeds, (std::set<int>{1, 2, 3}));
}

TEST_F(SweepFolds, AFoldThatFailsIsSaid) {
  EXPECT_EQ(status_of(cv("run", {"optimizer.name=gd", "optimizer.learning_rate=1e35"})), ExitStatus::diverged);
  ASSERT_TRUE(summary_.shown.has_value());
  EXPECT_THAT(summary_.shown->reason, HasSubstr("fold 1/5: "));
  EXPECT_EQ(summary_.shown->folds.size(), 5U);
  EXPECT_FALSE(fs::exists(path("run/best-fold-1.h5")));
}

TEST_F(SweepFolds, MistakesAreErrorsOfTheSweep) {
  const auto expect = [&](const SweepRequest& request, const std::string& words) {
    EXPECT_EQ(status_of(request), ExitStatus::usage);
    EXPECT_THAT(message_, HasSubstr(words));
    test_world().barrier();
    EXPECT_FALSE(fs::exists(path("run"))) << "nothing is written";
  };
  expect(cv("run", {"sweep.folds=1"}), "use 2 or more");
  expect(cv("run", {"sweep.folds=401"}), "401 folds of the 400 rows");
  expect(cv("run", {"data.fold=1/5"}), "leave out the one or the other");
  EXPECT_EQ(status_of(cv("other", {"data.validation=0.25"})), ExitStatus::done) << "said, and not looked at";
  EXPECT_EQ(status_of(cv("run")), ExitStatus::done) << message_;
  EXPECT_TRUE(text("run/sweep.csv") == text("other/sweep.csv"));
}

TEST_F(SweepFolds, AViewOfThemHasMeansAndCountsModels) {
  EXPECT_EQ(status_of(request("run", folded())), ExitStatus::done) << message_;
  test_world().barrier();
  SweepView view = read_sweep(path("run"));
  EXPECT_EQ(view.trainings, 12);
  EXPECT_EQ(view.trainings_done, 12);
  ASSERT_EQ(view.rows.size(), 4U);
  EXPECT_EQ(view.rows[0].folds.size(), 3U);
  EXPECT_TRUE(view.rows[0].deviation.has_value());
  undo("run", 4);
  view = read_sweep(path("run"));
  EXPECT_EQ(view.trainings_done, 4);
}

}  // namespace
}  // namespace shoal
