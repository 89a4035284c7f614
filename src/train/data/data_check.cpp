#include "shoal/train/data_check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>

#include "shoal/core/digits.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/epoch_order.hpp"
#include "shoal/data/value_scale.hpp"

namespace shoal {
namespace {

/// (height, width) is an image of one channel.
bool hold_the_same(std::span<const std::int64_t> a, std::span<const std::int64_t> b) {
  const auto without_channel = [](std::span<const std::int64_t> shape) {
    return shape.size() == 3 && shape[0] == 1 ? shape.subspan(1) : shape;
  };
  return std::ranges::equal(without_channel(a), without_channel(b));
}

/// Class k is called k, but for some k: 0, 1, 10, 2.
bool are_numbers_out_of_order(const std::vector<std::string>& names) {
  const auto is_whole = [](const std::string& name) {
    return are_digits(std::string_view(name).substr(name.starts_with('-') ? 1 : 0));
  };
  return std::ranges::all_of(names, is_whole) && !are_number_names(names);
}

/// Of a set that names no classes, where names of the model's are numbers as well.
void check_class_numbers(const Dataset& set, const DataDescription& trained, const std::string& name) {
  if (set.names_classes() || !are_numbers_out_of_order(trained.class_names)) return;
  if (set.content() == trained.content) return;  // the very numbers that it learnt
  std::size_t k = 0;
  while (trained.class_names[k] == std::to_string(k)) ++k;
  throw Error(
      ExitStatus::bad_data,
      fmt::format("{} does not name its classes, and {} calls class {} \"{}\": {} in its y may mean that one, or "
                  "a class called \"{}\"; write class_names into it, or import it with --like the set trained "
                  "on",
                  set.path(), name, k, trained.class_names[k], k, k));
}

/// The same targets in another order: each would be compared with another one.
void check_order_of_targets(const Dataset& set, const DataDescription& trained, const std::string& name) {
  const std::vector<std::string>& names = set.target_names();
  if (names == trained.target_names || !std::ranges::is_permutation(names, trained.target_names)) return;
  throw Error(
      ExitStatus::bad_data,
      fmt::format("the targets of {} are {}, and those of {} are {}; import it with --like the set trained on, or "
                  "name them in that order",
                  set.path(), fmt::join(names, ", "), name, fmt::join(trained.target_names, ", ")));
}

}  // namespace

ColumnMatch match_features(const Dataset& set, const Split& split, const Encoding& encoding,
                           const DataDescription& trained, const std::string& name) {
  ColumnMatch match = match_columns(encoding, trained.columns, split, name, set.path());
  const bool by_name = !trained.columns.empty() && !split.columns().empty();
  if (by_name || hold_the_same(set.shape(), trained.shape)) return match;
  throw Error(ExitStatus::bad_data,
              fmt::format("{} has features of shape ({}), and {} was trained on ({}); give a data set with the same "
                          "features",
                          set.path(), fmt::join(set.shape(), ", "), name, fmt::join(trained.shape, ", ")));
}

std::vector<std::string> match_lines(const ColumnMatch& match, const Dataset& set, const DataDescription& trained) {
  const std::vector<std::string>& known = trained.columns;
  std::vector<std::string> lines;
  const bool in_words = !known.empty() && known.front() != "0" && known.front() != "1";  // not counted
  if (in_words && set.columns().empty())
    lines.push_back(
        fmt::format("{}: its columns have no names and are taken in the order of those of training", set.path()));
  constexpr std::size_t most = 5;
  const std::size_t shown = std::min(most, match.extra.size());
  if (shown > 0)
    lines.push_back(
        fmt::format("not needed of {}: {}{}", set.path(), fmt::join(std::span(match.extra).first(shown), ", "),
                    shown < match.extra.size() ? fmt::format(" and {} more", match.extra.size() - shown) : ""));
  return lines;
}

std::string note_on_units(const Dataset& set, const DataDescription& trained) {
  if (!set.table() || !trained.table) return "";
  return note_on_units(set.table()->features, set.path(), trained.table->features, "the data of training");
}

std::string note_on_targets(const Dataset& set, const DataDescription& trained, const std::string& name) {
  const std::vector<std::string>& names = set.target_names();
  const std::vector<std::string>& learnt = trained.target_names;
  if (names.size() != learnt.size() || names == learnt) return "";
  const auto [ours, theirs] = std::ranges::mismatch(names, learnt);
  return fmt::format("{}: what is compared is called \"{}\", and {} was trained on \"{}\"", set.path(), *ours, name,
                     *theirs);
}

std::vector<std::string> notes_on_data(const Dataset& set, const TrainingData& data, std::int64_t shuffle_block) {
  std::vector<std::string> used = data.train.names();
  used.push_back(data.validation_name);
  std::vector<std::string> notes{set.note_on_unread(used), note_on_blocks(data.train, shuffle_block)};
  if (data.validation) notes.push_back(note_on_scales(data.train, *data.validation));
  std::erase(notes, "");
  return notes;
}

void check_targets(const Dataset& set, const Split& split, const DataDescription& trained, const Model& model,
                   const std::string& name) {
  if (!split.has_labels() && !split.has_targets())
    throw Error(ExitStatus::bad_data, fmt::format("split \"{}\" of {} has no y to compare with; use shoal predict",
                                                  split.name(), set.path()));
  if (split.has_targets()
          ? model.loss_kind().targets == Loss::Targets::class_number || split.outputs() != model.target_columns()
          : trained.classes < std::max<std::int64_t>(set.classes(), 1))
    throw Error(
        ExitStatus::bad_data,
        fmt::format("the y of {} ({} classes, {} outputs) is not what {} was trained on ({} classes, {} outputs)",
                    set.path(), set.classes(), split.outputs(), name, trained.classes, model.outputs()));
  if (split.rows() < 1)
    throw Error(ExitStatus::bad_data, fmt::format("split \"{}\" of {} has no rows", split.name(), set.path()));
  if (split.has_targets()) return check_order_of_targets(set, trained, name);
  check_class_names(set, trained, name);
  check_class_numbers(set, trained, name);
}

void check_class_names(const Dataset& set, const DataDescription& trained, const std::string& name) {
  // A set may lack the last classes; one that names none says nothing against the names of the model's.
  if (!set.names_classes()) return;
  const auto common = static_cast<std::ptrdiff_t>(std::min(set.class_names().size(), trained.class_names.size()));
  const auto differ =
      std::mismatch(set.class_names().begin(), set.class_names().begin() + common, trained.class_names.begin());
  if (differ.first == set.class_names().begin() + common) return;
  throw Error(ExitStatus::bad_data,
              fmt::format("class {} is \"{}\" in {} and \"{}\" in {}; import the data with --like the set trained on",
                          differ.first - set.class_names().begin(), *differ.first, set.path(), *differ.second, name));
}

}  // namespace shoal
