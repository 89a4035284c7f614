# Tests of the scripts that test: each must be able to fail.

set(tree ${CMAKE_CURRENT_BINARY_DIR}/bad_layers)
file(WRITE ${tree}/include/shoal/nn/layer.hpp "#include \"shoal/comm/session.hpp\"\n#include <fmt/format.h>\n")
file(WRITE ${tree}/src/io/file.cpp "#include <mpi.h>\n#  include \"train/trainer.hpp\"\n")
file(WRITE ${tree}/src/run/plan.cpp
  "#include \"train/feeder.hpp\"\nnamespace shoal {\nnamespace {\nstruct Mine {};\n}\nstruct Stage { int a; };\n}\n")
file(WRITE ${tree}/src/tune/stage.hpp "namespace shoal {\nclass Other;\nstruct Stage {\n  struct Mine {};\n};\nstruct Mine {};\n}\n")
file(WRITE ${tree}/src/optim/one.cpp "namespace {\nint count(int x) { return x; }\nusing Same = int;\n}  // namespace\n")
file(WRITE ${tree}/src/optim/two/two.cpp "namespace {\nlong count(long x) { return x; }\nusing Same = int;\n}  // namespace\n")
file(WRITE ${tree}/src/nn/say.hpp "namespace shoal {\n[[noreturn]] inline void say(const int& what) { throw 1; }\n}\n")
file(WRITE ${tree}/src/io/say.hpp "namespace shoal {\nclass Any;\ninline void say(const int& x) { throw 2; }\n}\n")
file(WRITE ${tree}/src/io/say_more.hpp "namespace shoal {\ninline void say(const long& x) { throw 3; }\n}\n")
file(WRITE ${tree}/src/core/bindings.cpp "int taken() {\n  const auto [a, b] = pair();\n  return [&] { return b; }();\n}\n"
  "void copied() {\n  for (const auto& [c, d] : pairs()) run([c = c] { return c; });\n  run([&](int d) { return d; });\n}\n")
string(REPEAT "\n" 4001 long)
file(WRITE ${tree}/src/graph/long.cpp "${long}")
add_test(NAME layering.finds_faults COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/layering_test.py ${tree})
set_tests_properties(layering.finds_faults PROPERTIES LABELS self PASS_REGULAR_EXPRESSION
  "nn may not include shoal/comm/session.hpp.*alone, not fmt/format.h.*mpi.h belongs to src/comm/mpi/.*io may not include train/trainer.hpp.*train/feeder.hpp is private to train\n  src/core/bindings.cpp: clang 14 does not compile a lambda that takes b of a structured binding\n  two private things of src/optim are called count: src/optim/one.cpp, src/optim/two/two.cpp\n  src/graph/: 1 units and 4001 lines.*two of shoal::Stage: src/run/plan.cpp, src/tune/stage.hpp\n  two of shoal::say.const int& .: src/io/say.hpp, src/nn/say.hpp\n$")

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(tree ${CMAKE_CURRENT_BINARY_DIR}/two_types)
  file(WRITE ${tree}/src/one.cpp "struct Stage { int a; double b; };\nint one(Stage s) { return s.a; }\n")
  file(WRITE ${tree}/src/other.cpp "struct Stage { int a; };\nint other(Stage s) { return s.a; }\n")
  set(units)
  foreach(unit one other)
    list(APPEND units "{\"directory\": \"${tree}\", \"file\": \"${tree}/src/${unit}.cpp\",
      \"command\": \"'${CMAKE_CXX_COMPILER}' -O3 -Werror -o src/${unit}.o -c src/${unit}.cpp\"}")
  endforeach()
  list(JOIN units "," units)
  file(WRITE ${tree}/compile_commands.json "[${units}]")
  add_test(NAME odr.finds_faults COMMAND python3 ${CMAKE_CURRENT_LIST_DIR}/odr.py ${tree})
  set_tests_properties(odr.finds_faults PROPERTIES LABELS self PASS_REGULAR_EXPRESSION "Stage.*violates the C\\+\\+ One")
endif()

set(mistake "echo 'shoal: error: no such file: x' >&2 && exit 66")
shoal_expect_error(NAME expect_error.right STATUS 66 MATCHES "no such file: x" COMMAND sh -c "${mistake}")
shoal_expect_error(NAME expect_error.wrong_status STATUS 65 MATCHES "no such file: x" COMMAND sh -c "${mistake}")
shoal_expect_error(NAME expect_error.wrong_words STATUS 66 MATCHES "no such file: y" COMMAND sh -c "${mistake}")
shoal_expect_error(NAME expect_error.another_line STATUS 66 MATCHES "no such file: x"
  COMMAND sh -c "echo shoal: hello >&2 && ${mistake}")
shoal_expect_error(NAME expect_error.killed STATUS 66 MATCHES "no such file: x" COMMAND sh -c "kill -9 $$")
set_tests_properties(expect_error.wrong_status expect_error.wrong_words expect_error.another_line expect_error.killed
  PROPERTIES WILL_FAIL TRUE)
set_tests_properties(expect_error.right expect_error.wrong_status expect_error.wrong_words expect_error.another_line
  expect_error.killed PROPERTIES LABELS self)
