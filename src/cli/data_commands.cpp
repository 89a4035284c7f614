// Commands that make data sets: import, synth.
#include <fmt/format.h>

#include <algorithm>

#include "cli/columns_told.hpp"
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/config/toml_file.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/json.hpp"
#include "shoal/core/log.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/path.hpp"
#include "shoal/run/output_file.hpp"

namespace shoal {
namespace {

std::string summary_text(const DatasetSummary& summary, const std::string& out) {
  std::vector<std::vector<std::string>> rows{{"split", "rows"}};
  for (const auto& [split, count] : summary.splits) rows.push_back({split, std::to_string(count)});
  std::string y = "no y";
  if (summary.classes > 0)
    y = "y " + counted(summary.classes, "class", "classes");
  else if (summary.outputs > 0)
    y = fmt::format("y {} {}", summary.outputs, summary.outputs == 1 ? "output" : "outputs");
  return align(rows) + fmt::format("each row: x {} {}, {}\ncontent {}\nwritten to {}\n", summary.element,
                                   shape_text(summary.shape), y, summary.content, out);
}

/// Prices, years and the like are whole numbers too.
void warn_of_many_classes(const DatasetSummary& summary) {
  std::int64_t rows = 0;
  for (const DatasetSummary::Rows& split : summary.splits) rows += split.rows;
  constexpr std::int64_t many = 100;  // then each should have some rows
  if (summary.classes > std::max<std::int64_t>(rows, 2) || (summary.classes > many && summary.classes > rows / 4))
    log_warning(
        fmt::format("{} rows make {} classes; if the labels are numbers to predict, import them with --regression",
                    rows, summary.classes));
}

/// In what is imported, and not in another data set.
template <class Options>
bool finds_classes(const Options& options) {
  return options.like.empty();
}

/// Folders are never numbers to predict.
bool finds_classes(const ImagesOptions& /*options*/) { return false; }

/// Of a file that is named by nothing else.
void refuse_standard_input(const std::vector<std::string>& files) {
  if (std::ranges::find(files, "-") != files.end())
    throw Error(ExitStatus::usage, "- is standard input, which shoal import csv alone reads; give the path of a file");
}

/// Rank 0 works, the others wait.
template <class Make>
ExitStatus make_dataset(const Make& make, const std::string& out, const Communicator& world) {
  run_together(world, [&] {
    if (world.rank() == 0) print(summary_text(make(), out));
  });
  return ExitStatus::done;
}

}  // namespace

ExitStatus execute(const ImportRequest& request, Communicator& world) {
  const auto make = [&] {
    return std::visit(
        [&](const auto& source) {
          refuse_standard_input(source.files());
          check_output_file(request.out, Output::data_set, source.files());
          DatasetSummary summary = import_from(source, request.out);
          if (finds_classes(source)) warn_of_many_classes(summary);
          print(y_told(Dataset::open(request.out)));
          return summary;
        },
        request.source);
  };
  return make_dataset(make, request.out, world);
}

ExitStatus execute(const CsvRequest& request, Communicator& world) {
  const auto make = [&] {
    CsvOptions options = request.options;
    if (!request.columns.empty()) options.choices = csv_choices(read_toml(request.columns), request.columns);
    check_output_file(request.out, Output::data_set, options.files());
    if (!request.columns_out.empty()) {
      check_output_file(request.columns_out, Output::columns, options.files());
      if (absolute_path(request.columns_out) == absolute_path(request.out))
        throw Error(ExitStatus::usage,
                    fmt::format("--columns-out and --out both name {}; give two files", request.out));
      check_writable(request.columns_out);
    }
    DatasetSummary summary = import_csv(options, request.out);
    if (!request.columns_out.empty()) write_text_atomically(request.columns_out, summary.columns_text);
    print(columns_told(summary));
    return summary;
  };
  return make_dataset(make, request.out, world);
}

ExitStatus execute(const SynthRequest& request, Communicator& world) {
  const auto make = [&] {
    check_output_file(request.out, Output::data_set, {});
    return request.kind == "spirals" ? synth_spirals(request.options, request.out)
                                     : synth_gaussians(request.options, request.out);
  };
  return make_dataset(make, request.out, world);
}

}  // namespace shoal
