#pragma once

#include "shoal/optim/optimizer.hpp"

// The rules that ship, in the form in which they are registered.
namespace shoal {

void update_gd(const UpdateScalars&, std::span<float> w, const GradientSum& g, std::span<float* const> moments);
void update_momentum(const UpdateScalars&, std::span<float> w, const GradientSum& g, std::span<float* const> moments);
void update_rmsprop(const UpdateScalars&, std::span<float> w, const GradientSum& g, std::span<float* const> moments);
void update_adam(const UpdateScalars&, std::span<float> w, const GradientSum& g, std::span<float* const> moments);
void update_adamw(const UpdateScalars&, std::span<float> w, const GradientSum& g, std::span<float* const> moments);

}  // namespace shoal
