#pragma once

// Highway exports functions, not templates: a template `name_target<T>` of each target becomes two functions, and those
// the two specialisations of the public template `name<T>`. What a kernel takes is written once, as a macro of T, and
// passed on by name:
//
//   #define APPLY(T) (Unary f, T parameter, std::int64_t n, const T* x, T* y)
//   SHOAL_KERNEL(apply, APPLY, (f, parameter, n, x, y))        in the namespace of the target
//   SHOAL_DISPATCH(apply, APPLY, (f, parameter, n, x, y))      once

// NOLINTBEGIN(bugprone-macro-parentheses): none may enclose a list of parameters, or of arguments once more

#define SHOAL_KERNEL(name, PARAMETERS, arguments)                  \
  void name##_float PARAMETERS(float) { name##_target arguments; } \
  void name##_double PARAMETERS(double) { name##_target arguments; }

#define SHOAL_DISPATCH(name, PARAMETERS, arguments) \
  HWY_EXPORT(name##_float);                         \
  HWY_EXPORT(name##_double);                        \
  template <>                                       \
  void name<float> PARAMETERS(float) {              \
    HWY_DYNAMIC_DISPATCH(name##_float) arguments;   \
  }                                                 \
  template <>                                       \
  void name<double> PARAMETERS(double) {            \
    HWY_DYNAMIC_DISPATCH(name##_double) arguments;  \
  }

// NOLINTEND(bugprone-macro-parentheses)
