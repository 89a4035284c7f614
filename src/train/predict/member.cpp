#include "train/predict/member.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/fault_point.hpp"
#include "shoal/guard/watchdog.hpp"
#include "shoal/train/checkpoint.hpp"
#include "shoal/train/cost.hpp"
#include "shoal/train/data_check.hpp"
#include "shoal/train/loaded_checkpoint.hpp"
#include "shoal/train/training.hpp"
#include "train/data/scale_check.hpp"
#include "train/data/sum_counts.hpp"

namespace shoal {

Member::Member(const Archive& archive, WhichWeights which, Communicator& communicator)
    : comm(communicator),
      trained(archive, read_model(archive), which),
      digest(shoal::digest(archive)),
      layout(trained) {
  static_cast<void>(read_progress(archive));  // judges it
  const Config config = read_config(archive);
  leaf_samples = samples_per_leaf(config.data.batch_size, leaves_of(config));
  stall_timeout = config.parallel.stall_timeout;
  trained_splits = config.data.train;
}

std::string note_on_trained_split(const Member& member, const Dataset& data, const std::string& split) {
  const bool named = std::ranges::find(member.trained_splits, split) != member.trained_splits.end();
  if (!named || split == "train" || data.content() != member.trained.data.content) return "";
  return fmt::format("{} was trained on the split {}: this is no test of it", member.trained.path, split);
}

std::unique_ptr<Member> load_member(const std::string& checkpoint, Communicator& comm, WhichWeights which) {
  const Archive archive = load_together(checkpoint, comm);
  std::unique_ptr<Member> member;
  run_together(comm, [&] { member = std::make_unique<Member>(archive, which, comm); });
  return member;
}

MemberPass::MemberPass(Member& member, ColumnMatch match, std::int64_t capacity, int together)
    : rows(member.trained, capacity, member.comm, member.comm.ranks_on_host() * together),
      feeder(member.trained.model, rows.executor()) {
  const TrainedModel& trained = member.trained;
  feeder.set_encoder(std::make_shared<const RowEncoder>(trained.encoding, std::move(match), trained.features()));
  feeder.set_target_scaling(trained.targets);
  feeder.count_strange(trained.data.columns);
}

void MemberPass::say_strange(Communicator& comm, Said& said) const {
  const auto first_time = [&](const std::string& line) { return !line.empty() && said.insert(line).second; };
  std::vector<double> counts(feeder.unseen().begin(), feeder.unseen().end());
  sum_counts(counts, comm);
  for (std::size_t d = 0; d < counts.size(); ++d) {
    if (!(counts[d] > 0.0)) continue;
    const FeatureColumn& column = feeder.encoder()->encoding().columns[d].column;
    const auto count = static_cast<std::int64_t>(counts[d]);
    const std::string line =
        column.has_categories()
            ? fmt::format("column \"{}\": {} that training did not see", column.name, counted(count, "value"))
            : fmt::format("column \"{}\": {} where training had none, taken for the median", column.name,
                          counted(count, "missing number"));
    if (first_time(line)) log_info(line);
  }
  std::vector<double> far = feeder.far().counts();
  sum_counts(far, comm);
  if (const std::string line = feeder.far().told(far); first_time(line)) log_warning(line);
}

ColumnMatch match_quietly(const Member& member, const Dataset& data, const Split& split) {
  const TrainedModel& trained = member.trained;
  return match_features(data, split, trained.encoding, trained.data, trained.path);
}

ColumnMatch match_member(const Member& member, const Dataset& data, const Split& split, Said& said) {
  ColumnMatch match = match_quietly(member, data, split);
  for (const std::string& line : match_lines(match, data, member.trained.data)) {
    if (said.insert(line).second) log_info(line);
  }
  const std::string units = note_on_units(data, member.trained.data);
  if (!units.empty() && said.insert(units).second) log_warning(units);
  return match;
}

void check_member_targets(const Member& member, const Dataset& data, const Split& split, Said& said) {
  const TrainedModel& trained = member.trained;
  check_targets(data, split, trained.data, trained.model, trained.path);
  const std::string note = note_on_targets(data, trained.data, trained.path);
  if (!note.empty() && said.insert(note).second) log_warning(note);
}

Evaluation judge_member(Member& member, const Dataset& data, const Split& split, Said& said) {
  Communicator& comm = member.comm;
  TrainedModel& trained = member.trained;
  const Watchdog watchdog(comm, member.stall_timeout);
  const Doing doing(Activity::evaluating);
  std::optional<MemberPass> pass;
  run_together(comm, [&] {
    ColumnMatch match = match_member(member, data, split, said);
    check_member_targets(member, data, split, said);
    if (comm.rank() == 0) check_scale(split, data.path(), match, trained);
    check_judge_memory(data.path(), split.rows(), trained.model.outputs(), HostLoad::of(comm));
    pass.emplace(member, std::move(match), std::min(split.rows(), std::max(prediction_block, member.leaf_samples)));
  });
  SHOAL_FAULT_POINT("predict");
  SplitJudge judge(trained.model, trained.data, trained.targets);
  Evaluation result = evaluate_split(pass->feeder, trained.data.classes, split, member.leaf_samples,
                                     pass->rows.capacity(), comm, &judge);
  pass->say_strange(comm, said);
  run_together(comm, [&] {
    if (!std::isfinite(result.loss))
      refuse_not_finite(
          fmt::format("the loss of {} on split \"{}\" of {} is not finite", trained.path, split.name(), data.path()));
  });
  return result;
}

}  // namespace shoal
