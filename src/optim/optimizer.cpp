#include "shoal/optim/optimizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "optim/unknown_name.hpp"
#include "optim/update.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

using Names = std::vector<std::string_view>;

struct Rule {
  Names moments;
  UpdateFunction update;
  std::optional<Names> uses = {};  // of the settings that not all look at; none: unknown
};

// A map, because an Optimizer points into it and entries must not move when others are added.
std::map<std::string, Rule, std::less<>>& registry() {
  static std::map<std::string, Rule, std::less<>> rules = {
      {"gd", {{}, update_gd, Names{}}},
      {"momentum", {{"velocity"}, update_momentum, Names{"momentum"}}},
      {"rmsprop", {{"square"}, update_rmsprop, Names{"epsilon", "rho"}}},
      {"adam", {{"m", "v"}, update_adam, Names{"beta1", "beta2", "epsilon"}}},
      {"adamw", {{"m", "v"}, update_adamw, Names{"beta1", "beta2", "epsilon", "weight_decay"}}},
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
  if (moments.size() > most_moments) {
    throw Error(ExitStatus::usage,
                fmt::format("optimizer \"{}\" has {} moments; use {} or fewer", name, moments.size(), most_moments));
  }
  if (!registry().emplace(name, Rule{std::move(moments), update}).second) {
    throw Error(ExitStatus::usage, "optimizer \"" + std::string(name) + "\" is registered already; use another name");
  }
}

std::vector<std::string> optimizer_names() {
  std::vector<std::string> names;
  for (const auto& [name, rule] : registry()) names.push_back(name);
  return names;
}

bool optimizer_uses(std::string_view name, std::string_view setting) {
  const auto& uses = find_rule(name).second.uses;
  return !uses || std::find(uses->begin(), uses->end(), setting) != uses->end();
}

Optimizer::Optimizer(std::string_view name) {
  const auto& [known_name, rule] = find_rule(name);
  name_ = &known_name;
  moments_ = rule.moments;
  update_ = rule.update;
}

void Optimizer::update(const UpdateScalars& scalars, std::span<float> w, const GradientSum& gradient_sum,
                       std::span<float* const> moments) const {
  assert(w.size() == gradient_sum.size());
  assert(moments.size() == moments_.size());
  assert(scalars.step >= 1);
  update_(scalars, w, gradient_sum, moments);
}

}  // namespace shoal
