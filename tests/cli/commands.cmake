# All commands one after another, started as users do; then how the program itself ends.

set(commands_test ${CMAKE_CURRENT_SOURCE_DIR}/commands_test.sh $<TARGET_FILE:shoal> ${PROJECT_SOURCE_DIR}/data)
shoal_add_mpi_run(cli_commands.alone 0 ${commands_test} ${CMAKE_CURRENT_BINARY_DIR}/commands_alone)
if(SHOAL_MPI)
  add_test(NAME cli_commands.np3 COMMAND ${commands_test} ${CMAKE_CURRENT_BINARY_DIR}/commands_np3
    ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} 3)
  set_tests_properties(cli_commands.np3 PROPERTIES ENVIRONMENT "${SHOAL_MPI_TEST_ENVIRONMENT}" LABELS mpi PROCESSORS 3)
endif()
set_tests_properties(cli_commands.alone PROPERTIES TIMEOUT 120)

add_test(NAME cli_data COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/data_test.sh $<TARGET_FILE:shoal>
  ${CMAKE_CURRENT_BINARY_DIR}/data)
set_tests_properties(cli_data PROPERTIES TIMEOUT 120 ENVIRONMENT "OMP_NUM_THREADS=1")

# Standard output that takes nothing, and a launcher that is not ours
foreach(command "--version" "synth spirals --samples 9 --features 2 --classes 3 -o full_output.h5")
  string(REGEX MATCH "[a-z]+" name ${command})
  string(REPLACE full_output closed_output closed ${command})
  shoal_expect_error(NAME cli.full_output.${name} STATUS 74 MATCHES "cannot write to standard output: No space left"
    COMMAND sh -c "rm -f full_output.h5 && exec \"$0\" ${command} >/dev/full" $<TARGET_FILE:shoal>)
  shoal_expect_error(NAME cli.closed_output.${name} STATUS 74 MATCHES "cannot write to standard output"
    COMMAND sh -c "rm -f closed_output.h5 && exec \"$0\" ${closed} >&-" $<TARGET_FILE:shoal>)
endforeach()
shoal_expect_error(NAME cli.foreign_launcher STATUS 64 MATCHES "3 ranks were launched"
  COMMAND ${CMAKE_COMMAND} -E env PMI_RANK=0 PMI_SIZE=3 $<TARGET_FILE:shoal> --version)
set_tests_properties(cli.foreign_launcher PROPERTIES ENVIRONMENT "${SHOAL_MPI_TEST_ENVIRONMENT}")
shoal_expect_error(NAME cli.unknown_windows STATUS 64 MATCHES "SHOAL_WINDOWS=glass is none of its values; use on, off"
  COMMAND ${CMAKE_COMMAND} -E env SHOAL_WINDOWS=glass $<TARGET_FILE:shoal> --version)
shoal_expect_error(NAME cli.unknown_instruction_set STATUS 64 MATCHES "SHOAL_ISA"
  COMMAND ${CMAKE_COMMAND} -E env SHOAL_ISA=abacus $<TARGET_FILE:shoal> --version)

# An error that one rank has alone ends the job with its status.
if(SHOAL_MPI)
  add_executable(lone_error lone_error.cpp)
  target_include_directories(lone_error PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(lone_error PRIVATE shoal::cli)
  foreach(way plain no_threads)
    string(REGEX REPLACE "plain" "" argument ${way})
    add_test(NAME cli.lone_error.${way} COMMAND ${CMAKE_COMMAND} -DSTATUS=74
      "-DWORDS=shoal: error on rank 2: the disk is full" -P ${PROJECT_SOURCE_DIR}/tests/comm/lone_failure.cmake --
      ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} 3 $<TARGET_FILE:lone_error> ${argument})
    set_tests_properties(cli.lone_error.${way} PROPERTIES LABELS mpi TIMEOUT 60 PROCESSORS 3
      ENVIRONMENT "${SHOAL_MPI_TEST_ENVIRONMENT}")
  endforeach()
endif()
