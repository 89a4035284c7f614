# cmake --install: the binary, the libraries and their headers, for find_package(shoal). The manual: src/cli.
# A user links shoal::shoal, which is all layers, or single ones: shoal::<layer>.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(layers GLOBAL PROPERTY SHOAL_LAYERS)

add_library(shoal_all INTERFACE)
add_library(shoal::shoal ALIAS shoal_all)
set_target_properties(shoal_all PROPERTIES EXPORT_NAME shoal)
target_link_libraries(shoal_all INTERFACE ${layers})

foreach(layer ${layers})
  # CMake asks users of a static library for all that it links. These are headers alone, compiled in: nothing to ask for.
  get_target_property(links ${layer} INTERFACE_LINK_LIBRARIES)
  if(links)
    list(FILTER links EXCLUDE REGEX "LINK_ONLY:(CLI11|tomlplusplus|nlohmann_json|Eigen3)::")
    set_target_properties(${layer} PROPERTIES INTERFACE_LINK_LIBRARIES "${links}")
  endif()
endforeach()

install(TARGETS shoal_all shoal_infer_c ${layers} EXPORT shoalTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET shoal)
  install(TARGETS shoal RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/shoal DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
# Reads a checkpoint with NumPy and h5py alone.
install(FILES ${PROJECT_SOURCE_DIR}/data/shoal_load.py DESTINATION ${CMAKE_INSTALL_DATADIR}/shoal)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/shoal)
install(EXPORT shoalTargets NAMESPACE shoal:: DESTINATION ${package_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/shoalConfig.cmake.in ${PROJECT_BINARY_DIR}/shoalConfig.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/shoalConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/shoalConfig.cmake ${PROJECT_BINARY_DIR}/shoalConfigVersion.cmake
  DESTINATION ${package_dir})

# For C and Fortran, which know pkg-config; by its own place it finds the rest, wherever the prefix is moved.
file(RELATIVE_PATH up_to_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
get_target_property(infer_version shoal_infer_c VERSION)
configure_file(${CMAKE_CURRENT_LIST_DIR}/infer/c/shoal_infer.pc.in ${PROJECT_BINARY_DIR}/shoal_infer.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/shoal_infer.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${PROJECT_SOURCE_DIR}/src/infer/c/shoal.f90 DESTINATION ${CMAKE_INSTALL_DATADIR}/shoal)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/launch/examples ${PROJECT_SOURCE_DIR}/launch/clusters
  DESTINATION ${CMAKE_INSTALL_DATADIR}/shoal)
install(FILES ${PROJECT_SOURCE_DIR}/launch/environment.sh ${PROJECT_SOURCE_DIR}/launch/slurm.sbatch
  DESTINATION ${CMAKE_INSTALL_DATADIR}/shoal)
