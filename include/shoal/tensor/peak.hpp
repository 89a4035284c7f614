#pragma once

namespace shoal {

/// Fused multiply-adds of float32 that the calling thread can do with the instruction set in use, in GFLOP/s (two a
/// multiply-add): independent chains in registers, the best of a few runs of some milliseconds together.
double measure_peak_gflops();

}  // namespace shoal
