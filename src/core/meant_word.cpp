#include "shoal/core/meant_word.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

struct OtherNames {
  std::vector<std::string> typed;
  std::vector<std::string> meant;
};

/// Of keys, of words that stand for values, and of options. A word may be in several rows: what is no candidate is
/// passed over.
const std::vector<OtherNames>& table() {
  static const std::vector<OtherNames> rows = {
      {{"lr", "rate", "alpha", "eta", "step_size", "base_lr", "learningrate"}, {"learning_rate"}},
      {{"sgd"}, {"gd", "momentum"}},
      {{"nesterov", "nag", "heavy_ball"}, {"momentum"}},
      {{"use_nesterov", "nesterov_momentum"}, {"nesterov"}},
      {{"larc", "lars_sgd", "layerwise"}, {"lars"}},
      {{"nvlamb", "fusedlamb", "fused_lamb"}, {"lamb"}},
      {{"trust_coef", "trust_ratio", "eeta"}, {"trust_coefficient"}},
      {{"bs", "batch", "batchsize", "mini_batch", "minibatch", "mini_batch_size", "minibatch_size"}, {"batch_size"}},
      {{"epoch", "num_epochs", "n_epochs", "nb_epoch", "max_epochs"}, {"epochs"}},
      {{"iterations", "iters", "num_steps", "max_steps", "max_iter"}, {"steps"}},
      {{"wd", "decay"}, {"weight_decay"}},
      {{"lr_decay"}, {"schedule.decay"}},
      {{"reg", "lambda", "l2_reg", "regularization"}, {"l2"}},
      {{"clip", "clipnorm", "grad_clip", "gradient_clip", "max_grad_norm", "clip_grad_norm"}, {"clip_norm"}},
      {{"eps"}, {"epsilon"}},
      {{"hidden_layers", "hidden_sizes", "hidden_units", "layer_sizes", "hidden_layer_sizes", "units"}, {"hidden"}},
      {{"size", "neurons", "nodes", "out_features", "hidden_units"}, {"units"}},
      {{"act", "act_fn", "nonlinearity", "activation_function"}, {"activation"}},
      {{"p", "prob", "drop_rate", "dropout_rate"}, {"dropout", "rate"}},
      {{"negative_slope", "alpha"}, {"slope"}},
      {{"bn", "batchnorm", "batchnorm1d", "batch_normalization"}, {"batch_norm"}},
      {{"loss_fn", "loss_function", "criterion", "objective", "label_smoothing", "smoothing", "pos_weight",
        "huber_delta", "quantiles"},
       {"model.loss"}},
      {{"optimizer", "solver"}, {"optimizer.name"}},
      {{"scheduler", "lr_schedule", "lr_scheduler"}, {"schedule.name"}},
      {{"type", "kind"}, {"name"}},
      {{"gamma"}, {"factor"}},
      {{"warmup"}, {"warmup_steps"}},
      {{"val", "valid", "val_split", "validation_split", "val_fraction"}, {"validation"}},
      {{"dataset", "data_file", "path", "train_file"}, {"file"}},
      {{"random_seed", "random_state", "rng_seed"}, {"seed"}},
      {{"linear", "fc", "fully_connected", "affine"}, {"dense"}},
      {{"linear", "none"}, {"identity"}},
      {{"swish"}, {"silu"}},
      {{"conv2d", "convolution"}, {"conv"}},
      {{"maxpool", "maxpool2d", "max_pool2d", "pool"}, {"max_pool"}},
      {{"avg_pool", "avgpool", "avgpool2d", "mean_pool"}, {"average_pool"}},
      {{"gap", "global_avg_pool", "adaptive_avg_pool2d", "adaptiveavgpool2d"}, {"global_average_pool"}},
      {{"ln", "layernorm"}, {"layer_norm"}},
      {{"gn", "groupnorm", "num_groups"}, {"group_norm", "groups"}},
      {{"kernel_size", "window"}, {"kernel", "size"}},
      {{"filters", "out_channels"}, {"channels"}},
      {{"skip", "resblock", "residual_block"}, {"residual"}},
      {{"concatenate", "cat"}, {"concat"}},
      {{"lrelu", "leakyrelu"}, {"leaky_relu"}},
      {{"logistic", "bce", "binary_cross_entropy", "binary_crossentropy"}, {"sigmoid"}},
      {{"ce", "nll", "cross_entropy", "crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"},
       {"softmax"}},
      {{"l2", "mean_squared_error", "squared_error"}, {"mse"}},
      {{"kaiming", "kaiming_normal", "he_normal"}, {"he"}},
      {{"glorot", "glorot_uniform", "xavier_uniform"}, {"xavier"}},
      {{"zscore", "z_score", "standardize", "standardise"}, {"standard"}},
      {{"minmax", "min_max"}, {"unit"}},
      {{"cosine_annealing", "cosine_decay"}, {"cosine"}},
      {{"onecycle", "onecyclelr", "one_cycle_lr", "1cycle", "super_convergence"}, {"one_cycle"}},
      {{"poly", "polynomial_decay", "polynomiallr", "poly_lr", "linear", "linear_decay"}, {"polynomial"}},
      {{"max_lr"}, {"learning_rate"}},
      {{"ema", "ema_decay", "swa", "averaging", "weight_average", "moving_average", "polyak"}, {"average_decay"}},
      {{"min_lr", "eta_min"}, {"min_rate"}},
      {{"exponent", "degree"}, {"power"}},
      {{"pct_start"}, {"rise_fraction"}},
      {{"div_factor"}, {"start_divisor"}},
      {{"final_div_factor"}, {"end_divisor"}},
      {{"drop", "exclude", "skip", "usecols"}, {"ignore"}},
      {{"target", "targets", "labels", "y", "outcome", "response"}, {"label"}},
      {{"sep", "separator"}, {"delimiter"}},
      {{"na", "na_values", "missing_values"}, {"missing"}},
      {{"categorical", "categories", "factor"}, {"category"}},
      {{"weights", "sample_weight"}, {"weight"}},
      {{"test_size", "test_split"}, {"test_fraction"}},
      {{"val_size", "val_split", "val_fraction", "validation_size", "validation_split"}, {"validation_fraction"}},
      {{"output", "output_file", "outfile"}, {"out"}},
      {{"run_dir", "output_dir", "outdir"}, {"run"}},
      {{"input", "dataset", "test_data"}, {"data"}},
  };
  return rows;
}

}  // namespace

std::vector<std::string> known_as(const std::string& typed) {
  std::string word = typed;
  for (char& c : word) c = c == '-' || c == ' ' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  std::vector<std::string> words = {word};
  for (const OtherNames& row : table()) {
    if (std::find(row.typed.begin(), row.typed.end(), word) != row.typed.end())
      words.insert(words.end(), row.meant.begin(), row.meant.end());
  }
  return words;
}

std::string did_you_mean(const std::string& typed, const std::vector<std::string>& candidates) {
  std::vector<std::string> meant;
  for (const std::string& word : known_as(typed)) {
    if (std::find(candidates.begin(), candidates.end(), word) != candidates.end()) meant.push_back(word);
  }
  if (meant.empty()) meant.push_back(nearest_word(typed, candidates));
  return meant.front().empty() ? "" : fmt::format("did you mean \"{}\"?", fmt::join(meant, "\" or \""));
}

std::string meant_or_all(const std::string& typed, const std::vector<std::string>& candidates) {
  const std::string meant = did_you_mean(typed, candidates);
  return fmt::format("{}{}use one of \"{}\"", meant, meant.empty() ? "" : " ", fmt::join(candidates, "\", \""));
}

}  // namespace shoal
