#include "shoal/infer/checkpoint.hpp"

#include <gmock/gmock.h>

#include "infer/trained.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

using testing::archive_of;
using ::testing::HasSubstr;

Archive small() {
  return archive_of(mlp({.inputs = 3, .hidden = {4}, .classes = 2, .batch_norm = true}), {{3}, 2, {"a", "b"}, "x"});
}

std::string refusal(const Archive& archive) {
  try {
    described_model(archive);
    return "";
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), ExitStatus::bad_data);
    return e.what();
  }
}

TEST(Checkpoint, DescribesItsModelByItself) {
  const auto model = described_model(small());
  ASSERT_TRUE(model.has_value());
  EXPECT_EQ(model->inputs(), 3);
  EXPECT_EQ(model->outputs(), 2);
  EXPECT_EQ(model->layers().size(), 3U);
  Archive older = small();
  older.texts.erase(CheckpointNames::model);
  EXPECT_FALSE(described_model(older).has_value());
}

TEST(Checkpoint, AModelThatIsNotTheArchivesIsRefused) {
  Archive archive = small();
  archive.attributes[CheckpointNames::outputs] = std::int64_t{5};
  EXPECT_THAT(refusal(archive), HasSubstr("is not that of its attributes"));
  archive = small();
  archive.texts[CheckpointNames::model] = R"({"inputs":3,"outputs":2,"loss":"softmax","layers":[]})";
  EXPECT_THAT(refusal(archive), HasSubstr("01_dense/weight has shape (3, 4) and must have (3, 2)"));
  archive.texts[CheckpointNames::model] = "{";
  EXPECT_THAT(refusal(archive), HasSubstr("c.h5 describes no model"));
}

TEST(Checkpoint, TargetsAreScaledWhereItSaysSo) {
  Archive archive = small();
  EXPECT_TRUE(read_target_scaling(archive, 2).mean.empty()) << "as versions before wrote it";
  write_target_scaling(archive, {"standard", {1e5, -3.0}, {10.0, 1.0}});
  EXPECT_EQ(read_target_scaling(archive, 2).mean, (std::vector<double>{1e5, -3.0}));
  EXPECT_EQ(read_target_scaling(archive, 2).deviation, (std::vector<double>{10.0, 1.0}));
  EXPECT_THROW(read_target_scaling(archive, 3), Error);
  write_target_scaling(archive, {"standard", {1e5, -3.0}, {10.0, 0.0}});
  EXPECT_THROW(read_target_scaling(archive, 2), Error);
}

/// What describes a model is no part of what was trained.
TEST(Checkpoint, TheDigestIsOfNumbersAlone) {
  Archive archive = small();
  const std::string before = digest(archive);
  archive.texts.erase(CheckpointNames::model);
  archive.put(make_scalar(CheckpointNames::in(CheckpointNames::averages, "a"), 1.0));
  EXPECT_EQ(digest(archive), before);
  archive.put(make_scalar(CheckpointNames::in(CheckpointNames::moments, "velocity/a"), 1.0F));
  EXPECT_NE(digest(archive), before);
}

}  // namespace
}  // namespace shoal
