#include "shoal/config/keys.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/words.hpp"
#include "shoal/config/model_layers.hpp"
#include "shoal/config/text.hpp"
#include "shoal/graph/expressions.hpp"
#include "shoal/nn/layers.hpp"
#include "shoal/nn/losses.hpp"
#include "shoal/nn/presets.hpp"
#include "shoal/optim/optimizer.hpp"
#include "shoal/optim/schedule.hpp"

namespace shoal::config_keys {
namespace {

constexpr double most_count = 2147483647;     // room to multiply two of them in 64 bits
constexpr double most_steps = 1099511627776;  // 2^40: centuries, with room to add
constexpr double least_float = 1.2e-38;       // what is less can be 0 as a float
constexpr double most_float = 3.4e38;         // what is more can be infinite
constexpr double most_divisor = 1e15;         // two of them, and a rate is still a float
constexpr double most_of_a_sweep = 1'000'000;
constexpr double most_folds = 10'000;
constexpr double most_below_1 = 0.9999999;  // what is more can be 1 as a float

Allowed anything() { return {}; }
Allowed from(double least) { return {.least = least}; }
Allowed from_to(double least, double most) { return {.least = least, .most = most}; }
Allowed count_from(double least) { return {.least = least, .most = most_count}; }
Allowed zero_to_below_one() { return {.least = 0, .most = 1, .most_itself = false}; }
Allowed zero_or_float(double most = most_float) { return {.least = 0, .most = most, .least_above_0 = least_float}; }
Allowed above_zero_to_one() { return {.least = 0, .most = 1, .least_itself = false}; }

Allowed words(std::vector<std::string> list) {
  return {.words = [list = std::move(list)] { return list; }};
}

std::vector<std::string> preset_words() {
  std::vector<std::string> words = preset_names();
  words.insert(words.begin(), {"none", "mlp"});
  return words;
}

std::vector<std::string> loss_words() {
  std::vector<std::string> words = Loss::names();
  words.insert(words.begin(), "auto");
  return words;
}

bool has_hidden_layers(const ModelConfig& model) {
  return !model.hidden.empty() || model.depth > 0 || model.preset == "mlp";
}

std::string said_by_preset(const Config& c) {
  return fmt::format("has no effect: model.preset = \"{}\" says it", c.model.preset);
}

/// Also layers that a program has registered may hold one.
bool may_hold_batch_norm(const std::vector<LayerSpec>& layers) {
  const std::vector<std::string> others = built_in_layers();
  bool found = false;
  for_each_layer(layers, [&](const LayerPlace& place) {
    const std::string& type = place.layer().type;
    found = found || type == "batch_norm" || std::find(others.begin(), others.end(), type) == others.end();
  });
  return found;
}

/// Of keys that describe hidden layers; `in_layers` says what does so in a list of layers.
Idle of_hidden_layers(const std::string& in_layers) {
  return [in_layers](const Config& c) -> std::string {
    if (!c.model.layers.empty()) return "has no effect: " + in_layers;
    if (is_known_network(c.model)) return said_by_preset(c);
    return has_hidden_layers(c.model) ? "" : "has no effect: the model has no hidden layers";
  };
}

std::string idle_dropout(const Config& c) {
  if (c.model.layers.empty() && is_known_network(c.model)) return "";
  return of_hidden_layers("model.layers says where, by {type = \"dropout\"}")(c);
}

std::string idle_channels(const Config& c) {
  if (c.model.layers.empty() && is_known_network(c.model)) return "";
  return fmt::format("has no effect: model.preset = \"{}\" has no stages of channels", c.model.preset);
}

std::string idle_blocks(const Config& c) {
  std::string idle = idle_channels(c);
  if (!idle.empty() || has_blocks(c.model.preset)) return idle;
  return fmt::format("has no effect: model.preset = \"{}\" has no blocks", c.model.preset);
}

std::string idle_init(const Config& c) {
  if (c.model.init == "auto") return "";
  if (!c.model.layers.empty())
    return "sets the last layer alone: those in model.layers say {type = \"dense\", init = ...}";
  return is_known_network(c.model) ? "sets the last layer alone: model.preset says how the others start" : "";
}

Idle of_batch_norm(const std::string& in_layers) {
  return [in_layers](const Config& c) -> std::string {
    const std::string idle = of_hidden_layers(in_layers)(c);
    return idle.empty() && !c.model.batch_norm.enabled ? "has no effect: model.batch_norm is false" : idle;
  };
}

std::string idle_running(const Config& c) {
  if (c.model.layers.empty() && is_known_network(c.model))
    return may_hold_batch_norm(layers_of(c.model))
               ? ""
               : "has no effect: model.preset = \"" + c.model.preset + "\" has no batch norm";
  if (c.model.layers.empty()) return of_batch_norm("")(c);
  return may_hold_batch_norm(c.model.layers) ? "" : "has no effect: model.layers has no {type = \"batch_norm\"}";
}

std::string idle_layers(const Config& c) {
  std::string idle;
  for_each_layer(c.model.layers, [&](const LayerPlace& place) {
    const LayerSpec& layer = place.layer();
    const auto bias = layer.settings.find("bias");
    const bool wanted = bias != layer.settings.end() && bias->second == Setting(true);
    if ((layer.type == "dense" || layer.type == "conv") && wanted && place.before("batch_norm"))
      idle = fmt::format(
          "gives a {} layer bias = true, which has no effect: the batch_norm after it subtracts the mean", layer.type);
  });
  return idle;
}

Idle of_optimizer(const std::string& setting) {
  return [setting](const Config& c) -> std::string {
    if (optimizer_uses(c.optimizer.name, setting)) return "";
    return fmt::format("has no effect: optimizer.name = \"{}\" does not use it", c.optimizer.name);
  };
}

std::string idle_nesterov(const Config& c) {
  std::string idle = of_optimizer("nesterov")(c);
  const bool stands = c.optimizer.momentum == 0.0 && c.optimizer.nesterov;
  return idle.empty() && stands ? "has no effect: optimizer.momentum is 0" : idle;
}

/// With adamw a weight loses learning_rate * weight_decay of itself, which as a float must be more than half its last
/// digit.
std::string idle_weight_decay(const Config& c) {
  std::string idle = of_optimizer("weight_decay")(c);
  const bool rises = schedule_uses(c.schedule.name, "factor") && c.schedule.factor > 1.0;
  const double share = c.optimizer.learning_rate * c.optimizer.weight_decay;
  if (!idle.empty() || c.optimizer.name != "adamw" || rises || share == 0.0 || share >= 0x1p-25) return idle;
  return fmt::format(
      "has no effect: times optimizer.learning_rate it is {:.2g} of a weight, which a float does not hold", share);
}

/// A schedule that never leaves its first rate; train.steps says nothing of epochs.
std::string idle_schedule(const Config& c) {
  const ScheduleSettings& s = c.schedule;
  const auto constant = [](const std::string& why) { return "has no effect: the rate stays as it is, since " + why; };
  if (s.name == "constant") return "";
  const bool rises = schedule_uses(s.name, "factor") && s.factor > 1.0;
  if (!rises && schedule_uses(s.name, "min_rate") && s.min_rate >= c.optimizer.learning_rate)
    return constant("schedule.min_rate is not below optimizer.learning_rate");
  if (schedule_uses(s.name, "factor") && s.factor == 1.0) return constant("schedule.factor is 1");
  if (s.name == "inverse_time" && s.decay == 0.0) return constant("schedule.decay is 0");
  if (s.name == "one_cycle" && s.start_divisor == 1.0 && s.end_divisor == 1.0)
    return constant("schedule.start_divisor and end_divisor are 1");
  const bool by_step = s.name == "cosine" || s.name == "polynomial" || s.name == "one_cycle";
  const std::int64_t epochs_alike = s.name == "step" ? s.step_epochs : by_step ? 0 : 1;
  if (c.train.steps > 0 || c.train.epochs > epochs_alike) return "";
  return constant(fmt::format("it first changes after epoch {} of train.epochs = {}", epochs_alike, c.train.epochs));
}

Idle of_schedule(const std::string& setting) {
  return [setting](const Config& c) -> std::string {
    if (schedule_uses(c.schedule.name, setting)) return setting == "min_rate" ? "" : idle_schedule(c);
    return fmt::format("has no effect: schedule.name = \"{}\" does not use it", c.schedule.name);
  };
}

std::string idle_warmup(const Config& c) {
  if (schedule_uses(c.schedule.name, "warmup_steps") || c.schedule.warmup_steps == 0) return "";
  return fmt::format("has no effect: schedule.name = \"{}\" rises by itself, see schedule.rise_fraction",
                     c.schedule.name);
}

std::string idle_epochs(const Config& c) {
  return c.train.steps > 0 ? fmt::format("has no effect while train.steps = {}", c.train.steps) : "";
}

std::string idle_min_delta(const Config& c) {
  return c.train.early_stopping.patience > 0 ? "" : "has no effect: train.early_stopping.patience is 0, which is off";
}

std::string idle_normalize_targets(const Config& c) {
  const std::string& loss = c.model.loss.name;
  const bool of_classes = loss == "softmax" || loss == "sigmoid";
  if (!of_classes || c.data.normalize_targets != "none") return "";
  return fmt::format("has no effect: the targets of model.loss = \"{}\" are never normalised", loss);
}

std::string idle_validation(const Config& c) {
  if (!c.data.fold.any() || std::holds_alternative<std::monostate>(c.data.validation)) return "";
  return fmt::format("has no effect: data.fold = {} says which rows validate", config_text::value(c.data.fold));
}

std::string idle_split_seed(const Config& c) {
  const auto* fraction = std::get_if<double>(&c.data.validation);
  const bool draws = c.data.fold.any() || (fraction != nullptr && *fraction > 0.0);
  return draws || c.data.split_seed < 0 ? "" : "has no effect: no rows of train are drawn to validate on";
}

std::string idle_sweep(const Config& c) {
  return c.sweep == SweepSettings() ? "" : "has no effect: this trains one model, and shoal sweep many";
}

/// Said once of a whole sweep, by its space.
std::string idle_without_space(const Config& c) { return c.sweep.space.empty() ? idle_sweep(c) : ""; }

std::string idle_with_folds(const Config& c) {
  if (c.sweep.space.empty()) return idle_sweep(c);
  return c.sweep.folded() ? "has no effect: with sweep.folds the models of the best trial alone are kept" : "";
}
std::string idle_without_learning(const Config& c) {
  if (c.sweep.space.empty()) return idle_sweep(c);
  return learns(c.sweep.search) ? ""
                                : fmt::format("has no effect: sweep.search = \"{}\" does not learn from round to round",
                                              to_string(c.sweep.search));
}
std::string idle_without_population(const Config& c) {
  if (c.sweep.space.empty()) return idle_sweep(c);
  return c.sweep.population.enabled() ? "" : "has no effect: sweep.population is 0, which is off";
}

// A captureless function from a config to the address of one member.
#define AT(member) [](Config& c) -> Reference { return &c.member; }

std::vector<Key> make_keys() {
  return {
      {"seed", AT(seed), none, from(0)},

      {"data.file", AT(data.file), no_bit | path},
      {"data.train", AT(data.train), none, anything()},
      {"data.batch_size", AT(data.batch_size), none, count_from(1)},
      {"data.validation", AT(data.validation), none, zero_to_below_one(), idle_validation},
      {"data.fold", AT(data.fold), none, anything()},
      {"data.split_seed", AT(data.split_seed), none, from(-1), idle_split_seed},
      {"data.normalize", AT(data.normalize), none, words({"standard", "unit", "none"})},
      {"data.normalize_targets", AT(data.normalize_targets), none, words({"auto", "standard", "none"}),
       idle_normalize_targets},
      {"data.shuffle_block", AT(data.shuffle_block), none, count_from(0)},
      {"data.one_hot", AT(data.one_hot), none, count_from(0)},
      {"data.unseen_rate", AT(data.unseen_rate), none, zero_to_below_one()},
      {"data.augment.crop", AT(data.augment.crop), none, count_from(0)},
      {"data.augment.flip", AT(data.augment.flip), none, anything()},
      {"data.augment.cutout", AT(data.augment.cutout), none, count_from(0)},

      {"model.preset", AT(model.preset), none, {.words = preset_words}},
      {"model.channels", AT(model.channels), none, {.least = 0, .most = 65536}, idle_channels},
      {"model.blocks", AT(model.blocks), none, {.least = 0, .most = 1000}, idle_blocks},
      {"model.hidden", AT(model.hidden), none, count_from(1)},
      {"model.depth", AT(model.depth), none, {.least = 0, .most = 10000}},
      {"model.width", AT(model.width), none, count_from(0)},
      {"model.activation",
       AT(model.activation),
       none,
       {.words = activation_names},
       of_hidden_layers("model.layers names each activation")},
      {"model.dropout", AT(model.dropout), nudge, from_to(0, 0.999999), idle_dropout},
      {"model.init", AT(model.init), none, words({"auto", "he", "xavier", "zeros", "normal"}), idle_init},
      {"model.loss", AT(model.loss), none, {.words = loss_words}},
      {"model.batch_norm.enabled", AT(model.batch_norm.enabled), none, anything(),
       of_hidden_layers("model.layers says where, by {type = \"batch_norm\"}")},
      {"model.batch_norm.position", AT(model.batch_norm.position), none,
       words({"before_activation", "after_activation"}),
       of_batch_norm("model.layers says where, by {type = \"batch_norm\"}")},
      {"model.batch_norm.epsilon", AT(model.batch_norm.epsilon), none, from_to(1e-30, 1),
       of_batch_norm("model.layers says it, by {type = \"batch_norm\", epsilon = ...}")},
      {"model.batch_norm.momentum", AT(model.batch_norm.momentum), none, above_zero_to_one(),
       of_batch_norm("model.layers says it, by {type = \"batch_norm\", momentum = ...}")},
      {"model.batch_norm.running", AT(model.batch_norm.running), none, words({"average", "exact"}), idle_running},
      {"model.layers", AT(model.layers), none, anything(), idle_layers},

      {"optimizer.name", AT(optimizer.name), none, {.words = optimizer_names}},
      {"optimizer.learning_rate", AT(optimizer.learning_rate), nudge, from_to(least_float, most_float)},
      {"optimizer.beta1", AT(optimizer.beta1), nudge, zero_to_below_one(), of_optimizer("beta1")},
      {"optimizer.beta2", AT(optimizer.beta2), nudge, zero_to_below_one(), of_optimizer("beta2")},
      {"optimizer.epsilon", AT(optimizer.epsilon), nudge, from_to(least_float, most_float), of_optimizer("epsilon")},
      {"optimizer.momentum", AT(optimizer.momentum), nudge, zero_or_float(most_below_1), of_optimizer("momentum")},
      {"optimizer.nesterov", AT(optimizer.nesterov), nudge, anything(), idle_nesterov},
      {"optimizer.rho", AT(optimizer.rho), nudge, zero_to_below_one(), of_optimizer("rho")},
      {"optimizer.l2", AT(optimizer.l2), nudge, zero_or_float()},
      {"optimizer.weight_decay", AT(optimizer.weight_decay), nudge, zero_or_float(), idle_weight_decay},
      {"optimizer.trust_coefficient", AT(optimizer.trust_coefficient), nudge, from_to(least_float, most_float),
       of_optimizer("trust_coefficient")},
      {"optimizer.clip_norm", AT(optimizer.clip_norm), nudge, zero_or_float()},

      {"schedule.name", AT(schedule.name), nudge, {.words = schedule_names}, idle_schedule},
      {"schedule.warmup_steps", AT(schedule.warmup_steps), nudge, from(0), idle_warmup},
      {"schedule.step_epochs", AT(schedule.step_epochs), nudge, from(1), of_schedule("step_epochs")},
      {"schedule.factor", AT(schedule.factor), nudge, from_to(least_float, most_float), of_schedule("factor")},
      {"schedule.decay", AT(schedule.decay), nudge, zero_or_float(), of_schedule("decay")},
      {"schedule.min_rate", AT(schedule.min_rate), nudge, zero_or_float(), of_schedule("min_rate")},
      {"schedule.power", AT(schedule.power), nudge, from_to(least_float, most_float), of_schedule("power")},
      {"schedule.rise_fraction", AT(schedule.rise_fraction), nudge, from_to(0, 1), of_schedule("rise_fraction")},
      {"schedule.start_divisor", AT(schedule.start_divisor), nudge, from_to(1, most_divisor),
       of_schedule("start_divisor")},
      {"schedule.end_divisor", AT(schedule.end_divisor), nudge, from_to(1, most_divisor), of_schedule("end_divisor")},

      {"train.epochs", AT(train.epochs), nudge, count_from(1), idle_epochs},
      {"train.steps", AT(train.steps), nudge, {.least = 0, .most = most_steps}},
      {"train.evaluate_every", AT(train.evaluate_every), no_bit | nudge, from(1)},
      {"train.log_every", AT(train.log_every), no_bit | nudge, from(1)},
      {"train.max_seconds", AT(train.max_seconds), no_bit, from(0)},
      {"train.tensorboard", AT(train.tensorboard), no_bit, anything()},
      {"train.early_stopping.patience", AT(train.early_stopping.patience), nudge, from(0)},
      {"train.early_stopping.min_delta", AT(train.early_stopping.min_delta), nudge, from(0), idle_min_delta},

      {"train.class_weights", AT(train.class_weights), none},
      {"train.metric", AT(train.metric), none, words(config_words::all<Metric>())},
      {"train.average_decay", AT(train.average_decay), nudge, zero_to_below_one()},

      {"parallel.leaves", AT(parallel.leaves), none, count_from(0)},
      {"parallel.stall_timeout", AT(parallel.stall_timeout), no_bit, from(0)},
      {"parallel.check_every", AT(parallel.check_every), no_bit, from(0)},

      {"checkpoint.every_steps", AT(checkpoint.every_steps), no_bit | nudge, from(0)},
      {"checkpoint.every_seconds", AT(checkpoint.every_seconds), no_bit | nudge, from(0)},
      {"checkpoint.every_epochs", AT(checkpoint.every_epochs), no_bit | nudge, from(0)},
      {"checkpoint.keep", AT(checkpoint.keep), no_bit | nudge, count_from(1)},
      {"checkpoint.give_up", AT(checkpoint.give_up), no_bit | nudge, from(1)},

      {"sweep.trials", AT(sweep.trials), no_bit, from_to(1, most_of_a_sweep), idle_without_space},
      {"sweep.search", AT(sweep.search), no_bit, words(config_words::all<Search>()), idle_without_space},
      {"sweep.round", AT(sweep.round), no_bit, from_to(0, most_of_a_sweep), idle_without_learning},
      {"sweep.metric", AT(sweep.metric), no_bit, words(config_words::all<Metric>()), idle_without_space},
      {"sweep.ranks_per_trial", AT(sweep.ranks_per_trial), no_bit, from_to(1, most_of_a_sweep), idle_without_space},
      {"sweep.keep", AT(sweep.keep), no_bit, from_to(0, most_of_a_sweep), idle_with_folds},
      {"sweep.successive_halving.enabled", AT(sweep.successive_halving.enabled), no_bit, anything(),
       idle_without_space},
      {"sweep.successive_halving.eta", AT(sweep.successive_halving.eta), no_bit, from_to(2, most_of_a_sweep),
       idle_without_space},
      {"sweep.successive_halving.min_epochs", AT(sweep.successive_halving.min_epochs), no_bit,
       from_to(1, most_of_a_sweep), idle_without_space},
      {"sweep.population", AT(sweep.population.members), no_bit, from_to(0, most_of_a_sweep), idle_without_space},
      {"sweep.generation", AT(sweep.population.generation), no_bit, count_from(0), idle_without_population},
      {"sweep.exploit",
       AT(sweep.population.exploit),
       no_bit,
       {.least = 0, .most = 0.5, .least_itself = false},
       idle_without_population},
      {"sweep.folds", AT(sweep.folds), no_bit, from_to(0, most_folds), idle_without_space},
      {"sweep.final_fit", AT(sweep.final_fit), no_bit, anything(), idle_without_space},
      {"sweep.space", AT(sweep.space), no_bit, anything(), idle_sweep},
  };
}

#undef AT

}  // namespace

const std::vector<Key>& keys() {
  static const std::vector<Key> table = make_keys();
  return table;
}

const Key* find(std::string_view name) {
  const auto& table = keys();
  const auto at = std::find_if(table.begin(), table.end(), [&](const Key& key) { return key.name == name; });
  return at == table.end() ? nullptr : &*at;
}

bool is_section(const std::string& name) {
  return std::any_of(keys().begin(), keys().end(), [&](const Key& key) { return key.name.starts_with(name + '.'); });
}

const Key* switch_of(const std::string& section) { return find(section + ".enabled"); }

}  // namespace shoal::config_keys
