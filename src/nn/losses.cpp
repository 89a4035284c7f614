#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "shoal/core/elementary.hpp"
#include "shoal/core/error.hpp"
#include "shoal/nn/losses.hpp"
#include "shoal/tensor/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/losses.cpp"
#include <hwy/foreach_target.h>
// After foreach_target:
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace shoal {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t lanes = LossBlock::samples;
using Lanes = std::array<double, lanes>;

std::size_t largest(std::span<const double> v) {
  return static_cast<std::size_t>(std::max_element(v.begin(), v.end()) - v.begin());
}

struct Largest {
  Lanes value;
  Lanes at;  // the first of equals
};

// Sums over outputs are vectors by hand: a compiler adds numbers of one lane, one by one.
const hn::CappedTag<double, lanes> vector_tag;
constexpr std::size_t width = hn::MaxLanes(hn::CappedTag<double, lanes>());
static_assert(lanes % width == 0, "a block is whole vectors");

Largest largest_of(const double* v, std::size_t count) {
  Largest most;
  for (std::size_t i = 0; i < lanes; i += width) {
    auto value = hn::LoadU(vector_tag, v + i);
    auto at = hn::Zero(vector_tag);
    for (std::size_t k = 1; k < count; ++k) {
      const auto next = hn::LoadU(vector_tag, v + k * lanes + i);
      const auto more = hn::Gt(next, value);
      value = hn::IfThenElse(more, next, value);
      at = hn::IfThenElse(more, hn::Set(vector_tag, static_cast<double>(k)), at);
    }
    hn::StoreU(value, vector_tag, most.value.data() + i);
    hn::StoreU(at, vector_tag, most.at.data() + i);
  }
  return most;
}

bool is_class(double number, std::size_t classes) {
  return number >= 0.0 && number < static_cast<double>(classes) && number == std::floor(number);
}

/// From a sample's probabilities in d to the derivative.
void smoothed_sample(LossBlock& b, std::size_t i, std::size_t label, double smoothing, double most, double log_rest) {
  const double each = smoothing / static_cast<double>(b.outputs);
  double below = 0.0;
  for (std::size_t k = 0; k < b.outputs; ++k) {
    below += most - b.z[k * lanes + i];
    b.d[k * lanes + i] -= k == label ? (1.0 - smoothing) + each : each;
  }
  b.loss[i] = ((1.0 - smoothing) * (most - b.z[label * lanes + i]) + each * below) + log_rest;
}

/// d = e^(z - its largest)
void exponentials(const double* HWY_RESTRICT z, std::size_t outputs, const Lanes& most, double* HWY_RESTRICT d) {
  for (std::size_t i = 0; i < lanes; i += width) {
    const auto largest = hn::LoadU(vector_tag, most.data() + i);
    for (std::size_t n = i; n < outputs * lanes; n += lanes)
      hn::StoreU(hn::Sub(hn::LoadU(vector_tag, z + n), largest), vector_tag, d + n);
  }
  for (std::size_t n = 0; n < outputs * lanes; ++n) d[n] = elementary::exp(d[n]);
}

/// d / its sum; and the sum without the largest, whose term is 1.
Lanes divide_by_sum(std::size_t outputs, const Lanes& largest, double* d) {
  Lanes rests;
  for (std::size_t i = 0; i < lanes; i += width) {
    const auto at = hn::LoadU(vector_tag, largest.data() + i);
    auto sum = hn::Zero(vector_tag);
    auto rest = hn::Zero(vector_tag);
    for (std::size_t k = 0; k < outputs; ++k) {
      const auto term = hn::LoadU(vector_tag, d + k * lanes + i);
      sum = hn::Add(sum, term);
      rest = hn::Add(rest, hn::IfThenZeroElse(hn::Eq(at, hn::Set(vector_tag, static_cast<double>(k))), term));
    }
    for (std::size_t n = i; n < outputs * lanes; n += lanes)
      hn::StoreU(hn::Div(hn::LoadU(vector_tag, d + n), sum), vector_tag, d + n);
    hn::StoreU(rest, vector_tag, rests.data() + i);
  }
  return rests;
}

void softmax_block(LossBlock& b, const LossNumbers& numbers) {
  const double* HWY_RESTRICT z = b.z;
  double* HWY_RESTRICT d = b.d;
  const Largest most = largest_of(z, b.outputs);
  exponentials(z, b.outputs, most.value, d);
  Lanes rest = divide_by_sum(b.outputs, most.at, d);  // log(1 + rest) keeps the digits of a small loss
  for (std::size_t i = 0; i < lanes; ++i) rest[i] = elementary::log1p(rest[i]);
  for (std::size_t i = 0; i < lanes; ++i) {
    if (!is_class(b.t[i], b.outputs)) {
      b.loss[i] = std::numeric_limits<double>::quiet_NaN();
      b.right[i] = false;
      continue;
    }
    const auto label = static_cast<std::size_t>(b.t[i]);
    b.right[i] = most.at[i] == b.t[i];
    if (numbers.label_smoothing == 0.0) {
      d[label * lanes + i] -= 1.0;
      b.loss[i] = (most.value[i] - z[label * lanes + i]) + rest[i];
    } else {
      smoothed_sample(b, i, label, numbers.label_smoothing, most.value[i], rest[i]);
    }
  }
}

void add(const Lanes& part, Lanes& sum) {
  for (std::size_t i = 0; i < lanes; i += width)
    hn::StoreU(hn::Add(hn::LoadU(vector_tag, sum.data() + i), hn::LoadU(vector_tag, part.data() + i)), vector_tag,
               sum.data() + i);
}

/// A loss that is the mean over outputs: one(k, i, d) has the part of output k of sample i, and puts down its
/// derivative.
template <class One>
HWY_INLINE void mean_over_outputs(LossBlock& b, const One& one) {
  const auto outputs = static_cast<double>(b.outputs);
  Lanes loss{};
  for (std::size_t k = 0; k < b.outputs; ++k) {
    double* HWY_RESTRICT d = b.d + k * lanes;
    Lanes part;
    for (std::size_t i = 0; i < lanes; ++i) {
      part[i] = one(k, k * lanes + i, d[i]);
      d[i] /= outputs;
    }
    add(part, loss);
  }
  for (std::size_t i = 0; i < lanes; ++i) b.loss[i] = loss[i] / outputs;
}

void plain_sigmoid(LossBlock& b) {
  mean_over_outputs(b, [z = b.z, t = b.t](std::size_t, std::size_t n, double& d) {
    d = elementary::sigmoid(z[n]) - t[n];
    return (std::max(z[n], 0.0) - z[n] * t[n]) + elementary::log1p(elementary::exp(-std::fabs(z[n])));
  });
}

void weighted_sigmoid(LossBlock& b, std::span<const double> pos_weight) {
  mean_over_outputs(b, [z = b.z, t = b.t, pos_weight](std::size_t k, std::size_t n, double& d) {
    const double positive = 1.0 + (pos_weight[pos_weight.size() == 1 ? 0 : k] - 1.0) * t[n];
    const double softplus = elementary::log1p(elementary::exp(-std::fabs(z[n]))) + std::max(-z[n], 0.0);
    d = (1.0 - t[n]) - positive * elementary::sigmoid(-z[n]);
    return (1.0 - t[n]) * z[n] + positive * softplus;
  });
}

void sigmoid_block(LossBlock& b, const LossNumbers& numbers) {
  numbers.pos_weight.empty() ? plain_sigmoid(b) : weighted_sigmoid(b, numbers.pos_weight);
  for (std::size_t n = 0; n < b.outputs * lanes; ++n) {
    if (!(b.t[n] >= 0.0 && b.t[n] <= 1.0)) b.loss[n % lanes] = std::numeric_limits<double>::quiet_NaN();
  }
  const Largest z = largest_of(b.z, b.outputs);
  const Largest t = largest_of(b.t, b.outputs);
  for (std::size_t i = 0; i < lanes; ++i)  // see class_of()
    b.right[i] = b.outputs == 1 ? (z.value[i] > 0.0) == (t.value[i] > 0.5) : z.at[i] == t.at[i];
}

void squared_block(LossBlock& b, const LossNumbers&) {
  mean_over_outputs(b, [z = b.z, t = b.t](std::size_t, std::size_t n, double& d) {
    const double error = z[n] - t[n];
    d = 2.0 * error;
    return error * error;
  });
}

double sign(double v) { return static_cast<double>(v > 0.0) - static_cast<double>(v < 0.0); }

void absolute_block(LossBlock& b, const LossNumbers&) {
  mean_over_outputs(b, [z = b.z, t = b.t](std::size_t, std::size_t n, double& d) {
    const double error = z[n] - t[n];
    d = sign(error);
    return std::fabs(error);
  });
}

void huber_block(LossBlock& b, const LossNumbers& numbers) {
  mean_over_outputs(b, [z = b.z, t = b.t, delta = numbers.delta](std::size_t, std::size_t n, double& d) {
    const double error = z[n] - t[n];
    const double size = std::fabs(error);
    d = size <= delta ? error : delta * sign(error);
    return size <= delta ? 0.5 * error * error : delta * (size - 0.5 * delta);
  });
}

void quantile_block(LossBlock& b, const LossNumbers& numbers) {
  mean_over_outputs(b, [z = b.z, t = b.t, &levels = numbers.levels](std::size_t k, std::size_t n, double& d) {
    const double level = levels[k % levels.size()];
    const double above = t[k / levels.size() * lanes + n % lanes] - z[n];
    d = above > 0.0 ? -level : (above < 0.0 ? 1.0 - level : 0.0);
    return std::max(level * above, (level - 1.0) * above);
  });
}

void softmax_report(std::span<double> z) {
  const double most = z[largest(z)];
  for (double& v : z) v = elementary::exp(v - most);
  double sum = 0.0;
  for (const double v : z) sum += v;
  for (double& v : z) v /= sum;
}

void sigmoid_report(std::span<double> z) {
  for (double& v : z) v = elementary::sigmoid(v);
}

}  // namespace HWY_NAMESPACE
}  // namespace shoal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shoal {
namespace {

HWY_EXPORT(softmax_block);
HWY_EXPORT(sigmoid_block);
HWY_EXPORT(squared_block);
HWY_EXPORT(absolute_block);
HWY_EXPORT(huber_block);
HWY_EXPORT(quantile_block);
HWY_EXPORT(softmax_report);
HWY_EXPORT(sigmoid_report);

void call_softmax(LossBlock& b, const LossNumbers& n) { HWY_DYNAMIC_DISPATCH(softmax_block)(b, n); }
void call_sigmoid(LossBlock& b, const LossNumbers& n) { HWY_DYNAMIC_DISPATCH(sigmoid_block)(b, n); }
void call_squared(LossBlock& b, const LossNumbers& n) { HWY_DYNAMIC_DISPATCH(squared_block)(b, n); }
void call_absolute(LossBlock& b, const LossNumbers& n) { HWY_DYNAMIC_DISPATCH(absolute_block)(b, n); }
void call_huber(LossBlock& b, const LossNumbers& n) { HWY_DYNAMIC_DISPATCH(huber_block)(b, n); }
void call_quantile(LossBlock& b, const LossNumbers& n) { HWY_DYNAMIC_DISPATCH(quantile_block)(b, n); }

void to_softmax(std::span<double> z) { HWY_DYNAMIC_DISPATCH(softmax_report)(z); }
void to_sigmoid(std::span<double> z) { HWY_DYNAMIC_DISPATCH(sigmoid_report)(z); }
void as_they_are(std::span<double>) {}

std::int64_t one_each(std::int64_t classes) { return classes; }
std::int64_t one_for_two(std::int64_t classes) { return classes < 2 ? 0 : (classes == 2 ? 1 : classes); }
std::int64_t one(std::int64_t) { return 1; }

}  // namespace

