#pragma once

// toml++ without its assertions. One of them is wrong ("[$a]" fails it, and the parser's own error message comes after
// it), and with NDEBUG they are promises to the compiler, which may then leave the error out.
// Source: https://github.com/marzer/tomlplusplus/pull/301

#if __has_include(<toml++/impl/preprocessor.h>)
#include <toml++/impl/preprocessor.h>
#else
#include <toml++/impl/preprocessor.hpp>  // since 3.4
#endif
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT_ASSUME(expression) static_assert(true)

#include <toml++/toml.h>
