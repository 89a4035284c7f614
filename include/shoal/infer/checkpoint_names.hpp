#pragma once

#include <string>
#include <string_view>

namespace shoal {

/// Every name inside a checkpoint. Arrays of a group are at "<group>/<name>"; texts and single arrays at their path.
struct CheckpointNames {
  // Groups of arrays.
  static constexpr const char* parameters = "parameters";      ///< <layer>/<name>
  static constexpr const char* statistics = "batch_norm";      ///< running ones, that predictions take: <layer>/<name>
  static constexpr const char* averages = "running_averages";  ///< where statistics were refined at the end of
                                                               ///< training: those that it would go on from
  // Of a run with train.average_decay: what predictions take in place of `parameters` and `statistics`.
  static constexpr const char* averaged_parameters = "averaged_parameters";
  static constexpr const char* averaged_statistics = "averaged_batch_norm";
  static constexpr const char* moments = "optimizer";  ///< <moment>/<layer>/<name>
  static constexpr const char* progress = "progress";  ///< a number each

  // Arrays.
  static constexpr const char* step = "progress/step";
  static constexpr const char* mean = "normalization/mean";
  static constexpr const char* deviation = "normalization/deviation";

  static constexpr const char* target_mean = "target_scaling/mean";  ///< none where targets are as they are in the file
  static constexpr const char* target_deviation = "target_scaling/deviation";
  static constexpr const char* class_weights = "class_weights";  ///< of training; none where classes count alike

  // Texts.
  static constexpr const char* model = "model";  ///< see infer/model_text.hpp
  static constexpr const char* normalization_mode = "normalization/mode";
  static constexpr const char* table = "table";                ///< of the data, if made from one; see data/columns.hpp
  static constexpr const char* file_columns = "file_columns";  ///< the same of data without a table
  static constexpr const char* encoding = "encoding";          ///< of a table: see data/encoding.hpp
  static constexpr const char* config = "config";              ///< TOML
  static constexpr const char* journal = "journal";            ///< nudges
  static constexpr const char* trial = "trial";                ///< of a sweep: its outcome so far

  // Attributes.
  static constexpr const char* loss = "loss";
  static constexpr const char* inputs = "inputs";
  static constexpr const char* outputs = "outputs";
  static constexpr const char* shape = "shape";
  static constexpr const char* element = "element";  ///< type of x in the data; none: not known
  static constexpr const char* classes = "classes";
  static constexpr const char* class_names = "class_names";    ///< or an array: see io/names.hpp
  static constexpr const char* columns = "columns";            ///< names of features, of data without a table; likewise
  static constexpr const char* target_names = "target_names";  ///< in the file; none: they have none
  static constexpr const char* content = "content";
  static constexpr const char* digest = "digest";
  static constexpr const char* format_version = "format_version";
  static constexpr const char* shoal_version = "shoal_version";
  static constexpr const char* kernel_hash = "kernel_hash";
  static constexpr const char* parent = "parent";        ///< of a branch
  static constexpr const char* init_from = "init_from";  ///< of a run that started with the parameters of another

  /// The path of an array in a group; with an empty name what the paths of all of them begin with.
  static std::string in(std::string_view group, std::string_view name) {
    return std::string(group) + '/' + std::string(name);
  }
};

}  // namespace shoal
