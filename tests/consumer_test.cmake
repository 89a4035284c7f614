# Installs shoal from a build folder, then configures, builds and runs tests/consumer against it.
#   cmake -DBUILD=<build folder> -DWORK=<scratch folder> -DCXX=<compiler> -DFLAGS=<its flags> -P consumer_test.cmake
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT "${status}" STREQUAL "0")
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "${command}\nended with ${status}:\n${output}")
  endif()
  message(STATUS "${output}")
endfunction()

file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/consumer -B ${WORK}/build -G Ninja -DCMAKE_PREFIX_PATH=${WORK}/prefix
  -DCMAKE_CXX_COMPILER=${CXX} "-DCMAKE_CXX_FLAGS=${FLAGS}" -DCMAKE_BUILD_TYPE=Release)
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${WORK}/build/minimum)
if(EXISTS ${BUILD}/shoal)
  run(${WORK}/prefix/bin/shoal --version)
  foreach(file man/man1/shoal.1 man/man1/shoal-train.1 man/man5/shoal-config.5 bash-completion/completions/shoal
          zsh/site-functions/_shoal fish/vendor_completions.d/shoal.fish)
    if(NOT EXISTS ${WORK}/prefix/share/${file})
      message(FATAL_ERROR "share/${file} was not installed")
    endif()
  endforeach()
endif()
