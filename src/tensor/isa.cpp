#include "shoal/tensor/isa.hpp"

#include <cstdlib>
#include <utility>
#include <vector>

#include "shoal/core/error.hpp"
#include "shoal/tensor/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/isa.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace shoal {
namespace HWY_NAMESPACE {

std::int64_t compiled_target() { return HWY_TARGET; }

}  // namespace HWY_NAMESPACE
}  // namespace shoal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shoal {
namespace {

HWY_EXPORT(compiled_target);

const std::vector<std::pair<std::string, std::int64_t>>& known_sets() {
  static const std::vector<std::pair<std::string, std::int64_t>> sets = {
      {"avx512", HWY_AVX3}, {"avx2", HWY_AVX2}, {"neon", HWY_NEON}, {"scalar", HWY_SCALAR}};
  return sets;
}

}  // namespace

void select_instruction_set() {
  const char* wanted = std::getenv("SHOAL_ISA");
  if (wanted == nullptr || *wanted == '\0') return;
  std::string usable;
  const std::int64_t available = (hwy::SupportedTargets() | HWY_STATIC_TARGET) & HWY_TARGETS;
  for (const auto& [name, target] : known_sets()) {
    if ((available & target) == 0) continue;
    if (name == wanted) {
      hwy::DisableTargets(target - 1);  // every better set has a lower bit
      return;
    }
    usable += (usable.empty() ? "" : ", ") + name;
  }
  throw Error(ExitStatus::usage, "SHOAL_ISA=" + std::string(wanted) +
                                     " is not an instruction set of this processor and build; use one of " + usable);
}

std::string instruction_set() {
  const std::int64_t target = HWY_DYNAMIC_DISPATCH(compiled_target)();
  for (const auto& [name, bit] : known_sets())
    if (bit == target) return name;
  return "unknown";
}

}  // namespace shoal
#endif
