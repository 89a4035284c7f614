#include "infer/export/c_encoding.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>

#include "infer/export/c_text.hpp"
#include "shoal/data/row_encoder.hpp"

namespace shoal {
namespace {

constexpr const char* encode_numbers = R"(
static int encode(const double *row, float *x) {{
  for (int d = 0; d < {features}; ++d) {{
    x[d] = (float){value};
    if (!isfinite(x[d])) return 1;
  }}
  return 0;
}}
)";

constexpr const char* encode_columns = R"(
/* categories: how many, from 0; -1 of a number or date. first: of their places. missing: training had gaps, which are
   an input of their own. unseen: the place of what training had not. embedded: one input, the number of a row in a
   table, behind all others. */
struct column {{
  int absent, categories, first, missing, unseen, embedded;
  double fill, mean, scale;
}};
static const int places[] = {{{places}}};
static const struct column columns[{features}] = {{
{columns}}};

static int encode(const double *row, float *x) {{
  size_t at = 0, embedded = {embedded_from};
  for (int d = 0; d < {features}; ++d) {{
    const struct column c = columns[d];
    const double value = {value};
    const int gap = value != value;
    int place = c.unseen;
    if (c.absent) continue;
    if (c.categories < 0) {{
      x[at] = (float)(((gap ? c.fill : value) - c.mean) * c.scale);
      if (!isfinite(x[at])) return 1;
      ++at;
      if (c.missing) x[at++] = gap ? 1.0f : 0.0f;
      continue;
    }}
    if (gap && c.missing) place = c.unseen - 1;
    if (!gap) {{
      if (!(value >= 0.0 && value == floor(value) && value <= (double)c.categories)) return 1;
      if (value < (double)c.categories) place = places[c.first + (int)value];
    }}
    if (c.embedded) {{
      x[embedded++] = (float)place;
      continue;
    }}
    for (int k = 0; k <= c.unseen; ++k) x[at++] = k == place ? 1.0f : 0.0f;
  }}
  return 0;
}}
)";

constexpr const char* category = R"(
double {name}_category(int column, const char *text) {{
  int low, high;
  if (column < 0 || column >= {features} || text == NULL || text[0] == '\0') return NAN;
  low = category_begins[column];
  high = category_begins[column + 1];
  if (low == high) return INFINITY; /* not of categories */
  while (low < high) {{
    const int middle = low + (high - low) / 2, order = strcmp(text, categories[middle]);
    if (order == 0) return (double)(middle - category_begins[column]);
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }}
  return (double)(category_begins[column + 1] - category_begins[column]);
}}
)";

/// @param first  of its places
/// @param count  of its categories, as the data set has them
std::string column_text(const ColumnEncoding& column, std::size_t first, std::size_t count, double mean, double scale,
                        const std::string& where) {
  const bool of_texts = column.column.has_categories();
  return fmt::format("  {{{}, {}, {}, {}, {}, {}, {}, {}, {}}}, /* {} */\n", column.absent ? 1 : 0,
                     of_texts ? static_cast<std::int64_t>(count) : -1, first, column.missing ? 1 : 0, column.values(),
                     column.embedded() ? 1 : 0, c_number(column.fill, where), c_number(mean, where),
                     c_number(scale, where), c_comment(column.column.name));
}

}  // namespace

std::string c_encode(const TrainedModel& trained) {
  const Encoding& encoding = trained.encoding;
  const std::int64_t features = trained.features();
  std::vector<double> mean = encoding.normalization.mean;
  std::vector<double> scale = encoding.normalization.scale();
  const std::string where = "the normalisation of " + trained.path;
  if (encoding.columns.empty()) {
    const bool plain = mean.empty();
    std::string text = plain ? "" : c_array("mean", mean, where) + c_array("scale", scale, where);
    return text + fmt::format(encode_numbers, fmt::arg("features", features),
                              fmt::arg("value", plain ? "row[d]" : "((row[d] - mean[d]) * scale[d])"));
  }
  mean.resize(static_cast<std::size_t>(features), 0.0);
  scale.resize(static_cast<std::size_t>(features), 1.0);
  std::string columns;
  std::vector<std::int64_t> places;
  const ColumnMatch match = own_columns(encoding, trained.data.features());
  for (std::size_t d = 0; d < encoding.columns.size(); ++d) {
    const std::span of_column = std::span(match.places[d]).first(match.places[d].size() - 1);  // the last is unseen
    columns += column_text(encoding.columns[d], places.size(), of_column.size(), mean[d], scale[d], where);
    places.insert(places.end(), of_column.begin(), of_column.end());
  }
  if (places.empty()) places.push_back(0);  // an array has an element
  return fmt::format(encode_columns, fmt::arg("features", features), fmt::arg("columns", columns),
                     fmt::arg("places", fmt::join(places, ", ")),
                     fmt::arg("embedded_from", encoding.inputs(features) - std::ssize(encoding.embedded())),
                     fmt::arg("value", encoding.from_floats ? "(double)(float)row[d]" : "row[d]"));
}

bool has_categories(const TrainedModel& trained) {
  const auto& columns = trained.encoding.columns;
  return std::any_of(columns.begin(), columns.end(), [](const auto& c) { return c.column.has_categories(); });
}

std::string c_category(const TrainedModel& trained, const std::string& name) {
  std::string texts;
  std::string first = "0";
  std::size_t count = 0;
  for (const FeatureColumn& column : trained.data.features()) {
    for (const std::string& text : column.categories) texts += "  " + c_string(text) + ",\n";
    count += column.categories.size();
    first += fmt::format(", {}", count);
  }
  if (count == 0) texts = "  \"\"\n";  // an array has an element
  return fmt::format(
             "\n/* Of all columns, each sorted bytewise. */\nstatic const char *const categories[] = {{\n{}}};\n",
             texts) +
         fmt::format("static const int category_begins[] = {{{}}};\n", first) +
         fmt::format(category, fmt::arg("name", name), fmt::arg("features", trained.features()));
}

}  // namespace shoal
