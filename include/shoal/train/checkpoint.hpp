#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "shoal/config/config.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/data/normalization.hpp"
#include "shoal/io/archive.hpp"
#include "shoal/nn/model.hpp"

namespace shoal {

inline constexpr std::int64_t checkpoint_format_version = 1;

/// The groups of running statistics: those that predictions take; and, where these were refined at the end of training,
/// the averages that training would go on from.
inline constexpr const char* statistics_group = "batch_norm";
inline constexpr const char* averages_group = "running_averages";

/// How far a run is, and what decides when it ends.
struct RunProgress {
  std::int64_t step = 0;      ///< finished updates
  std::int64_t epoch = 1;     ///< the one under way, from 1
  std::int64_t position = 0;  ///< samples of it that are done
  double epoch_loss = 0.0;    ///< sums over them
  double epoch_right = 0.0;
  std::int64_t best_step = -1;  ///< of those whose checkpoints the run has; -1: none yet
  double best_loss = 0.0;
  double least_loss = std::numeric_limits<double>::infinity();  ///< for early stopping: also of runs it branched from
  std::int64_t stale_evaluations = 0;                           ///< since that one

  bool operator==(const RunProgress&) const = default;
};

/// What a model needs to know of the data it was made for.
struct DataDescription {
  std::vector<std::int64_t> shape;
  std::int64_t classes = 0;
  std::vector<std::string> class_names;
  std::string content;
};

void write_parameters(Archive& archive, const std::string& group, const Graph& graph, std::span<const float> flat);
/// @throws Error(bad_data)  when an array is missing or of another shape; names both shapes
void read_parameters(const Archive& archive, const std::string& group, const Graph& graph, std::span<float> flat);
void write_states(Archive& archive, const std::string& group, const Graph& graph, std::span<const double> states);
void read_states(const Archive& archive, const std::string& group, const Graph& graph, std::span<double> states);
void write_progress(Archive& archive, const RunProgress& progress);
RunProgress read_progress(const Archive& archive);
void write_normalization(Archive& archive, const Normalization& normalization);
Normalization read_normalization(const Archive& archive);
void write_description(Archive& archive, const Model& model, const DataDescription& data);
DataDescription read_description(const Archive& archive);

/// XXH3-128 over step, parameters, running statistics and optimizer moments, in order of their paths, without padding.
std::string digest(const Archive& archive);

/// The bytes of a checkpoint's file, in memory that is used again. Gives the archive its attribute `digest`.
void encode_checkpoint(Archive& archive, FileBytes& bytes);

/// The config in a checkpoint. The model that it describes, with the inputs and outputs that it was trained with.
Config read_config(const Archive& archive);
Model read_model(const Archive& archive);
/// The layers that a config describes, but the last.
std::vector<LayerSpec> layers_of(const ModelConfig& config);

/// A checkpoint's bytes, checked. @throws Error (bad_data)  naming file and reason
Archive parse_checkpoint(std::span<const std::byte> bytes, const std::string& name);

}  // namespace shoal
