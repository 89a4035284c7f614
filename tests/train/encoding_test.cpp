// Training on tables: what is learnt of columns, and what becomes of them, is the same for any number of ranks.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <numeric>

#include "data/table_files.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/core/random.hpp"
#include "shoal/shoal.hpp"
#include "shoal/tensor/parallel.hpp"
#include "shoal/train/dataset_predictor.hpp"
#include "shoal/train/loaded_checkpoint.hpp"
#include "shoal/train/training.hpp"
#include "training_fixture.hpp"

namespace shoal {
namespace {

std::vector<FeatureColumn> columns() {
  std::vector<std::string> towns;
  for (int i = 100; i < 160; ++i) towns.push_back("town" + std::to_string(i));
  return {number_column("size"),
          category_column("town", towns),
          category_column("hue", {"blue", "green", "red"}),
          {"date", ColumnType::date, {}},
          {"flag", ColumnType::flag, {"no", "yes"}},
          number_column("void")};
}

/// 501 rows to train on and 100 to test, of which some have towns that none of the others has.
std::vector<double> rows(std::int64_t first, std::int64_t last) {
  const RandomSource source(3, Purpose::synth);
  std::vector<double> x;
  for (std::int64_t row = first; row < last; ++row) {
    const auto item = static_cast<std::uint64_t>(row);
    x.push_back(source.uniform(item, 0) < 0.1 ? missing : 1000.0 + 50.0 * source.normal(item, 1));
    x.push_back(static_cast<double>(source.below(first == 0 ? 50 : 60, item, 2)));
    x.push_back(source.uniform(item, 3) < 0.05 ? missing : static_cast<double>(source.below(3, item, 4)));
    x.push_back(1.5e9 + static_cast<double>(source.below(100'000'000, item, 5)));
    x.push_back(static_cast<double>(row % 3 == 0));
    x.push_back(missing);
  }
  return x;
}

/// The same rows with the columns the other way round, one more among them, and one less category.
void write_otherwise(const std::string& path) {
  const std::vector<FeatureColumn> own = columns();
  std::vector<FeatureColumn> others(own.rbegin(), own.rend());
  others.insert(others.begin() + 1, category_column("more", {"a"}));
  others[5].categories.insert(others[5].categories.begin(), "another town");  // every code is one higher
  const auto turned = [&](const std::vector<double>& x) {
    std::vector<double> y;
    for (std::size_t at = 0; at < x.size(); at += 6) {
      for (std::size_t d = 6; d-- > 0;) {
        y.push_back(d == 1 ? x[at + d] + 1.0 : x[at + d]);
        if (d == 5) y.push_back(0.0);
      }
    }
    return y;
  };
  write_table(path, others, turned(rows(0, 501)), turned(rows(501, 601)));
}

class Tables : public TrainingTest {
 protected:
  Tables()
      : TrainingTest([](const std::string& folder) {
          write_table(folder + "t.h5", columns(), rows(0, 501), rows(501, 601));
          write_otherwise(folder + "o.h5");
        }) {}

