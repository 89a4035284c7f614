# Runs a job in which one rank fails and the others wait for it; checks its exit status, its words, and that it ends in time.
#   cmake -DSTATUS=70 -DWORDS=regex -P lone_failure.cmake -- mpirun ...
# (expect_error.cmake wants one line on standard error, and here Open MPI adds paragraphs of its own.)
set(in_time 20)  # seconds; the promise is a few, the rest is for a busy machine

include(${CMAKE_CURRENT_LIST_DIR}/../command_after_dashes.cmake)

execute_process(COMMAND ${command} TIMEOUT ${in_time} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE errors)
if(NOT "${result}" STREQUAL "${STATUS}")
  message(FATAL_ERROR "ended with '${result}' instead of ${STATUS}\n${output}\n${errors}")
endif()
if(NOT "${errors}" MATCHES "${WORDS}")
  message(FATAL_ERROR "did not say '${WORDS}' but:\n${errors}")
endif()
