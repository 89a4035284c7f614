#include "shoal/optim/optimizer.hpp"

#include <cassert>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <utility>

#include "optim/settings_check.hpp"
#include "optim/update.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

struct Rule {
  std::vector<std::string_view> moments;
  UpdateFunction update;
};

// A map, because an Optimizer points into it and entries must not move when others are added.
std::map<std::string, Rule, std::less<>>& registry() {
  static std::map<std::string, Rule, std::less<>> rules = {
      {"gd", {{}, update_gd}},
      {"momentum", {{"velocity"}, update_momentum}},
      {"rmsprop", {{"square"}, update_rmsprop}},
      {"adam", {{"m", "v"}, update_adam}},
      {"adamw", {{"m", "v"}, update_adamw}},
  };
  return rules;
}

const std::pair<const std::string, Rule>& find_rule(std::string_view name) {
  const auto found = registry().find(name);
  if (found == registry().end()) throw_unknown_name("optimizer", std::string(name), optimizer_names());
  return *found;
}

}  // namespace

void register_optimizer(std::string_view name, std::vector<std::string_view> moments, UpdateFunction update) {
  assert(update != nullptr);
  if (!registry().emplace(name, Rule{std::move(moments), update}).second) {
    throw Error(ExitStatus::usage, "optimizer \"" + std::string(name) + "\" is registered already; use another name");
  }
}

std::vector<std::string> optimizer_names() {
  std::vector<std::string> names;
  for (const auto& [name, rule] : registry()) names.push_back(name);
  return names;
}

void check_settings(const OptimizerSettings& s) {
  find_rule(s.name);
  const auto not_negative = [](std::string_view key, double value) {
    require_setting(std::isfinite(value) && value >= 0.0, key, value, "0 or more");
  };
  const auto decay_rate = [](std::string_view key, double value) {
    require_setting(value >= 0.0 && value < 1.0, key, value, "at least 0 and below 1");
  };
  not_negative("optimizer.learning_rate", s.learning_rate);
  decay_rate("optimizer.beta1", s.beta1);
  decay_rate("optimizer.beta2", s.beta2);
  decay_rate("optimizer.momentum", s.momentum);
  decay_rate("optimizer.rho", s.rho);
  not_negative("optimizer.l2", s.l2);
  not_negative("optimizer.weight_decay", s.weight_decay);
  not_negative("optimizer.clip_norm", s.clip_norm);
  // As a float it must stay above 0, or an element whose gradient is 0 becomes 0 / 0.
  require_setting(std::isfinite(s.epsilon) && s.epsilon >= double{std::numeric_limits<float>::min()},
                  "optimizer.epsilon", s.epsilon, "1.2e-38 or more");
}

Optimizer::Optimizer(std::string_view name) {
  const auto& [known_name, rule] = find_rule(name);
  name_ = &known_name;
  moments_ = rule.moments;
  update_ = rule.update;
}

void Optimizer::update(const UpdateScalars& scalars, std::span<float> w, std::span<const float> gradient_sum,
                       std::span<float* const> moments) const {
  assert(w.size() == gradient_sum.size());
  assert(moments.size() == moments_.size());
  assert(scalars.step >= 1);
  update_(scalars, w, gradient_sum, moments);
}

}  // namespace shoal
