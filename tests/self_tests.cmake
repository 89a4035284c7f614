# Tests of the two scripts that test: each must be able to fail.

set(tree ${CMAKE_CURRENT_BINARY_DIR}/bad_layers)
file(WRITE ${tree}/include/shoal/nn/layer.hpp "#include \"shoal/comm/session.hpp\"\n#include <fmt/format.h>\n")
file(WRITE ${tree}/src/io/file.cpp "#include <mpi.h>\n#  include \"train/trainer.hpp\"\n")
add_test(NAME layering.finds_faults
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${tree} -P ${CMAKE_CURRENT_LIST_DIR}/layering_test.cmake)
set_tests_properties(layering.finds_faults PROPERTIES LABELS self PASS_REGULAR_EXPRESSION
  "nn may not include shoal/comm/session.hpp.*alone, not fmt/format.h.*mpi.h belongs to comm.*io may not include train/trainer.hpp")

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
