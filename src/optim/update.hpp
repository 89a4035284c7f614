#pragma once

#include "shoal/optim/optimizer.hpp"

// The rules that ship, in the form in which they are registered.
namespace shoal {

void update_gd(const UpdateScalars&, std::span<float> w, const GradientSum& g, std::span<float* const> moments);
void update_momentum(const UpdateScalars&, std::span<float> w, const GradientSum& g, std::span<float* const> moments);
void update_rmsprop(const UpdateScalars&, std::span<float> w, const GradientSum& g, std::span<float* const> moments);
void update_adam(const UpdateScalars&, std::span<float> w, const GradientSum& g, std::span<float* const> moments);
void update_adamw(const UpdateScalars&, std::span<float> w, const GradientSum& g, std::span<float* const> moments);
void update_lars(const UpdateScalars&, std::span<float> w, const GradientSum& g, std::span<float* const> moments);
void update_lamb(const UpdateScalars&, std::span<float> w, const GradientSum& g, std::span<float* const> moments);

// What the trust ratios of lars and lamb are told by, in `change`: the gradient, and u. Elementwise; moments stay.
void lars_change(const UpdateScalars&, std::span<const float> w, const GradientSum& g, std::span<float* const> moments,
                 float* change);
void lamb_change(const UpdateScalars&, std::span<const float> w, const GradientSum& g, std::span<float* const> moments,
                 float* change);

}  // namespace shoal
