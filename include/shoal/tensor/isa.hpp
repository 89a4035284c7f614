#pragma once

#include <string>

namespace shoal {

/// Takes the instruction set named by the environment variable SHOAL_ISA (avx512, avx2, neon, scalar) instead of the
/// best one that this processor has. Call once at start, before any kernel.
/// @throws Error (usage) when the name is unknown or this processor or build does not have it.
void select_instruction_set();

/// The instruction set that the kernels use: avx512, avx2, neon or scalar.
std::string instruction_set();

}  // namespace shoal