  Config config() const {
    Config config;
    config.data.file = path("t.h5");
    config.data.batch_size = 128;
    config.data.validation = 0.1;
    config.data.unseen_rate = 0.1;
    config.model.hidden = {24};
    config.model.batch_norm.enabled = true;
    config.optimizer.l2 = 1e-4;
    config.train.epochs = 4;
    return config;
  }
};

TEST_F(Tables, RanksEqualOneRank) {
  for (const char* mode : {"standard", "unit", "none"}) {
    for (const std::int64_t one_hot : {0, 32}) {
      Config wanted = config();
      wanted.data.normalize = mode;
      wanted.data.one_hot = one_hot;
      Communicator alone;
      const auto one = begin(wanted, alone);
      one->start();
      go_on(*one, 8);
      const auto all = begin(wanted, test_world());
      all->start();
      set_threads(test_world().rank() % 2 + 1);
      go_on(*all, 8);
      set_threads(1);
      EXPECT_EQ(all->encoding().columns, one->encoding().columns);
      EXPECT_EQ(all->encoding().normalization.mean, one->encoding().normalization.mean);
      EXPECT_EQ(digest_of(*all, test_world()), digest_of(*one, alone)) << mode << ", one-hot up to " << one_hot;
    }
  }
}

TEST_F(Tables, ARunThatGoesOnEndsAsOneThatDidNotStop) {
  const auto whole = begin(config(), test_world());
  whole->start();
  go_on(*whole, 5);
  std::vector<std::byte> bytes;
  if (test_world().rank() == 0) {
    Archive archive = whole->snapshot();
    archive.attributes[CheckpointNames::digest] = digest(archive);
    bytes = encode(archive, 5);
  } else {
    static_cast<void>(whole->snapshot());
  }
  test_world().broadcast_bytes(bytes);
  go_on(*whole, 13);
  const Archive archive = decode(bytes, "c.h5");
  TrainingData data = select_data(Dataset::open(path("t.h5")), config());
  take_columns(data, archive);
  Training part(config(), make_model(config(), data), data, test_world());
  part.allocate();
  run_together(test_world(), [&] { part.restore(archive); });
  EXPECT_EQ(part.data().description.table, whole->data().description.table);
  go_on(part, 13);
  EXPECT_EQ(digest_of(part, test_world()), digest_of(*whole, test_world()));
}

/// The place of what training does not see is trained, by values that are taken for it; without them it stays.
TEST_F(Tables, ThePlaceOfUnseenValuesIsTrained) {
  const auto unseen_row = [&](double rate, std::int64_t steps) {
    Config wanted = config();
    wanted.data.unseen_rate = rate;
    wanted.optimizer.l2 = 0.0;
    const auto training = begin(wanted, test_world());
    training->start();
    go_on(*training, steps);
    const Archive archive = training->snapshot();
    std::vector<float> row;
    if (test_world().rank() == 0) {
      const NamedArray& table = archive.array("parameters/01_embedding/table_0");
      EXPECT_EQ(table.shape, (std::vector<std::int64_t>{51, embedding_width(50)}));
      const auto values = table.values<float>();
      row.assign(values.end() - table.shape[1], values.end());
    }
    return row;
  };
  const std::vector<float> start = unseen_row(0.1, 0);
  EXPECT_EQ(unseen_row(0.0, 8), start);
  EXPECT_EQ(start.empty(), test_world().rank() != 0);
  const std::vector<float> trained = unseen_row(0.1, 8);
  EXPECT_EQ(trained == start, start.empty());
}

TEST_F(Tables, ColumnsAreFoundByNameAndRowsPredictedByThemselves) {
  Trainer trainer(mlp({.inputs = 6, .hidden = {16}, .classes = 2}), Adam{.learning_rate = 1e-2}, test_world());
  const Dataset data = Dataset::open(path("t.h5"));
  const Dataset other = Dataset::open(path("o.h5"));
  trainer.fit(data, {.epochs = 3, .batch_size = 128, .unseen_rate = 0.05, .quiet = true});
  const double loss = trainer.evaluate(data, "test").loss;
  EXPECT_EQ(trainer.evaluate(other, "test").loss, loss);
  trainer.save(path("c.h5"));
  DatasetPredictor predictor(path("c.h5"), test_world());
  EXPECT_EQ(predictor.evaluate(data, "test").loss, loss);
  EXPECT_EQ(predictor.evaluate(other, "test").loss, loss);
  predictor.predict(data, "test", path("p.csv"));
  predictor.predict(other, "test", path("o.csv"));
  predictor.predict(data, "test", path("p.h5"));
  run_together(test_world(), [&] {
    if (test_world().rank() != 0) return;
    const auto text = [&](const std::string& name) {
      std::ifstream file(path(name));
      return std::string(std::istreambuf_iterator<char>(file), {});
    };
    EXPECT_EQ(text("p.csv"), text("o.csv"));
    const Predictor in_memory(path("c.h5"));
    EXPECT_EQ(in_memory.features(), 6);
    std::vector<float> written(200);
    std::ifstream file(path("p.h5"), std::ios::binary);
    file.seekg(H5Reader(path("p.h5")).array("probabilities").offset);
    file.read(reinterpret_cast<char*>(written.data()), 800);
    // The data set's own codes: also of towns that no row to train on has.
    const FeatureColumn& town = in_memory.trained_on().table->features[1];
    EXPECT_EQ(town.categories, data.table()->features[1].categories);
    EXPECT_EQ(read_encoding(load_checkpoint(path("c.h5")).archive).columns[1].column.categories.size(), 50U);
    const std::vector<double> x = rows(501, 601);
    int unseen = 0;
    for (std::size_t at = 1; at < x.size(); at += 6) unseen += x[at] >= 50.0 ? 1 : 0;
    EXPECT_GT(unseen, 0);
    EXPECT_EQ(in_memory.predict(x).values, written);
    const Predictions alone = in_memory.predict(std::span<const double>(x).subspan(6 * 17, 6));
    EXPECT_EQ(alone.values, std::vector<float>(written.begin() + 34, written.begin() + 36));
  });
}

TEST_F(Tables, ParametersForOtherCategoriesAreNoStart) {
  const auto training = begin(config(), test_world());
  training->start();
  Archive archive = training->snapshot();
  std::vector<std::byte> bytes;
  if (test_world().rank() == 0) bytes = encode(archive, 0);
  test_world().broadcast_bytes(bytes);
  archive = decode(bytes, "c.h5");
  EXPECT_NO_THROW(training->adopt(archive));
  std::string& table = archive.texts[CheckpointNames::table];
  table.replace(table.find("\"red\""), 5, "\"rot\"");
  try {
    training->adopt(archive);
    ADD_FAILURE() << "took parameters of other categories";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("encodes \"hue\" otherwise"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace shoal
