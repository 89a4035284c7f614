#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "infer/export/c_encoding.hpp"
#include "infer/export/c_functions.hpp"
#include "infer/export/c_steps.hpp"
#include "infer/export/c_text.hpp"
#include "infer/export/steps.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/version.hpp"
#include "shoal/infer/export_c.hpp"

namespace shoal {
namespace {

/// Floats that a function may take of its caller's stack.
constexpr std::int64_t most_on_stack = 1 << 18;
constexpr std::int64_t most_outputs = 1 << 16;  // in float64 on the stack

constexpr const char* header_text = R"(/* A network that shoal {version} has trained.
 * digest {digest}, step {step}{weights}
 *
 * The functions give the numbers of `shoal predict`, to the bit. They write to their arguments and their stack alone,
 * so that any number of threads may call them at once. */
#ifndef {upper}_H
#define {upper}_H

#ifdef __cplusplus
extern "C" {{
#endif

#define {upper}_FEATURES {features} /* numbers of a row, in the order of {name}_columns or of the data set */
#define {upper}_OUTPUTS {outputs}
#define {upper}_WORK {work} /* floats */

/* What stands in column k of the outputs, as `shoal predict` calls it. */
extern const char *const {name}_output_names[{upper}_OUTPUTS];
{declarations}
/* row: as a data set holds it, not normalised; {row}
 * outputs: {meaning}
 * label: {about_label}; may be NULL
 * Returns 0, or with nothing written 1 for a number of the row that cannot be taken (not finite, or too large), and 2
 * where an output is not finite. */
{predict}/* The same with {upper}_WORK floats of memory to work in. */
int {name}_predict_in(const double *row, {type} *outputs, int *label, float *work);

#ifdef __cplusplus
}}
#endif

#endif
)";

constexpr const char* source_text =
    R"(/* A network that shoal {version} has trained, as C99 that needs libc and libm alone.
 * digest {digest}, step {step}{weights}
 *
 *   cc -std=c99 -O3 -ffp-contract=off -c FILE.c       on x86-64 also -mfma (-march=x86-64-v3), else fma() is slow
 *
 * It gives the numbers of `shoal predict`, to the bit, if no compiler rounds otherwise than is written here: each output
 * is one chain of fma(), and no other product may be fused with a sum (-ffp-contract=off), nor sums be reordered
 * (-ffast-math). */
#include "{header_file}"

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "-ffast-math and -ffinite-math-only make other numbers of it"
#endif
#if defined(FLT_EVAL_METHOD) && (FLT_EVAL_METHOD == 1 || FLT_EVAL_METHOD == 2)
#error "floats are computed with more digits here: on x86 use -msse2 -mfpmath=sse"
#endif
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#endif

)";

constexpr const char* predict_text = R"(
int {name}_predict_in(const double *row, {type} *outputs, int *label, float *work) {{
  double z[{logits}];
  int largest = 0;
{encode}{statements}  for (int k = 0; k < {logits}; ++k) {{
    z[k] = (double)work[{at} + k];
    if (!isfinite(z[k])) return 2;
    if (z[k] > z[largest]) largest = k;
  }}
{scale}  if (label) *label = {label};
{report}  return 0;
}}
)";

constexpr const char* on_stack = R"(
int {name}_predict(const double *row, {type} *outputs, int *label) {{
  float work[{upper}_WORK];
  return {name}_predict_in(row, outputs, label, work);
}}
)";

std::string names(const std::string& array, const std::vector<std::string>& list) {
  std::string text = fmt::format("const char *const {}[{}] = {{\n", array, list.size());
  for (const std::string& name : list) text += fmt::format("  {},\n", c_string(name));
  return text + "};\n";
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

bool is_c_name(const std::string& name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !name.empty() && is_letter(name.front()) && name.size() < 64 &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

/// The number of the class, from the logits.
std::string label_text(const TrainedModel& trained, bool labels) {
  if (!labels) return "-1";
  const std::string best = trained.model.outputs() == 1 ? "z[0] > 0.0" : "largest";
  const std::int64_t last = trained.data.classes - 1;  // of one class the logit says nothing
  const std::int64_t most = std::max<std::int64_t>(trained.model.outputs(), 2) - 1;
  return last >= most ? best : fmt::format("({0}) < {1} ? ({0}) : {1}", best, last);
}

/// Of regressions, before anything is written: outputs in the units of the targets, which may be beyond a float.
std::string scale_text(const ReportedAs& as, std::int64_t logits, const std::string& type, std::string& arrays,
                       const std::string& path) {
  if (as.mean.empty()) return "";
  arrays += c_array("target_mean", as.mean, path) + c_array("target_deviation", as.deviation, path);
  return fmt::format(
      "  for (int k = 0; k < {}; ++k) {{\n    z[k] = z[k] * target_deviation[k] + target_mean[k];\n    if "
      "(!isfinite(({})z[k])) return 2;\n  }}\n",
      logits, type);
}

/// What becomes of the logits in z.
std::string report_text(const ReportedAs& as, std::int64_t logits, const std::string& type,
                        std::set<std::string>& functions) {
  std::string text;
  const auto call = [&](const char* function) {
    functions.insert(function);
    text += fmt::format("  {}({}, z);\n", function, logits);
  };
  if (as.kind == ReportedAs::Kind::softmax) call("to_softmax");
  if (as.kind == ReportedAs::Kind::sigmoid) call("to_sigmoid");
  if (as.first_of_two) text += fmt::format("  *outputs++ = ({})(1.0 - z[0]);\n", type);
  return text + fmt::format("  for (int k = 0; k < {}; ++k) outputs[k] = ({})z[k];\n", logits, type);
}

/// From the row to where the steps look for it.
std::string encode_text(const CSteps& steps, const Steps& of, std::int64_t flat, std::set<std::string>& functions) {
  const bool turned = of.input.rows > 1 && of.input.columns > 1;
  std::string text = fmt::format("  if (encode(row, work + {})) return 1;\n", turned ? flat : steps.input);
  if (!turned) return text;
  functions.insert("lay_out");
  return text +
         fmt::format("  lay_out({}, {}, work + {}, work + {});\n", of.input.rows, of.input.columns, flat, steps.input);
}

std::string row_text(const TrainedModel& trained, const std::string& name) {
  if (trained.encoding.columns.empty())
    return trained.data.shape.size() > 1 ? "of an array its numbers in C's order" : "all finite";
  const bool dates = std::any_of(trained.encoding.columns.begin(), trained.encoding.columns.end(),
                                 [](const auto& c) { return c.column.type == ColumnType::date; });
  return fmt::format("NAN for a missing cell, whatever stands for it in the table{}{}",
                     has_categories(trained) ? fmt::format(", of a category its number, see {}_category()", name) : "",
                     dates ? ", of a date seconds since 1970 UTC" : "");
}

}  // namespace

std::string c_name_of(const std::string& file) {
  std::string name = std::filesystem::path(file).filename().string();
  if (name.ends_with(".c")) name.erase(name.size() - 2);
  for (char& c : name) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!fits) c = '_';
  }
  return name;
}

