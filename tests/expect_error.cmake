# A mistake must end a command with the right status and one line on standard error, "shoal: error: ...".
#
# In a CMakeLists.txt, include(expect_error.cmake) and then
#   shoal_expect_error(NAME name STATUS 66 MATCHES "regex" COMMAND program argument...)
# adds a test. CTest's own PASS_REGULAR_EXPRESSION ignores the exit status, and WILL_FAIL ignores the words.
# The test runs this file as a script: cmake -DSTATUS=66 -DMATCHES=regex -P expect_error.cmake -- program argument...
set(SHOAL_EXPECT_ERROR_FILE ${CMAKE_CURRENT_LIST_FILE})

if(NOT CMAKE_SCRIPT_MODE_FILE)
  function(shoal_expect_error)
    cmake_parse_arguments(expect "" "NAME;STATUS;MATCHES" "COMMAND" ${ARGN})
    add_test(NAME ${expect_NAME}
      COMMAND ${CMAKE_COMMAND} -DSTATUS=${expect_STATUS} "-DMATCHES=${expect_MATCHES}" -P ${SHOAL_EXPECT_ERROR_FILE} --
              ${expect_COMMAND})
    set_tests_properties(${expect_NAME} PROPERTIES TIMEOUT 60 LABELS error)
  endfunction()
  return()
endif()

include(${CMAKE_CURRENT_LIST_DIR}/command_after_dashes.cmake)

execute_process(COMMAND ${command} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE error TIMEOUT 50)
# Open MPI 5 has no way to leave out its own account of how the job ended.
string(REGEX REPLACE "----------+\nprterun [^\n]*\n(([^-\n][^\n]*)?\n)*----------+\n" "" error "${error}")
set(seen "exit status: ${status}\nstandard error:\n${error}\nstandard output:\n${output}")

if(NOT "${status}" STREQUAL "${STATUS}")
  message(FATAL_ERROR "expected exit status ${STATUS}\n${seen}")
endif()
if(NOT "${error}" MATCHES "^shoal: error[^\n]*\n$")
  message(FATAL_ERROR "expected one line \"shoal: error...\" on standard error\n${seen}")
endif()
if(NOT "${error}" MATCHES "${MATCHES}")
  message(FATAL_ERROR "expected standard error to match \"${MATCHES}\"\n${seen}")
endif()
