#include "shoal/tune/out_of_fold.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "shoal/comm/run_together.hpp"
#include "shoal/config/config.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/folds.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/posix.hpp"
#include "shoal/io/temporary_file.hpp"
#include "shoal/run/run_paths.hpp"
#include "shoal/train/dataset_predictor.hpp"
#include "shoal/train/prediction_columns.hpp"
#include "shoal/train/same_data.hpp"

namespace shoal {
namespace {

/// The records of a CSV text, its headings first, without line ends; a quoted cell may hold some.
std::vector<std::string_view> records_of(std::string_view csv) {
  std::vector<std::string_view> records;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < csv.size(); ++i) {
    if (csv[i] == '"') quoted = !quoted;
    if (csv[i] != '\n' || quoted) continue;
    records.push_back(csv.substr(begin, i - begin));
    begin = i + 1;
  }
  return records;
}

constexpr const char* fold_column = "fold";

}  // namespace

void check_out_of_fold(const std::string& out, const Config& config, const TrainingData& data) {
  std::set<std::string> columns =
      prediction_columns(PredictionLayout(make_model(config, data), data.description, Normalization()));
  if (!columns.insert(fold_column).second)
    throw Error(ExitStatus::bad_data, fmt::format("two columns of {} would be called \"{}\": an output is; import the "
                                                  "data with another name for it",
                                                  out, fold_column));
  check_id_names(data.train.id_names(), columns);
  check_writable(out);
}

void predict_out_of_fold(const std::string& folder, const std::string& out, Communicator& comm) {
  const SweepPaths paths{folder};
  std::string toml;
  run_together(comm, [&] {
    if (comm.rank() == 0) toml = to_toml(load_config(paths.config(), {}));
  });
  comm.broadcast_string(toml);
  const Config config = parse_config(toml, paths.config(), "/");
  const Dataset data = open_together(config.data.file, comm);
  FoldPlan plan;
  run_together(comm, [&] {
    plan = plan_folds(rows_to_train_on(data, config), config.sweep.folds, split_seed_of(config), data.class_names());
  });
  std::string merged;
  std::vector<std::string> lines(plan.fold_of.size());
  for (std::int64_t fold = 1; fold <= config.sweep.folds; ++fold) {
    // Each model predicts all rows, of which those of its fold count: less work than an epoch of its training.
    std::string file;
    std::optional<posix::TemporaryFile> temporary;
    run_together(comm, [&] {
      if (comm.rank() != 0) return;
      file = (std::filesystem::temp_directory_path() / fmt::format("shoal-{}-fold-{}.csv", posix::process_mark(), fold))
                 .string();
      temporary.emplace(file);
    });
    comm.broadcast_string(file);
    DatasetPredictor predictor(paths.best_of_fold(fold), comm);
    std::size_t first = 0;  // row of all that are trained on
    for (const std::string& split : config.data.train) {
      const auto count = static_cast<std::size_t>(predictor.predict(data, split, file));
      run_together(comm, [&] {
        if (comm.rank() != 0) return;
        const std::string text = read_text(file);
        const std::vector<std::string_view> records = records_of(text);
        if (records.size() != count + 1)
          throw Error(ExitStatus::internal, fmt::format("{} predictions of {} rows", records.size(), count));
        if (merged.empty()) merged = fmt::format("{},{}\n", records.front(), fold_column);
        for (std::size_t r = 0; r < count; ++r) {
          if (plan.fold_of[first + r] == fold - 1) lines[first + r] = fmt::format("{},{}\n", records[r + 1], fold);
        }
      });
      first += count;
    }
  }
  run_together(comm, [&] {
    if (comm.rank() != 0) return;
    for (const std::string& line : lines) merged += line;
    write_text_atomically(out, merged);
  });
}

}  // namespace shoal
