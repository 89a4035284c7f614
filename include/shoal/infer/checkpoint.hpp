#pragma once

// The part of a checkpoint that is a model: its description, its numbers, what it was trained on, and the digest.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shoal/data/columns.hpp"
#include "shoal/data/encoding.hpp"
#include "shoal/infer/checkpoint_names.hpp"
#include "shoal/io/archive.hpp"
#include "shoal/nn/model.hpp"

namespace shoal {

inline constexpr std::int64_t checkpoint_format_version = 1;

/// What a model needs to know of the data it was made for.
struct DataDescription {
  std::vector<std::int64_t> shape;
  std::int64_t classes = 0;
  std::vector<std::string> class_names;
  std::string content;
  std::vector<std::string> columns = {};              ///< names of the features, where they have any
  std::optional<TableDescription> table = {};         ///< of a set that was made from one
  std::optional<TableDescription> file_columns = {};  ///< of a set without: see Dataset::file_columns()
  std::string element = {};                           ///< type of x in the file, such as "uint8"; empty: not known
  std::vector<std::string> target_names = {};         ///< columns of the file that y is made of; empty: not known

  /// Of the table, where there is one.
  std::vector<FeatureColumn> features() const { return table ? table->features : std::vector<FeatureColumn>{}; }
};

/// Which weights of a checkpoint, with their running statistics: those that its run is judged by, which are the average
/// where it keeps one (train.average_decay), else the last; or one of the two.
enum class WhichWeights { judged, last, average };

struct WeightGroups {
  const char* parameters;  ///< a group of arrays in the archive
  const char* statistics;
};

/// Whether it keeps an average beside the last weights.
bool has_average(const Archive& archive);
/// @throws Error(usage)  an average is asked for, and there is none
WeightGroups weight_groups(const Archive& archive, WhichWeights which);

/// A checkpoint's bytes, checked. @throws Error (bad_data)  naming file and reason
Archive parse_checkpoint(std::span<const std::byte> bytes, const std::string& name);

void write_parameters(Archive& archive, const std::string& group, const Graph& graph, std::span<const float> flat);
/// @throws Error(bad_data)  when an array is missing or of another shape; names both shapes
void read_parameters(const Archive& archive, const std::string& group, const Graph& graph, std::span<float> flat);
void write_states(Archive& archive, const std::string& group, const Graph& graph, std::span<const double> states);
void read_states(const Archive& archive, const std::string& group, const Graph& graph, std::span<double> states);
/// @param features  of the table that it encodes, as its data set has them
void write_encoding(Archive& archive, const Encoding& encoding, const std::vector<FeatureColumn>& features);
/// @throws Error(bad_data)  when it does not fit the features or inputs of the checkpoint
Encoding read_encoding(const Archive& archive);
/// What targets are put through before the loss, per column of them; the identity of empty vectors where there is none.
void write_target_scaling(Archive& archive, const Normalization& scaling);
/// @throws Error(bad_data)  what is there does not fit so many columns
Normalization read_target_scaling(const Archive& archive, std::int64_t columns);
void write_description(Archive& archive, const Model& model, const DataDescription& data);
DataDescription read_description(const Archive& archive);

/// The layers that a model has in front of others for what an encoding makes of rows: none, or an embedding.
std::vector<LayerSpec> layers_for(const Encoding& encoding);
/// @throws Error(bad_data)  when a model has embeddings of other shapes. name: of the checkpoint
void require_layers_for(const Encoding& encoding, const Model& model, const std::string& name);

/// The model that a checkpoint describes, whose parameters and statistics it holds. Nothing for one of a version that
/// described it by its config alone.
std::optional<Model> described_model(const Archive& archive);
/// @throws Error(bad_data)  unless the archive holds the parameters and statistics of the model, in their shapes
void require_arrays_of(const Archive& archive, const Model& model);

/// XXH3-128 over step, parameters, running statistics, optimizer moments and, where it is kept, their average, in order
/// of their paths, without padding.
std::string digest(const Archive& archive);

/// XXH3-128 over what predictions take: the model's description, these weights with their statistics, encoding and
/// scales, and the names of columns, categories and classes, by which rows are taken and told. Equal for models that
/// are the same to the bit, whatever step, data and config led there.
/// @throws Error  usage: it has no such weights; bad_data
std::string model_digest(const Archive& archive, WhichWeights which);

/// The bytes of a checkpoint's file, in memory that is used again. Gives the archive its attribute `digest`.
void encode_checkpoint(Archive& archive, FileBytes& bytes);

}  // namespace shoal
