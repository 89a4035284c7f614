#include "cli/inspect.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "shoal/core/error.hpp"
#include "shoal/data/synth.hpp"
#include "shoal/io/archive.hpp"
#include "shoal/io/file.hpp"
#include "shoal/train/trainer.hpp"
#include "temporary_folder.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A data set of 3 clouds, and a checkpoint after 2 epochs of 4 steps on it.
class Inspect : public ::testing::Test {
 protected:
  Inspect() {
    const DatasetSummary made =
        synth_gaussians({.samples = 250, .features = 5, .classes = 3, .test_fraction = 0.2}, data_);
    content_ = made.content;
    for (const auto& [split, rows] : made.splits) rows_[split] = rows;
    Communicator alone;
    Trainer trainer(mlp({.inputs = 5, .hidden = {7}, .classes = 3, .batch_norm = true}), Adam{}, alone);
    trainer.fit(Dataset::open(data_), {.epochs = 2, .batch_size = 64, .quiet = true});
    trainer.save(checkpoint_);
    digest_ = trainer.digest();
  }

  tests::TemporaryFolder folder_;
  std::string data_ = folder_ / "data.h5";
  std::string checkpoint_ = folder_ / "checkpoint.h5";
  std::string content_;
  std::string digest_;
  std::map<std::string, std::int64_t> rows_;
};

TEST_F(Inspect, CheckpointAsJson) {
  const auto json = nlohmann::json::parse(inspect(checkpoint_, true));
  EXPECT_EQ(json["kind"], "checkpoint");
  EXPECT_EQ(json["step"], 2 * ((rows_["train"] + 63) / 64));
  EXPECT_EQ(json["epoch"], 2);
  EXPECT_EQ(json["digest"], digest_);
  EXPECT_EQ(json["optimizer"], "adam");
  EXPECT_EQ(json["normalize"], "standard");
  EXPECT_EQ(json["content"], content_);
  EXPECT_EQ(json["classes"], 3);
  EXPECT_EQ(json["class_names"], nlohmann::json({"0", "1", "2"}));
  EXPECT_THAT(json["config"].get<std::string>(), HasSubstr("batch_size = 64"));
  EXPECT_FALSE(json["shoal_version"].get<std::string>().empty());
  EXPECT_EQ(json["kernel_hash"].get<std::string>().size(), 32U);
  std::map<std::string, std::vector<int>> shapes;
  for (const auto& parameter : json["parameters"])
    shapes[parameter["name"]] = parameter["shape"].get<std::vector<int>>();
  EXPECT_THAT(shapes, ElementsAre(::testing::Pair("01_dense/weight", ElementsAre(5, 7)),
                                  ::testing::Pair("02_batch_norm/beta", ElementsAre(7)),
                                  ::testing::Pair("02_batch_norm/gamma", ElementsAre(7)),
                                  ::testing::Pair("03_dense/bias", ElementsAre(3)),
                                  ::testing::Pair("03_dense/weight", ElementsAre(7, 3))));
  EXPECT_EQ(json["parameter_count"], 5 * 7 + 7 + 7 + 3 + 7 * 3);
  EXPECT_FALSE(json.contains("parent"));
  EXPECT_EQ(json["weights"], nlohmann::json({"last"}));
}

TEST_F(Inspect, AnAverageOfWeightsIsSaid) {
  Communicator alone;
  Trainer trainer(mlp({.inputs = 5, .hidden = {7}, .classes = 3}), Adam{}, alone);
  trainer.fit(Dataset::open(data_), {.epochs = 1, .batch_size = 64, .average_decay = 0.9, .quiet = true});
  trainer.save(checkpoint_);
  const auto json = nlohmann::json::parse(inspect(checkpoint_, true));
  EXPECT_EQ(json["weights"], nlohmann::json({"last", "average"}));
  EXPECT_EQ(json["parameter_count"], 5 * 7 + 7 + 7 * 3 + 3) << "each counts once";
  EXPECT_THAT(inspect(checkpoint_, false), HasSubstr("last, average (which is judged)"));
}

TEST_F(Inspect, CheckpointAsText) {
  const std::string text = inspect(checkpoint_, false);
  for (const std::string& words : {digest_, content_, std::string("01_dense/weight"), std::string("(5, 7)")})
    EXPECT_THAT(text, HasSubstr(words));
}

TEST_F(Inspect, RecomputesTheDigest) {
  Archive archive = decode(read_file(checkpoint_), checkpoint_);
  archive.attributes["digest"] = std::string(32, '0');
  archive.attributes["parent"] = std::string("elsewhere/step-00000001.h5");
  const std::string altered = folder_ / "altered.h5";
  write_atomically(altered, encode(archive, 1));
  for (const bool json : {false, true}) {
    try {
      inspect(altered, json);
      ADD_FAILURE();
    } catch (const Error& e) {
      EXPECT_EQ(e.status(), ExitStatus::bad_data);
      EXPECT_THAT(e.what(), HasSubstr(digest_));
    }
  }
  archive.attributes["digest"] = digest_;
  write_atomically(altered, encode(archive, 1));
  EXPECT_EQ(nlohmann::json::parse(inspect(altered, true))["parent"], "elsewhere/step-00000001.h5");
}

TEST_F(Inspect, NeedsNoLayerThatOnlyAProgramKnows) {
  Archive archive = decode(read_file(checkpoint_), checkpoint_);
  std::string& model = archive.texts["model"];
  const std::size_t at = model.find("\"relu\"");
  ASSERT_NE(at, std::string::npos);
  model.replace(at, 6, "\"swish\"");
  const std::string other = folder_ / "other.h5";
  write_atomically(other, encode(archive, 1));
  EXPECT_EQ(nlohmann::json::parse(inspect(other, true))["digest"], digest_);
  EXPECT_THAT(inspect(other, false), HasSubstr(digest_));
}

TEST_F(Inspect, DatasetAsJson) {
  const auto json = nlohmann::json::parse(inspect(data_, true));
  EXPECT_EQ(json["kind"], "dataset");
  EXPECT_EQ(json["content"], content_);
  EXPECT_EQ(json["source"], "synth gaussians, seed 1");
  EXPECT_EQ(json["classes"], 3);
  EXPECT_EQ(json["shape"], nlohmann::json({5}));
  ASSERT_EQ(json["splits"].size(), 2U);
  for (const char* split : {"train", "test"}) {
    EXPECT_EQ(json["splits"][split]["rows"], rows_[split]);
    EXPECT_EQ(json["splits"][split]["element_type"], "float32");
    EXPECT_EQ(json["splits"][split]["labels"], true);
  }
  EXPECT_THAT(inspect(data_, false), HasSubstr(content_));
}

TEST_F(Inspect, AnythingElseIsRefused) {
  const std::string text = folder_ / "text";
  tests::write(text, "hello");
  std::string cut = tests::read(checkpoint_);
  cut.resize(cut.size() / 2);
  const std::string half = folder_ / "half.h5";
  tests::write(half, cut);
  for (const auto& [path, status] : {std::pair(text, ExitStatus::bad_data), std::pair(half, ExitStatus::bad_data),
                                     std::pair(folder_ / "none", ExitStatus::no_input)}) {
    try {
      inspect(path, true);
      ADD_FAILURE() << path;
    } catch (const Error& e) {
      EXPECT_EQ(e.status(), status) << e.what();
      EXPECT_THAT(e.what(), HasSubstr(path));
    }
  }
}

}  // namespace
}  // namespace shoal
