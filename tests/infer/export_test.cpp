#include <gmock/gmock.h>

#include <limits>

#include "infer/export/c_text.hpp"
#include "infer/trained.hpp"
#include "shoal/core/error.hpp"
#include "shoal/graph/expressions.hpp"
#include "shoal/infer/export_c.hpp"
#include "shoal/infer/export_onnx.hpp"
#include "shoal/nn/layers.hpp"

// That the numbers are those of shoal predict is shown by tests/export.

namespace shoal {
namespace {

using ::testing::HasSubstr;
using tests::archive_of;

TrainedModel trained(const Model& model, DataDescription data = {{2}, 0, {}, "x"}) {
  return {archive_of(model, std::move(data)), model};
}

template <class F>
std::string refusal_of(F f, ExitStatus status) {
  try {
    f();
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), status) << e.what();
    return e.what();
  }
  ADD_FAILURE() << "not refused";
  return "";
}

TEST(ExportC, NamesWhatItDefinesAfterTheFile) {
  EXPECT_EQ(c_name_of("some/where/my-net.v2.c"), "my_net_v2");
  const CSource made = export_c(trained(Model(2, {}, 1, Loss::mse)), "0123", "my_net", "other.h");
  EXPECT_THAT(made.header, HasSubstr("int my_net_predict(const double *row, float *outputs, int *label);"));
  EXPECT_THAT(made.header, HasSubstr("#define MY_NET_FEATURES 2 "));
  EXPECT_THAT(made.source, HasSubstr("#include \"other.h\""));
  EXPECT_THAT(made.source, HasSubstr("digest 0123, step 12"));
}

TEST(ExportC, RefusesWhatIsNoNameInC) {
  const TrainedModel model = trained(Model(2, {}, 1, Loss::mse));
  for (const char* name : {"", "9lives", "a-b", "ä", "_x"})
    EXPECT_THAT(refusal_of([&] { export_c(model, "", name, "x.h"); }, ExitStatus::usage), HasSubstr("--name")) << name;
}

TEST(ExportC, RefusesAHeaderThatNoSourceCanInclude) {
  const TrainedModel model = trained(Model(2, {}, 1, Loss::mse));
  for (const char* header : {"a\"b.h", "a\nb.h"})
    EXPECT_THAT(refusal_of([&] { export_c(model, "", "net", header); }, ExitStatus::usage), HasSubstr("-o")) << header;
}

TEST(ExportC, RefusesParametersThatAreNotFinite) {
  Archive archive = archive_of(Model(2, {}, 1, Loss::mse), {{2}, 0, {}, "x"});
  archive.put(
      make_array<float>("parameters/01_dense/bias", {1}, std::vector<float>{std::numeric_limits<float>::infinity()}));
  const TrainedModel model(archive, Model(2, {}, 1, Loss::mse));
  EXPECT_THAT(refusal_of([&] { export_c(model, "", "net", "net.h"); }, ExitStatus::bad_data),
              HasSubstr("01_dense/bias holds inf"));
}

TEST(ExportC, RefusesWhatNoCompilerShouldBeGiven) {
  const TrainedModel model = trained(
      Model(2, {{"dense", {{"units", std::int64_t{2000}}}}, {"dense", {{"units", std::int64_t{2100}}}}}, 1, Loss::mse));
  EXPECT_THAT(refusal_of([&] { export_c(model, "", "net", "net.h"); }, ExitStatus::usage),
              HasSubstr("4210201 trained numbers"));
}

TEST(Exporters, NameTheOperationOfALayerThatNobodyKnows) {
  register_layer("squared", [](LayerContext&, Value x) { return square(x); });
  const TrainedModel model = trained(Model(2, {{"squared", {}}}, 1, Loss::mse));
  EXPECT_THAT(refusal_of([&] { export_c(model, "", "net", "net.h"); }, ExitStatus::usage),
              HasSubstr("the operation \"square\""));
  EXPECT_THAT(refusal_of([&] { export_onnx(model, {}); }, ExitStatus::usage), HasSubstr("the operation \"square\""));
}

TEST(ExportOnnx, HasLogitsOfClassesAlone) {
  EXPECT_THAT(
      refusal_of([&] { export_onnx(trained(Model(2, {}, 1, Loss::mse)), {.logits = true}); }, ExitStatus::usage),
      HasSubstr("leave out --logits"));
  const std::string file =
      export_onnx(trained(Model(2, {}, 2, Loss::softmax), {{2}, 2, {"a", "b"}, "x"}), {.logits = true});
  EXPECT_THAT(file, HasSubstr("logits"));
  EXPECT_EQ(file.find("Softmax"), std::string::npos);
}

TEST(CText, WritesConstantsThatAreReadBackAsTheyAre) {
  EXPECT_EQ(c_number(3.0, "x"), "3.0");
  EXPECT_EQ(c_number(0.1, "x"), "0x1.999999999999ap-4");
  EXPECT_EQ(c_number(-0.0, "x"), "-0.0");
  EXPECT_EQ(c_string("a\"b\\c?\n\xc3\xa4"), "\"a\\\"b\\\\c\\?\\012\\303\\244\"");
  EXPECT_EQ(c_comment("a*/b\n"), "a* b ");
  EXPECT_EQ(c_comment("a/*b"), "a/ b") << "compilers warn of one comment in another";
  EXPECT_THAT(refusal_of([&] { c_string(std::string(5000, 'x')); }, ExitStatus::bad_data), HasSubstr("5000 bytes"));
}

}  // namespace
}  // namespace shoal
