# Reads every #include under src/ and include/ and fails on an arrow that points up or sideways.
#   cmake -DSOURCE=<top of the tree> -P layering_test.cmake
cmake_minimum_required(VERSION 3.25)

# What each layer may include beside itself: cli > tune > train > {nn, optim, comm, data} > {graph, io} > tensor > core.
# Layers in braces do not know each other.
set(below_core)
set(below_tensor core)
set(below_graph core tensor)
set(below_io core tensor)
set(below_nn core tensor graph io)
set(below_optim core tensor graph io)
set(below_comm core tensor graph io)
set(below_data core tensor graph io)
set(below_train core tensor graph io nn optim comm data)
set(below_tune core tensor graph io nn optim comm data train)
set(below_cli core tensor graph io nn optim comm data train tune)
set(layers core tensor graph io nn optim comm data train tune cli)

# External headers that one layer alone may see.
set(owner_of_mpi comm)
set(owner_of_hdf5 io)

set(faults)
file(GLOB_RECURSE files RELATIVE ${SOURCE}
  ${SOURCE}/include/shoal/*.hpp ${SOURCE}/src/*.hpp ${SOURCE}/src/*.cpp ${SOURCE}/src/*.h)
if(NOT files)
  message(FATAL_ERROR "no sources under ${SOURCE}")
endif()

foreach(file ${files})
  if(file MATCHES "^(include/shoal|src)/([a-z]+)/")
    set(layer ${CMAKE_MATCH_2})
  else()
    set(layer cli)  # include/shoal/shoal.hpp, which gathers all layers for users
  endif()
  if(NOT layer IN_LIST layers)
    list(APPEND faults "${file}: \"${layer}\" is not a layer")
    continue()
  endif()
  file(STRINGS ${SOURCE}/${file} includes REGEX "^[ \t]*#[ \t]*include")
  foreach(include ${includes})
    if(NOT include MATCHES "include[ \t]*([<\"])([^>\"]+)[>\"]")
      continue()  # a macro, as Highway uses
    endif()
    set(bracket ${CMAKE_MATCH_1})
    set(header ${CMAKE_MATCH_2})

    # Ours are "shoal/<layer>/..." and, inside src/, "<layer>/...".
    string(REGEX REPLACE "^shoal/" "" path ${header})
    if((NOT bracket STREQUAL "<" OR header MATCHES "^shoal/") AND path MATCHES "^([a-z]+)/")
      string(REGEX REPLACE "/.*" "" other ${path})
      if(other IN_LIST layers)
        if(NOT other STREQUAL layer AND NOT other IN_LIST below_${layer})
          list(APPEND faults "${file}: ${layer} may not include ${header}")
        endif()
        if(file MATCHES "^include/" AND NOT header MATCHES "^shoal/")
          list(APPEND faults "${file}: a public header may not include the private ${header}")
        endif()
        continue()
      endif()
    endif()
    # All that is left belongs to others: a public header takes the standard library alone, which has no '/' and no '.'.
    if(file MATCHES "^include/" AND NOT header STREQUAL "shoal/shoal.hpp" AND header MATCHES "[/.]")
      list(APPEND faults "${file}: a public header may include the standard library alone, not ${header}")
    endif()
    if(header MATCHES "^(mpi|hdf5)\\.h$")
      set(owner ${owner_of_${CMAKE_MATCH_1}})
      if(NOT layer STREQUAL owner)
        list(APPEND faults "${file}: ${header} belongs to ${owner} alone")
      endif()
    endif()
  endforeach()
endforeach()

if(faults)
  list(JOIN faults "\n  " text)
  message(FATAL_ERROR "includes that the layers forbid:\n  ${text}")
endif()
list(LENGTH files count)
message(STATUS "${count} files, all arrows point down")
