// Which instruction sets the numerical files are compiled for. Include before hwy/foreach_target.hpp in each of them.
//
// A numerical file is compiled once per instruction set by Highway and chosen at run time. Sets without a fused
// multiply-add are left out: the fallback calls std::fma, so that all of them give the same bits. Products (gemm.cpp)
// use Highway's vectors; elementwise and per-column loops are plain C++ with explicit std::fma, which the compiler
// vectorises for each set without changing any element's operations.
#pragma once

#define HWY_DISABLED_TARGETS \
  (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_PPC8)
