#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "shoal/comm/communicator.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/infer/evaluation.hpp"
#include "shoal/infer/prediction_pass.hpp"
#include "train/feeder.hpp"

namespace shoal {

/// A trained model from a checkpoint, on every rank: alone, or one of an ensemble.
struct Member {
  Communicator& comm;
  TrainedModel trained;
  std::string digest;  ///< of the checkpoint
  PredictionLayout layout;
  std::int64_t leaf_samples = 1;
  double stall_timeout = 0.0;
  std::vector<std::string> trained_splits;  ///< of the data that it was trained on

  Member(const Archive& archive, WhichWeights which, Communicator& communicator);
};
/// Collective. Rank 0 reads the file. @throws SharedError  as DatasetPredictor
std::unique_ptr<Member> load_member(const std::string& checkpoint, Communicator& comm, WhichWeights which);

/// Lines about the data that were said: members often have the same to say, and each line is said once.
using Said = std::set<std::string>;

/// What a pass over a split works with. The config of a checkpoint can ask for leaves of any size: memory is taken for
/// the rows that there are.
struct MemberPass {
  PredictionPass rows;
  Feeder feeder;

  /// together: how many such passes are in memory at a time
  MemberPass(Member& member, ColumnMatch match, std::int64_t capacity, int together = 1);
  /// Collective. A line for each column that had values which training did not see, or gaps where that had none, and
  /// one for numbers far from those of training.
  void say_strange(Communicator& comm, Said& said) const;
};

/// Which columns of the split are the member's. Says which are not needed; not collective.
/// @throws Error(bad_data)
ColumnMatch match_member(const Member& member, const Dataset& data, const Split& split, Said& said);
/// The same in silence.
ColumnMatch match_quietly(const Member& member, const Dataset& data, const Split& split);

/// Whether y is what the member predicts; not collective. @throws Error(bad_data)
void check_member_targets(const Member& member, const Dataset& data, const Split& split, Said& said);

/// A line where the member was trained on that split, other than one called train; empty: it was not.
std::string note_on_trained_split(const Member& member, const Dataset& data, const std::string& split);

/// Collective. Loss and metrics of one member; see DatasetPredictor::evaluate().
Evaluation judge_member(Member& member, const Dataset& data, const Split& split, Said& said);

}  // namespace shoal
