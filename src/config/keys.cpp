#include "shoal/config/keys.hpp"

#include <algorithm>

#include "shoal/optim/optimizer.hpp"
#include "shoal/optim/schedule.hpp"

namespace shoal::config_keys {
namespace {

constexpr double most_count = 2147483647;     // room to multiply two of them in 64 bits
constexpr double most_steps = 1099511627776;  // 2^40: centuries, with room to add
constexpr double least_float = 1.2e-38;       // what is less can be 0 as a float

Allowed from(double least) { return {.least = least}; }
Allowed count_from(double least) { return {.least = least, .most = most_count}; }
Allowed above(double least) { return {.least = least, .least_itself = false}; }
Allowed zero_to_below_one() { return {.least = 0, .most = 1, .most_itself = false}; }
Allowed above_zero_to_one() { return {.least = 0, .most = 1, .least_itself = false}; }

Allowed words(std::vector<std::string> list) {
  return {.words = [list = std::move(list)] { return list; }};
}

// A captureless function from a config to the address of one member.
#define AT(member) [](Config& c) -> Reference { return &c.member; }

std::vector<Key> make_keys() {
  return {
      {"seed", AT(seed), none, from(0)},

      {"data.file", AT(data.file), no_bit | path},
      {"data.batch_size", AT(data.batch_size), none, count_from(1)},
      {"data.validation", AT(data.validation), none, zero_to_below_one()},
      {"data.normalize", AT(data.normalize), none, words({"standard", "unit", "none"})},
      {"data.shuffle_block", AT(data.shuffle_block), none, count_from(0)},

      {"model.hidden", AT(model.hidden), none, count_from(1)},
      {"model.depth", AT(model.depth), none, {.least = 0, .most = 10000}},
      {"model.width", AT(model.width), none, count_from(0)},
      {"model.activation", AT(model.activation), none,
       words({"relu", "leaky_relu", "tanh", "sigmoid", "gelu", "identity"})},
      {"model.dropout", AT(model.dropout), nudge, zero_to_below_one()},
      {"model.init", AT(model.init), none, words({"auto", "he", "xavier", "zeros", "normal"})},
      {"model.loss", AT(model.loss), none, words({"auto", "softmax", "sigmoid", "mse"})},
      {"model.batch_norm.enabled", AT(model.batch_norm.enabled)},
      {"model.batch_norm.position", AT(model.batch_norm.position), none,
       words({"before_activation", "after_activation"})},
      {"model.batch_norm.epsilon", AT(model.batch_norm.epsilon), none, above(0)},
      {"model.batch_norm.momentum", AT(model.batch_norm.momentum), none, above_zero_to_one()},
      {"model.batch_norm.running", AT(model.batch_norm.running), none, words({"average", "exact"})},
      {"model.layers", AT(model.layers)},

      {"optimizer.name", AT(optimizer.name), none, {.words = optimizer_names}},
      {"optimizer.learning_rate", AT(optimizer.learning_rate), nudge, above(0)},
      {"optimizer.beta1", AT(optimizer.beta1), nudge, zero_to_below_one()},
      {"optimizer.beta2", AT(optimizer.beta2), nudge, zero_to_below_one()},
      {"optimizer.epsilon", AT(optimizer.epsilon), nudge, from(least_float)},
      {"optimizer.momentum", AT(optimizer.momentum), nudge, zero_to_below_one()},
      {"optimizer.rho", AT(optimizer.rho), nudge, zero_to_below_one()},
      {"optimizer.l2", AT(optimizer.l2), nudge, from(0)},
      {"optimizer.weight_decay", AT(optimizer.weight_decay), nudge, from(0)},
      {"optimizer.clip_norm", AT(optimizer.clip_norm), nudge, from(0)},

      {"schedule.name", AT(schedule.name), nudge, {.words = schedule_names}},
      {"schedule.warmup_steps", AT(schedule.warmup_steps), nudge, from(0)},
      {"schedule.step_epochs", AT(schedule.step_epochs), nudge, from(1)},
      {"schedule.factor", AT(schedule.factor), nudge, above(0)},
      {"schedule.decay", AT(schedule.decay), nudge, from(0)},
      {"schedule.min_rate", AT(schedule.min_rate), nudge, from(0)},

      {"train.epochs", AT(train.epochs), nudge, count_from(1)},
      {"train.steps", AT(train.steps), nudge, {.least = 0, .most = most_steps}},
      {"train.evaluate_every", AT(train.evaluate_every), no_bit | nudge, from(1)},
      {"train.log_every", AT(train.log_every), no_bit | nudge, from(1)},
      {"train.max_seconds", AT(train.max_seconds), no_bit, from(0)},
      {"train.early_stopping.patience", AT(train.early_stopping.patience), nudge, from(0)},
      {"train.early_stopping.min_delta", AT(train.early_stopping.min_delta), nudge, from(0)},

      {"parallel.leaves", AT(parallel.leaves), none, count_from(0)},
      {"parallel.stall_timeout", AT(parallel.stall_timeout), no_bit, from(0)},
      {"parallel.check_every", AT(parallel.check_every), no_bit, from(0)},

      {"checkpoint.every_steps", AT(checkpoint.every_steps), no_bit | nudge, from(0)},
      {"checkpoint.every_seconds", AT(checkpoint.every_seconds), no_bit | nudge, from(0)},
      {"checkpoint.every_epochs", AT(checkpoint.every_epochs), no_bit | nudge, from(0)},
      {"checkpoint.keep", AT(checkpoint.keep), no_bit | nudge, count_from(1)},
      {"checkpoint.give_up", AT(checkpoint.give_up), no_bit | nudge, from(1)},

      {"sweep", AT(sweep), no_bit},  // one model alone does not read it
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

const std::vector<std::string>& sweep_keys() {
  static const std::vector<std::string> names = {"sweep.trials",
                                                 "sweep.search",
                                                 "sweep.metric",
                                                 "sweep.successive_halving.eta",
                                                 "sweep.successive_halving.min_epochs",
                                                 "sweep.ranks_per_trial"};
  return names;
}

const std::vector<std::string>& dimension_keys() {
  static const std::vector<std::string> names = {"scale", "min", "max", "integer", "choices"};
  return names;
}

}  // namespace shoal::config_keys