constexpr Loss Loss::softmax{"softmax", "softmax_cross_entropy", Targets::class_number, true, one_each, call_softmax,
                             to_softmax};
constexpr Loss Loss::sigmoid{"sigmoid", "sigmoid_cross_entropy", Targets::shares, true, one_for_two, call_sigmoid,
                             to_sigmoid};
constexpr Loss Loss::mse{"mse", "mean_squared_error", Targets::numbers, false, one, call_squared, as_they_are};
constexpr Loss Loss::mae{"mae", "mean_absolute_error", Targets::numbers, false, one, call_absolute, as_they_are};
constexpr Loss Loss::huber{"huber", "huber_loss", Targets::numbers, false, one, call_huber, as_they_are};
const Loss Loss::quantile{"quantile", "quantile_loss", Targets::numbers, false,
                          one,        call_quantile,   as_they_are,      {.levels = {0.1, 0.5, 0.9}}};

const std::vector<Loss>& Loss::all() {
  static const std::vector<Loss> losses{softmax, sigmoid, mse, mae, huber, quantile};
  return losses;
}

std::vector<std::string> Loss::names() {
  std::vector<std::string> names;
  for (const Loss& loss : all()) names.emplace_back(loss.name);
  return names;
}

const Loss& Loss::named(std::string_view name) {
  for (const Loss& loss : all()) {
    if (loss.name == name) return loss;
  }
  throw Error(ExitStatus::usage, fmt::format("unknown loss \"{}\"; use one of {}", name, fmt::join(names(), ", ")));
}

