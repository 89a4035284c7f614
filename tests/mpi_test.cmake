# MPI tests: each at 1, 2, 3 and 4 ranks, however small the machine, and by itself without a launcher.
#   shoal_mpi_test(NAME SOURCES ... LINK ...)      CTest entries NAME.np1 ... NAME.np4 and NAME.alone
# Without MPI there is NAME.np1 alone, started directly. tests/mpi_test_main.cpp is its main(); sources use mpi_test.hpp.
include_guard(GLOBAL)

# Containers often forbid the system call behind single copies between processes, and Open MPI then prints warnings.
# Open MPI leaks by design, from modules that are unloaded before AddressSanitizer could name them to a list of exceptions;
# NAME.alone, which starts no MPI, looks for leaks of ours.
set(SHOAL_MPI_TEST_ENVIRONMENT
  OMP_NUM_THREADS=1 OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_orte_execute_quiet=1
  PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe PRTE_ALLOW_RUN_AS_ROOT=1 PRTE_ALLOW_RUN_AS_ROOT_CONFIRM=1
  OMPI_MCA_smsc=^cma OMPI_MCA_reachable=weighted  # as launch/environment.sh, for Open MPI 4 and 5
  ASAN_OPTIONS=detect_leaks=0
  CACHE INTERNAL "What every test under mpirun needs")
set(SHOAL_MPI_TEST_MAIN ${CMAKE_CURRENT_LIST_DIR}/mpi_test_main.cpp CACHE INTERNAL "main() of the MPI tests")

# Adds one CTest entry that starts a command with some ranks; 0 ranks: without a launcher.
function(shoal_add_mpi_run name ranks)
  if(ranks GREATER 0)
    add_test(NAME ${name} COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${ranks} ${ARGN})
    set_tests_properties(${name} PROPERTIES PROCESSORS ${ranks} ENVIRONMENT "${SHOAL_MPI_TEST_ENVIRONMENT}")
  else()
    add_test(NAME ${name} COMMAND ${ARGN})
    set_tests_properties(${name} PROPERTIES ENVIRONMENT OMP_NUM_THREADS=1)
  endif()
  math(EXPR seconds "120 * ${SHOAL_TEST_PATIENCE}")
  set_tests_properties(${name} PROPERTIES LABELS mpi TIMEOUT ${seconds})
endfunction()

function(shoal_mpi_test name)
  cmake_parse_arguments(test "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${test_SOURCES} ${SHOAL_MPI_TEST_MAIN})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${test_LINK} shoal::comm GTest::gmock GTest::gtest)
  shoal_test_options(${name})
  if(SHOAL_MPI)
    shoal_add_mpi_run(${name}.alone 0 ${name})
    foreach(ranks 1 2 3 4)
      shoal_add_mpi_run(${name}.np${ranks} ${ranks} $<TARGET_FILE:${name}>)
    endforeach()
  else()
    shoal_add_mpi_run(${name}.np1 0 ${name})
    set_tests_properties(${name}.np1 PROPERTIES ENVIRONMENT OMP_NUM_THREADS=2)  # all that runs at once in such a build
  endif()
endfunction()
