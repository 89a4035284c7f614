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

install(TARGETS shoal_all ${layers} EXPORT shoalTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET shoal)
  install(TARGETS shoal RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/shoal DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/shoal)
install(EXPORT shoalTargets NAMESPACE shoal:: DESTINATION ${package_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/shoalConfig.cmake.in ${PROJECT_BINARY_DIR}/shoalConfig.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/shoalConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/shoalConfig.cmake ${PROJECT_BINARY_DIR}/shoalConfigVersion.cmake
  DESTINATION ${package_dir})
