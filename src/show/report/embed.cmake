# Makes a C++ source of files that the binary holds:
#   cmake -DOUT=FILE.cpp "-DFILES=a;b" -P embed.cmake
set(arrays "")
set(cases "")
set(number 0)
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(APPEND arrays "constexpr unsigned char file_${number}[] = {${bytes}};\n")
  string(APPEND cases "  if (name == \"${name}\") return text_of(file_${number});\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUT} "#include <cassert>
#include <cstddef>

#include \"show/report/page.hpp\"

namespace shoal {
namespace {

${arrays}
template <std::size_t N>
std::string_view text_of(const unsigned char (&bytes)[N]) {
  return {reinterpret_cast<const char*>(bytes), N};
}

}  // namespace

std::string_view page_asset(std::string_view name) {
${cases}  assert(false);
  return {};
}

}  // namespace shoal
")
