# cpack: a .deb and a .rpm of what cmake --install installs, for the system that they are built on, whose libraries they need:
#   cpack --config build/release/CPackConfig.cmake -G DEB      (or RPM; both are left in the build folder)
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME shoal)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "shoal developers <developers@shoal.invalid>")
set(CPACK_PACKAGE_VENDOR "shoal developers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "train neural networks on CPUs, on one machine or on a cluster with MPI")
set(CPACK_PACKAGE_DESCRIPTION
"All ranks train one model together, or each trains models of its own and the
best one wins. The trained parameters are the same to the last bit for any
number of ranks and threads, and after any stop and resume. The package holds
the program with its manual and completion, the C++ library, libshoal_infer for
programs in C and Fortran, and templates for schedulers.")
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR})
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
# What packages have and a prefix has not: see there.
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/package_files.cmake)

# mpirun, which no library asks for on Debian; without it shoal trains on one machine.
if(SHOAL_MPI AND MPI_C_LIBRARIES MATCHES mpich)
  set(launcher mpich)
  set(mpi_headers ", libmpich-dev")
elseif(SHOAL_MPI)
  set(launcher openmpi-bin)
  set(mpi_headers ", libopenmpi-dev")
endif()

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
file(WRITE ${PROJECT_BINARY_DIR}/package/triggers "activate-noawait ldconfig\n")  # for libshoal_infer, as Debian wants it
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_BINARY_DIR}/package/triggers)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ${launcher})
# What shoalConfig.cmake asks for, and shoal_load.py.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "cmake, g++, pkg-config, libfmt-dev, zlib1g-dev, libjpeg-dev, libpng-dev, libxxhash-dev, \
libhwy-dev, libzstd-dev, libhdf5-dev, libcpp-httplib-dev, python3-h5py${mpi_headers}")

set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE "Apache-2.0 AND BSD-3-Clause")
set(CPACK_RPM_PACKAGE_DESCRIPTION ${CPACK_PACKAGE_DESCRIPTION})
set(CPACK_RPM_PACKAGE_GROUP "Applications/Engineering")
set(CPACK_RPM_SPEC_MORE_DEFINE "%define _build_id_links none")
# Folders of the system, which no package of shoal's may own.
foreach(folder ${CMAKE_INSTALL_LIBDIR}/cmake ${CMAKE_INSTALL_LIBDIR}/pkgconfig share/bash-completion share/bash-completion/completions
        share/fish share/fish/vendor_completions.d share/man share/man/man1 share/man/man5 share/zsh share/zsh/site-functions)
  list(APPEND CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION /usr/${folder})
endforeach()

include(CPack)
