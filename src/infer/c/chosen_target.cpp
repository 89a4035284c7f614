// What Highway's headers ask of its library, so that none has to be there: which instruction set kernels are taken for.
#include "shoal/tensor/targets.hpp"
// After the targets:
#include <hwy/base.h>
#include <hwy/targets.h>

#include <cstdlib>
#include <string_view>

namespace hwy {
namespace {

/// The sets of this processor that kernels are compiled for, among them the fallback.
std::int64_t present() {
  std::int64_t targets = HWY_SCALAR | HWY_STATIC_TARGET;
#if HWY_ARCH_X86
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 &&
                    __builtin_cpu_supports("bmi") != 0 && __builtin_cpu_supports("bmi2") != 0;
  const bool avx512 = __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
                      __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
                      __builtin_cpu_supports("avx512cd") != 0;
  if (avx2) targets |= HWY_AVX2;
  if (avx2 && avx512) targets |= HWY_AVX3;
#endif
  return targets;
}

/// SHOAL_ISA is for tests: no bit depends on it. A set that is not there is not taken.
std::int64_t wanted() {
  const char* name = std::getenv("SHOAL_ISA");
  const std::string_view set = name == nullptr ? "" : name;
  const std::int64_t best = set == "scalar" ? HWY_SCALAR : set == "avx2" ? HWY_AVX2 : 1;
  return ~(best - 1);  // every better set has a lower bit
}

}  // namespace

std::int64_t SupportedTargets() {
  const std::int64_t targets = present() & wanted();
  return targets != 0 ? targets : HWY_SCALAR;
}

ChosenTarget& GetChosenTarget() {
  static ChosenTarget chosen;
  return chosen;
}

/// For assertions of a debug build.
HWY_NORETURN void Abort(const char*, int, const char*, ...) { std::abort(); }

}  // namespace hwy