CSource export_c(const TrainedModel& trained, const std::string& digest, const std::string& name,
                 const std::string& header_file) {
  if (!is_c_name(name))
    throw Error(ExitStatus::usage, fmt::format("\"{}\" cannot begin the names of a C source: letters, digits and _, a "
                                               "letter first, 63 at most; give one with --name",
                                               name));
  if (header_file.find_first_of("\"\n\r") != std::string::npos)
    throw Error(ExitStatus::usage, fmt::format("{} is no name that C can include, for its quote or line end; name "
                                               "another file with -o",
                                               header_file));
  const Steps of = steps_of(trained);
  const std::int64_t logits = trained.model.outputs();
  if (of.numbers > most_numbers_in_c || logits > most_outputs)
    throw Error(ExitStatus::usage,
                fmt::format("{} has {} trained numbers and {} outputs; a C source takes up to {} and {}: export ONNX, "
                            "or link libshoal_infer",
                            trained.path, of.numbers, logits, most_numbers_in_c, most_outputs));
  const PredictionLayout layout(trained);
  const ReportedAs as = reported_as(trained, layout);
  const std::string type = layout.precise ? "double" : "float";
  CSteps steps = c_steps(of);
  const std::int64_t flat = steps.work;  // of an image the row, before it is laid out
  const std::string encode = encode_text(steps, of, flat, steps.functions);
  const std::int64_t work = steps.work + (of.input.rows > 1 && of.input.columns > 1 ? trained.model.inputs() : 0);
  const std::string report = report_text(as, logits, type, steps.functions);
  const std::string scale = scale_text(as, logits, type, steps.arrays, trained.path);

  std::string declarations;
  std::string definitions = names(name + "_output_names", layout.names);
  const auto add_names = [&](const char* what, const std::vector<std::string>& list) {
    if (list.empty()) return;
    declarations += fmt::format("extern const char *const {}_{}[{}];\n", name, what, list.size());
    definitions += names(fmt::format("{}_{}", name, what), list);
  };
  add_names("columns", trained.data.columns);
  if (layout.labels) add_names("class_names", layout.class_names);
  if (has_categories(trained)) {
    declarations += fmt::format(
        "\n/* The number in a row of a category by its text, without blanks around it, in column `column` from 0; of "
        "an\n"
        " * empty text or NULL that of a missing cell; of a column that has no categories infinity, which is refused. "
        "*/\n"
        "double {}_category(int column, const char *text);\n",
        name);
    definitions += c_category(trained, name);
  }
  const std::string predict =
      work > most_on_stack ? ""
                           : fmt::format("int {}_predict(const double *row, {} *outputs, int *label);\n", name, type);

  const auto fill = [&](const char* text) {
    return fmt::format(
        fmt::runtime(text), fmt::arg("name", name), fmt::arg("header_file", header_file),
        fmt::arg("upper", upper(name)), fmt::arg("version", version()), fmt::arg("digest", digest),
        fmt::arg("step", trained.step),
        fmt::arg("weights", trained.weights.empty() ? std::string() : fmt::format(", weights: {}", trained.weights)),
        fmt::arg("features", trained.features()), fmt::arg("outputs", layout.columns),
        fmt::arg("work", std::max<std::int64_t>(work, 1)), fmt::arg("type", type),
        fmt::arg("declarations", declarations), fmt::arg("row", row_text(trained, name)),
        fmt::arg("meaning", layout.probabilities ? "probabilities" : "in the units of the data"),
        fmt::arg("about_label", as.labels ? "the number of the class, from 0" : "-1, since there are no classes"),
        fmt::arg("label", label_text(trained, as.labels)), fmt::arg("predict", predict), fmt::arg("logits", logits),
        fmt::arg("encode", encode), fmt::arg("statements", steps.statements), fmt::arg("at", steps.output),
        fmt::arg("scale", scale), fmt::arg("report", report));
  };
  CSource made;
  made.header = fill(header_text);
  made.source = fill(source_text) + definitions + steps.arrays + "\n" + c_functions(steps.functions) +
                c_encode(trained) + fill(predict_text) + (predict.empty() ? "" : fill(on_stack));
  return made;
}

}  // namespace shoal