Loss Loss::of(const LossSettings& settings) {
  Loss loss = named(settings.name);
  if (const std::string fault = fault_of(settings); !fault.empty()) throw Error(ExitStatus::usage, fault);
  loss.numbers.delta = settings.delta;
  loss.numbers.label_smoothing = settings.label_smoothing;
  loss.numbers.pos_weight = settings.pos_weight;
  if (!settings.levels.empty()) loss.numbers.levels = settings.levels;
  return loss;
}

SampleLoss Loss::sample(std::span<const double> z, std::span<const double> t, std::span<double> d) const {
  constexpr std::size_t samples = LossBlock::samples;
  std::vector<double> all_z(z.size() * samples), all_t(t.size() * samples), all_d(all_z.size());
  for (std::size_t k = 0; k < z.size(); ++k) all_z[k * samples] = z[k];
  for (std::size_t k = 0; k < t.size(); ++k) all_t[k * samples] = t[k];
  LossBlock one{z.size(), all_z.data(), all_t.data(), all_d.data()};
  block(one, numbers);
  for (std::size_t k = 0; k < z.size(); ++k) d[k] = all_d[k * samples];
  return {one.loss[0], one.right[0]};
}

LossSettings Loss::settings() const {
  const bool usual = numbers.levels == named(name).numbers.levels;
  return {std::string(name), numbers.delta, usual ? std::vector<double>() : numbers.levels, numbers.label_smoothing,
          numbers.pos_weight};
}

}  // namespace shoal
#endif
