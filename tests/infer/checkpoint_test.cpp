#include "shoal/infer/checkpoint.hpp"

#include <gmock/gmock.h>

#include "infer/trained.hpp"
#include "shoal/core/error.hpp"
#include "shoal/io/names.hpp"

namespace shoal {
namespace {

using ::testing::HasSubstr;
using tests::archive_of;

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

TEST(Checkpoint, TheDigestOfTheModelIsOfWhatPredictionsTake) {
  const std::string one = model_digest(small(), WhichWeights::judged);
  Archive other = small();
  other.put(make_scalar(CheckpointNames::step, std::int64_t{13}));
  other.texts[CheckpointNames::config] = "seed = 2";
  other.attributes[CheckpointNames::content] = std::string("another file");
  EXPECT_EQ(model_digest(other, WhichWeights::judged), one);
  EXPECT_EQ(model_digest(other, WhichWeights::last), one);
  EXPECT_THROW(model_digest(other, WhichWeights::average), Error);

  for (const char* path : {"parameters/01_dense/weight", "batch_norm/02_batch_norm/mean", CheckpointNames::mean}) {
    Archive changed = small();
    NamedArray array = changed.array(path);
    array.data.front() ^= std::byte{1};
    changed.put(array);
    EXPECT_NE(model_digest(changed, WhichWeights::judged), one) << path;
  }
}

/// small(), of a table with a column of two categories that training has seen among those listed.
Archive of_table(const std::vector<std::string>& seen, const std::vector<std::string>& listed) {
  Archive archive = small();
  const FeatureColumn feature{"town", ColumnType::category, listed};
  archive.attributes[CheckpointNames::shape] = std::vector<std::int64_t>{1};
  archive.texts[CheckpointNames::table] = table_text({{feature}, {}, "", {}, {}, {}});
  const ColumnEncoding column{{"town", ColumnType::category, seen}};
  archive.texts[CheckpointNames::encoding] = encoding_text({{}, {column}}, {feature});
  archive.put(make_array<double>(CheckpointNames::mean, {1}, std::vector<double>{0.0}));
  archive.put(make_array<double>(CheckpointNames::deviation, {1}, std::vector<double>{1.0}));
  return archive;
}

TEST(Checkpoint, ModelsThatTakeAndTellRowsByOtherNamesAreOthers) {
  const auto digest_of = [](const Archive& archive) { return model_digest(archive, WhichWeights::judged); };
  const std::string one = digest_of(of_table({"Odda", "Oslo"}, {"Odda", "Oslo"}));
  EXPECT_NE(digest_of(of_table({"Oslo", "Voss"}, {"Oslo", "Voss"})), one);
  EXPECT_EQ(digest_of(of_table({"Odda", "Oslo"}, {"Odda", "Oslo", "Voss"})), one) << "no row to train on had it";
  Archive other = small();
  put_names(other, CheckpointNames::columns, {"x", "y", "z"});
  const std::string named = digest_of(other);
  put_names(other, CheckpointNames::columns, {"x", "z", "y"});
  EXPECT_NE(digest_of(other), named);
  put_names(other, CheckpointNames::class_names, {"a", "c"});
  EXPECT_NE(digest_of(other), named);
}

TEST(Checkpoint, AnAverageThatEqualsTheLastWeightsIsTheirModel) {
  Archive averaged = small();
  const std::vector<NamedArray> arrays = averaged.arrays;
  for (NamedArray array : arrays) {
    const bool state = array.path.starts_with("batch_norm/");
    if (!state && !array.path.starts_with("parameters/")) continue;
    array.path = "averaged_" + array.path;
    if (!state) array.data.front() ^= std::byte{1};
    averaged.put(array);
  }
  EXPECT_EQ(model_digest(averaged, WhichWeights::last), model_digest(small(), WhichWeights::judged));
  EXPECT_NE(model_digest(averaged, WhichWeights::judged), model_digest(small(), WhichWeights::judged));
}

/// A number with a flag, and a category of 40 values.
Archive of_a_table() {
  std::vector<std::string> towns;
  for (int i = 10; i < 50; ++i) towns.push_back("town" + std::to_string(i));
  Encoding encoding{{"standard", {1.0, 0.0}, {2.0, 1.0}},
                    {{{"size", ColumnType::number, {}}, true, false, 3.5, 0}, {{"town", ColumnType::category, towns}}},
                    true};
  choose_widths(encoding.columns, 32);
  std::vector<LayerSpec> layers = layers_for(encoding);
  layers.push_back({"dense", {{"units", std::int64_t{4}}}});
  TableDescription table;
  for (const ColumnEncoding& column : encoding.columns) table.features.push_back(column.column);
  table.labels = {"price"};
  Archive archive = archive_of(Model(3, layers, 1, Loss::mse), {{2}, 0, {}, "x", table.names(), table});
  write_encoding(archive, encoding, table.features);
  return archive;
}

TEST(Checkpoint, HoldsTheEncodingOfATable) {
  const Archive archive = of_a_table();
  const Encoding encoding = read_encoding(archive);
  EXPECT_EQ(encoding.columns[0].fill, 3.5);
  EXPECT_TRUE(encoding.from_floats);
  EXPECT_EQ(encoding.columns[1].width, 13);
  EXPECT_EQ(encoding.normalization.mean, (std::vector<double>{1.0, 0.0}));
  const DataDescription data = read_description(archive);
  EXPECT_EQ(data.columns, (std::vector<std::string>{"size", "town"}));
  EXPECT_EQ(data.table->labels, std::vector<std::string>{"price"});
  const auto model = described_model(archive);
  ASSERT_TRUE(model.has_value());
  EXPECT_NO_THROW(require_layers_for(encoding, *model, "c.h5"));
}

TEST(Checkpoint, HoldsNamesOfColumnsWithoutATable) {
  const Model model(2, {}, 2, Loss::mse);
  EXPECT_EQ(read_description(archive_of(model, {{2}, 0, {}, "x", {"a", "b"}})).columns,
            (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(read_description(archive_of(model, {{2}, 0, {}, "x"})).columns.empty());
}

TEST(Checkpoint, AnEncodingThatDoesNotFitIsRefused) {
  const auto refused = [](const Archive& archive) -> std::string {
    try {
      static_cast<void>(read_description(archive));
      const Encoding encoding = read_encoding(archive);
      const auto model = described_model(archive);
      require_layers_for(encoding, *model, archive.name);
      return "";
    } catch (const Error& e) {
      EXPECT_EQ(e.status(), ExitStatus::bad_data);
      return e.what();
    }
  };
  EXPECT_EQ(refused(of_a_table()), "");
  const auto changed = [&](const char* text, const std::string& from, const std::string& to) {
    Archive archive = of_a_table();
    std::string& in = archive.texts[text];
    in.replace(in.find(from), from.size(), to);
    return refused(archive);
  };
  EXPECT_THAT(changed(CheckpointNames::encoding, "\"width\":13", "\"width\":12"),
              HasSubstr("does not begin with the embeddings of its encoding, 41x12"));
  EXPECT_THAT(changed(CheckpointNames::encoding, "\"width\":13", "\"width\":0"),
              HasSubstr("makes 43 numbers of a row"));
  EXPECT_THAT(changed(CheckpointNames::encoding, "\"missing\":true", "\"missing\":false"),
              HasSubstr("makes 2 numbers of a row, and it has 3 inputs"));
  EXPECT_THAT(changed(CheckpointNames::table, "\"town10\",", ""), HasSubstr("embeddings of its encoding, 40x13"));
  EXPECT_THAT(changed(CheckpointNames::table, "\"size\"", "\"town\""), HasSubstr("both called \"town\""));
  Archive archive = of_a_table();
  archive.put(make_array<double>(CheckpointNames::mean, {3}, std::vector<double>(3)));
  EXPECT_THAT(refused(archive), HasSubstr("3 means and 2 deviations does not fit 2 columns"));
  archive = of_a_table();
  archive.attributes[CheckpointNames::shape] = std::vector<std::int64_t>{3};
  EXPECT_THAT(refused(archive), HasSubstr("features of shape (3) are not its 2 columns"));
  archive = of_a_table();
  archive.texts.erase(CheckpointNames::table);
  EXPECT_NE(refused(archive), "");
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
  const std::string with_moments = digest(archive);
  archive.put(make_scalar(CheckpointNames::in(CheckpointNames::averaged_parameters, "a"), 1.0F));
  const std::string with_average = digest(archive);
  EXPECT_NE(with_average, with_moments);
  archive.put(make_scalar(CheckpointNames::in(CheckpointNames::averaged_statistics, "a"), 1.0));
  EXPECT_NE(digest(archive), with_average);
}

TEST(Checkpoint, WeightsThatAreJudgedAreTheAverageWhereThereIsOne) {
  Archive archive = small();
  EXPECT_FALSE(has_average(archive));
  EXPECT_STREQ(weight_groups(archive, WhichWeights::judged).parameters, "parameters");
  EXPECT_STREQ(weight_groups(archive, WhichWeights::last).statistics, "batch_norm");
  try {
    weight_groups(archive, WhichWeights::average);
    ADD_FAILURE();
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), ExitStatus::usage);
    EXPECT_THAT(e.what(), HasSubstr("keeps no average of its weights"));
  }
  archive.put(make_scalar(CheckpointNames::in(CheckpointNames::averaged_parameters, "a"), 1.0F));
  EXPECT_TRUE(has_average(archive));
  EXPECT_STREQ(weight_groups(archive, WhichWeights::judged).parameters, "averaged_parameters");
  EXPECT_STREQ(weight_groups(archive, WhichWeights::average).statistics, "averaged_batch_norm");
  EXPECT_STREQ(weight_groups(archive, WhichWeights::last).parameters, "parameters");
}

}  // namespace
}  // namespace shoal
