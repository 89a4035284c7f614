#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shoal/graph/graph.hpp"

namespace shoal {

/// Batch norm of z (rows, C) over the whole mini-batch:
///   mu = sum z / B, var = sum (z - mu)^2 / B, z_norm = (z - mu) / sqrt(var + epsilon), y = gamma * z_norm + beta
/// gamma, beta: (C). (mean, M2) of leaves meet by Chan's rule in float64; the gradient goes through mu and var of the
/// whole batch. In training it updates its running statistics, <name>/mean and <name>/variance:
///   running = (1 - momentum) * running + momentum * batch, with the unbiased variance. A batch of one row, which is
///   its own mean, is taken as at test time, by the running statistics, and leaves them as they are.
/// Source: Ioffe & Szegedy, Batch normalization (2015); running averages as in PyTorch.
Value batch_norm(Value z, Value gamma, Value beta, double epsilon, double momentum, const std::string& name);

/// Each row of x, (samples, C) or (samples, C, H, W), by itself: y = gamma * x_norm + beta with x_norm of mean 0 and
/// variance 1 over the C columns; mean and variance in float64. gamma, beta: (C).
/// Source: Ba, Kiros & Hinton, Layer normalization (2016).
Value layer_norm(Value x, Value gamma, Value beta, double epsilon);

/// The same over all positions of a sample and C / groups columns that follow each other.
/// Source: Wu & He, Group normalization (2018).
Value group_norm(Value x, Value gamma, Value beta, std::int64_t groups, double epsilon);

/// Inverted dropout: each element is 0 with probability `rate`, else x / (1 - rate); the identity at test time. Which
/// elements fall is a function of (seed, step, lane, data-set row, column). Source: Srivastava et al., Dropout (2014).
Value dropout(Value x, double rate, std::uint32_t lane);

/// A row of `table` (rows, width) for each sample: that whose number, from 0, stands in column `column` of x (samples,
/// D); the last for what is no number of a row. x has no derivative; that of the table adds up rows of the output's.
Value embedding(Value x, std::int64_t column, Value table);

/// The first columns[i] columns of each value beside each other, position by position, by as few operations as there
/// can be: each takes RowBlock::most_inputs values at most. @throws Error (usage) when they do not fit, or none is
/// given.
Value join(std::vector<Value> values, std::vector<std::int64_t> columns);

/// The class that a sample's logits stand for, from 0: the largest of them, the first of equals; a single one tells two
/// classes apart, the second being above 0. Their probabilities need not say so: many logits have one and the same.
inline std::size_t class_of(std::span<const double> logits) {
  if (logits.size() == 1) return logits[0] > 0.0 ? 1 : 0;
  return static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

/// Losses: sums over the samples of the batch, each times its weight (see Batch::weights), in nats and float64;
/// reductions whose statistics are (loss sum, weight of those right). The trainer divides by the samples, or by the sum
/// of their weights.
///   logits (samples, K); targets as below, one row per sample, without a derivative

/// sum_b logsumexp(z_b) - z_b[y_b]; targets (samples, 1): class numbers, whole ones from 0 to K - 1, which minimize()
/// checks; the loss of any other is NaN. Right: the largest logit (the first of equals)
/// is the class. Source: Goodfellow, Bengio & Courville, Deep Learning (2016), section 6.2.2.3.
/// With label_smoothing e the target is (1 - e) onehot + e / K, also in evaluation; as PyTorch. Source: Szegedy et al.,
/// Rethinking the Inception architecture (2016).
Value softmax_cross_entropy(Value logits, Value targets);

/// Binary cross-entropy averaged over a sample's K outputs: max(z, 0) - z t + log(1 + e^-|z|). targets (samples, K) in
/// [0, 1], with any other the loss is NaN. Right: for K = 1, class_of() equals the target; for K > 1, it is that of the
/// largest target.
/// With pos_weight p: (1 - t) z + (1 + (p - 1) t) (log(1 + e^-|z|) + max(-z, 0)), as PyTorch's BCEWithLogitsLoss.
Value sigmoid_cross_entropy(Value logits, Value targets);

/// Squared error averaged over a sample's K outputs. targets (samples, K). None is right.
Value mean_squared_error(Value outputs, Value targets);

/// Of the further ones, each averaged over a sample's K outputs, none right; by apply_loss(Loss::mae, ...):
///   mae       |z - t|, with the derivative 0 where z = t
///   huber     (z - t)^2 / 2 up to |z - t| = delta, beyond it delta (|z - t| - delta / 2); as PyTorch's HuberLoss.
///             Source: Huber, Robust estimation of a location parameter (1964)
///   quantile  L levels q, outputs (samples, T L) for targets (samples, T): output j L + i is the q_i quantile of
///   target
///             j, by max(q (t - z), (q - 1) (t - z)), with the derivative 0 where z = t. Nothing keeps a higher level
///             above a lower one. Source: Koenker & Bassett, Regression quantiles (1978)

}  // namespace shoal
