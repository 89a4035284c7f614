#pragma once

namespace shoal {

/// While it lives, this thread rounds to nearest and keeps denormal numbers, as a processor does that nobody told
/// otherwise: the bits of results follow from that. A program is told otherwise by fesetround(), or where it is linked
/// by -Ofast or -ffast-math. Afterwards what it had is back. Elsewhere than on x86-64 and 64-bit Arm it does nothing.
class DefaultFloatModes {
 public:
  DefaultFloatModes() : before_(read()) { change(before_, standard); }
  ~DefaultFloatModes() { change(standard, before_); }
  DefaultFloatModes(const DefaultFloatModes&) = delete;
  DefaultFloatModes& operator=(const DefaultFloatModes&) = delete;

 private:
#if defined(__x86_64__)
  using Modes = unsigned int;
  static constexpr Modes standard = 0x1f80;  // the exceptions masked, none of the flags below
  static constexpr Modes flags = 0x3f;       // of exceptions that there were
  static Modes read() { return __builtin_ia32_stmxcsr(); }
  static void write(Modes modes) { __builtin_ia32_ldmxcsr(modes); }
#elif defined(__aarch64__)
  using Modes = unsigned long;
  static constexpr Modes standard = 0;
  static constexpr Modes flags = 0;
  static Modes read() {
    Modes modes = 0;
    asm volatile("mrs %0, fpcr" : "=r"(modes));
    return modes;
  }
  static void write(Modes modes) { asm volatile("msr fpcr, %0" : : "r"(modes)); }
#else
  using Modes = int;
  static constexpr Modes standard = 0;
  static constexpr Modes flags = 0;
  static Modes read() { return standard; }
  static void write(Modes) {}
#endif
  /// Writing takes longer than looking.
  static void change(Modes from, Modes to) {
    if ((from & ~flags) != (to & ~flags)) write(to);
  }

  Modes before_;
};

}  // namespace shoal
