// Which instruction sets the numerical files are compiled for. Include before hwy/foreach_target.hpp in each of them.
//
// A numerical file is compiled once per instruction set by Highway and chosen at run time. Sets without a fused
// multiply-add are left out: the fallback calls std::fma, so that all of them give the same bits. Products (gemm.cpp)
// and functions with exponentials use Highway's vectors; other elementwise and per-column loops are plain C++ with
// explicit std::fma, which the compiler vectorises for each set without changing any element's operations.
#pragma once

#define HWY_DISABLED_TARGETS                                                                                         \
  (HWY_SSE2 | HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL | HWY_AVX3_ZEN4 | HWY_AVX3_SPR | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | \
   HWY_SVE2_128 | HWY_PPC8)
// By default the compiler decides between Highway's two fallbacks; one of them has no fused multiply-add at all.
#define HWY_BROKEN_EMU128 1

#include <hwy/detect_targets.h>

// Sets that Highway 1.0.3 does not know yet. As it expands HWY_DISABLED_TARGETS late, they may be named above.
#ifndef HWY_SSE2
#define HWY_SSE2 0
#endif
#ifndef HWY_AVX3_ZEN4
#define HWY_AVX3_ZEN4 0
#endif
#ifndef HWY_AVX3_SPR
#define HWY_AVX3_SPR 0
#endif
