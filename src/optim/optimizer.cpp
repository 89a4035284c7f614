#include "shoal/optim/optimizer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "optim/unknown_name.hpp"
#include "optim/update.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/keys_of.hpp"
#include "shoal/optim/clipping.hpp"

namespace shoal {

/// How a parameter's trust ratio is told.
struct TrustRule {
  void (*change)(const UpdateScalars&, std::span<const float> w, const GradientSum&, std::span<float* const> moments,
                 float* change);
  double (*ratio)(const OptimizerSettings&, double weights, double change);  // of the two norms, the first above 0
};

namespace {

using Names = std::vector<std::string_view>;

double lars_ratio(const OptimizerSettings& s, double weights, double change) {
  const double sum = change + s.weight_decay * weights;
  return sum == 0.0 ? 1.0 : s.trust_coefficient * weights / sum;
}
double lamb_ratio(const OptimizerSettings&, double weights, double change) {
  return change == 0.0 ? 1.0 : weights / change;
}

constexpr TrustRule lars_trust = {lars_change, lars_ratio};
constexpr TrustRule lamb_trust = {lamb_change, lamb_ratio};

struct Rule {
  Names moments;
  UpdateFunction update;
  std::optional<Names> uses = {};  // of the settings that not all look at; none: unknown
  const TrustRule* trust = nullptr;
};

// A map, because an Optimizer points into it and entries must not move when others are added.
std::map<std::string, Rule, std::less<>>& registry() {
  static std::map<std::string, Rule, std::less<>> rules = {
      {"gd", {{}, update_gd, Names{}}},
      {"momentum", {{"velocity"}, update_momentum, Names{"momentum", "nesterov"}}},
      {"rmsprop", {{"square"}, update_rmsprop, Names{"epsilon", "rho"}}},
      {"adam", {{"m", "v"}, update_adam, Names{"beta1", "beta2", "epsilon"}}},
      {"adamw", {{"m", "v"}, update_adamw, Names{"beta1", "beta2", "epsilon", "weight_decay"}}},
      {"lars",
       {{"velocity"}, update_lars, Names{"momentum", "nesterov", "trust_coefficient", "weight_decay"}, &lars_trust}},
      {"lamb", {{"m", "v"}, update_lamb, Names{"beta1", "beta2", "epsilon", "weight_decay"}, &lamb_trust}},
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

std::vector<std::string> optimizer_names() { return keys_of(registry()); }

bool optimizer_uses(std::string_view name, std::string_view setting) {
  const auto& uses = find_rule(name).second.uses;
  return !uses || std::find(uses->begin(), uses->end(), setting) != uses->end();
}

Optimizer::Optimizer(std::string_view name) {
  const auto& [known_name, rule] = find_rule(name);
  name_ = &known_name;
  moments_ = rule.moments;
  update_ = rule.update;
  trust_ = rule.trust;
}

void Optimizer::update(const UpdateScalars& scalars, std::span<float> w, const GradientSum& gradient_sum,
                       std::span<float* const> moments) const {
  assert(w.size() == gradient_sum.size());
  assert(moments.size() == moments_.size());
  assert(scalars.step >= 1);
  update_(scalars, w, gradient_sum, moments);
}

TrustNorms Optimizer::norms(const UpdateScalars& scalars, std::span<const float> w, const GradientSum& gradient_sum,
                            std::span<float* const> moments) const {
  assert(trusts() && w.size() == gradient_sum.size() && moments.size() == moments_.size());
  constexpr std::size_t piece_size = 1024;
  std::array<float, piece_size> change{};
  TrustNorms sum;
  for (std::size_t begin = 0; begin < w.size(); begin += piece_size) {
    const std::size_t n = std::min(piece_size, w.size() - begin);
    const float* right = gradient_sum.right();
    const GradientSum piece(gradient_sum.left().subspan(begin, n), right == nullptr ? right : right + begin);
    std::array<float*, most_moments> at{};
    for (std::size_t m = 0; m < moments.size(); ++m) at[m] = moments[m] + begin;
    trust_->change(scalars, w.subspan(begin, n), piece, std::span(at).first(moments.size()), change.data());
    sum.weights += sum_of_squares(w.subspan(begin, n), 1.0F);
    sum.change += sum_of_squares(std::span(change).first(n), 1.0F);
  }
  return sum;
}

double Optimizer::trust_ratio(const OptimizerSettings& settings, const TrustNorms& whole) const {
  assert(trusts());
  if (whole.weights == 0.0) return 1.0;  // or they would stay 0
  return trust_->ratio(settings, std::sqrt(whole.weights), std::sqrt(whole.change));
}

}  // namespace shoal
