#include "run/known_data.hpp"

#include <fmt/format.h>

#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/train/data_check.hpp"

namespace shoal {

void check_content(const std::string& of, const std::string& content, const TrainingData& data, const Config& config) {
  if (content == data.description.content) return;
  throw Error(
      ExitStatus::bad_data,
      fmt::format(
          "{} was trained on other data: its content is {}, that of {} is {}; name the same data with data.file", of,
          content, config.data.file, data.description.content));
}

void go_on_with(const Archive& resumed, const std::string& of, const Dataset& set, TrainingData& data,
                const Config& config) {
  const DataDescription trained = read_description(resumed);
  check_content(of, trained.content, data, config);
  const ColumnMatch match = match_features(set, data.train, read_encoding(resumed), trained, of);
  for (const std::string& line : match_lines(match, set, trained)) log_info(line);
  if (const std::string note = note_on_units(set, trained); !note.empty()) log_warning(note);
  take_columns(data, resumed);
  check_class_names(set, trained, of);
  if (!set.names_classes() && trained.class_names.size() == data.description.class_names.size())
    data.description.class_names = trained.class_names;
}

}  // namespace shoal
