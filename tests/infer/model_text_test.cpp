#include "shoal/infer/model_text.hpp"

#include <gmock/gmock.h>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

using ::testing::HasSubstr;

TEST(ModelText, BuildsTheSameModelAgain) {
  const std::vector<LayerSpec> layers{
      {"dense", {{"units", std::int64_t{7}}, {"bias", false}, {"init", "he"}}},
      {"batch_norm", {{"epsilon", 1e-3}, {"momentum", 1.0}}},
      {"leaky_relu", {{"slope", 0.1}}},
      {"dropout", {{"rate", 0.25}}},
      {.type = "residual",
       .name = "block",
       .layers = {{.type = "concat", .branches = {{{"relu"}}, {}}},
                  {.type = "dense", .settings = {{"units", std::int64_t{7}}}, .name = "d"}},
       .shortcut = {{"tanh"}}},
      {.type = "residual", .settings = {{"shortcut", "identity"}}, .layers = {{"relu"}}}};
  const Model model(5, layers, 3, Loss::sigmoid);
  const std::string text = model_text(model);
  const Model again = model_of_text(text, "x");
  EXPECT_EQ(model_text(again), text);
  EXPECT_EQ(again.layers(), layers);
  EXPECT_EQ(again.parameter_count(), model.parameter_count());
}

TEST(ModelText, IsWhatOthersRead) {
  EXPECT_EQ(model_text(mlp({.inputs = 2, .hidden = {4}, .classes = 3})),
            R"({"inputs":2,"outputs":3,"loss":"softmax","layers":[{"type":"dense","init":"auto","units":4},)"
            R"({"type":"relu"}]})");
}

TEST(ModelText, KeepsWhatALossWasTold) {
  for (const LossSettings& settings :
       {LossSettings{.name = "huber", .delta = 0.3}, LossSettings{.name = "quantile", .levels = {0.25}},
        LossSettings{.name = "softmax", .label_smoothing = 0.1},
        LossSettings{.name = "sigmoid", .pos_weight = {2.0, 1.0, 0.5}}}) {
    const Model model(2, {}, 3, Loss::of(settings));
    EXPECT_EQ(model_of_text(model_text(model), "x").loss_kind().settings(), settings) << model_text(model);
  }
  EXPECT_THAT(model_text(Model(2, {}, 3, Loss::of({.name = "huber", .delta = 0.5}))),
              HasSubstr(R"("loss":{"name":"huber","delta":0.5})"));
  EXPECT_THAT(model_text(Model(2, {}, 3, Loss::huber)), HasSubstr(R"("loss":"huber")"));
}

TEST(ModelText, WhatDescribesNoModelIsRefusedByName) {
  const auto refusal = [](const std::string& text) -> std::string {
    try {
      model_of_text(text, "runs/a.h5");
      return "";
    } catch (const Error& e) {
      EXPECT_EQ(e.status(), ExitStatus::bad_data);
      return e.what();
    }
  };
  EXPECT_THAT(refusal("[]"), HasSubstr("runs/a.h5 describes no model"));
  EXPECT_THAT(refusal(R"({"inputs":2,"outputs":1,"loss":"l9","layers":[]})"), HasSubstr("l9"));
  EXPECT_THAT(refusal(R"({"inputs":2,"outputs":1,"loss":{"name":"huber","delta":-1},"layers":[]})"),
              HasSubstr("delta"));
  EXPECT_THAT(refusal(R"({"inputs":2,"outputs":1,"loss":{"name":"huber","width":1},"layers":[]})"), HasSubstr("width"));
  EXPECT_THAT(refusal(R"({"inputs":2,"outputs":2,"loss":"quantile","layers":[]})"), HasSubstr("levels"));
  EXPECT_THAT(refusal(R"({"inputs":0,"outputs":1,"loss":"mse","layers":[]})"), HasSubstr("0 inputs"));
  EXPECT_THAT(refusal(R"({"inputs":2,"outputs":1,"loss":"mse","layers":[{"type":"dens"}]})"), HasSubstr("dens"));
  EXPECT_THAT(refusal(R"({"inputs":2,"outputs":1,"loss":"mse","layers":[{"type":"dense","units":[3]}]})"),
              HasSubstr("units"));
  EXPECT_THAT(refusal(R"({"inputs":2,"outputs":1,"loss":"mse","layers":[{"type":"concat","branches":[{}]}]})"),
              HasSubstr("not an array"));
}

TEST(ModelText, ThatAsksForMoreMemoryThanThereIsIsRefusedBeforeItIsMade) {
  std::string layers;
  for (int i = 0; i < 1000; ++i) layers += R"({"type":"conv","channels":1,"kernel":3},)";
  layers += R"({"type":"flatten"})";
  const std::string text = R"({"inputs":67108864,"outputs":1,"loss":"mse","image":[1,8192,8192],"layers":[)";
  EXPECT_THAT([&] { model_of_text(text + layers + "]}", "runs/a.h5"); },
              ::testing::ThrowsMessage<Error>(HasSubstr("1000 layers over 67108864 positions")));
}

}  // namespace
}  // namespace shoal
