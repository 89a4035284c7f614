# cpack runs this on the installed tree, before it makes a package of it: compressed manual pages, and what Debian wants in
# share/doc. A prefix of cmake --install stays without.
set(source ${CMAKE_CURRENT_LIST_DIR}/..)
set(share ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/share)
set(doc ${share}/doc/shoal)

function(compress)
  execute_process(COMMAND gzip -9n ${ARGN} COMMAND_ERROR_IS_FATAL ANY)  # n: no time, so that the same pages give the same bytes
endfunction()

file(GLOB pages ${share}/man/man?/*)
compress(${pages})

if(CPACK_GENERATOR STREQUAL DEB)
  foreach(tool dpkg-shlibdeps file)
    find_program(${tool} ${tool} NO_CACHE)
    if(NOT ${tool})
      message(FATAL_ERROR "${tool} is missing, without which the package would not say which libraries it needs; "
        "install dpkg-dev and file")
    endif()
  endforeach()
  file(READ ${source}/src/show/report/d3-licence.txt d3)
  file(WRITE ${doc}/copyright "shoal is by the shoal developers, under the Apache License, Version 2.0:
/usr/share/common-licenses/Apache-2.0

The program and the reports that it writes hold d3:

${d3}")
  file(REMOVE ${doc}/LICENSE)  # the same text
  file(COPY_FILE ${source}/CHANGELOG.md ${doc}/changelog)
  set(ENV{LC_ALL} C)
  string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)  # or SOURCE_DATE_EPOCH of the environment
  file(WRITE ${doc}/changelog.Debian "shoal (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium

  * Made by cpack; what is new is in changelog.gz beside this.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
  compress(${doc}/changelog ${doc}/changelog.Debian)
endif()
