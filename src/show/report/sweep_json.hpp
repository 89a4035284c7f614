#pragma once

#include <string>

#include "shoal/core/json.hpp"

namespace shoal {

/// A sweep as its page draws it, read from its files alone:
///   kind        "sweep"
///   name, under_way, done, trainings    the last two: of trainings, one a trial and rung
///   search      "random"
///   metric      {"name": "validation.loss", "higher_is_better": false}
///   space       [{"key", "scale": linear | log | one_minus_log | choices, "min", "max", "integer", "choices": [...]}]
///   trials      [{"trial", "place" or null, "status", "round", "rung", "epoch", "score" or null, "train_loss" or null,
///               "values": [...], "curve": [[epoch, ...], [metric, ...]], "reason", "same_as"}]; values are numbers, of
///               choices their place in the list; a curve is thinned like that of a run; same_as: an earlier trial,
///               whose result it took
///   importance  [{"key", "share", "correlation"}], of the greatest share first
///   pairs       [{"keys": [.., ..], "share"}], what two explain together alone
///   explained   what all together do, or null
///   boxes       [{"round", "low": [...], "width"}], places from 0 to 1; rounds: how many there will be
///   generations  of a population; 0: none
///   lineage     of the best member of a population: [{"epoch", "member", "values"}], whose training led there until
///               which epoch, with which hyperparameters; else empty
///   facts, commands    as of a run
///   config      as of a run, without the space
/// @throws Error  no_input: no sweep there; bad_data
Json sweep_json(const std::string& folder);

}  // namespace shoal
