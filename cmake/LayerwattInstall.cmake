# What `cmake --install` puts where. The runner and the engine's plug-in are no commands of their own: they lie
# in libexec, where layerwatt looks after its own folder. The public header comes with a CMake package
# (layerwatt::marker) and a pkg-config file (layerwatt).
include(CMakePackageConfigHelpers)

set(private_dir ${CMAKE_INSTALL_LIBEXECDIR}/layerwatt)
if(TARGET layerwatt)
  install(TARGETS layerwatt RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
foreach(target IN ITEMS layerwatt-runner layerwatt_ort_hook)
  if(TARGET ${target})
    install(TARGETS ${target} RUNTIME DESTINATION ${private_dir} LIBRARY DESTINATION ${private_dir})
  endif()
endforeach()
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
foreach(document IN ITEMS README.md CHANGELOG.md)
  if(EXISTS ${CMAKE_SOURCE_DIR}/${document})
    install(FILES ${document} DESTINATION ${CMAKE_INSTALL_DOCDIR})
  endif()
endforeach()

install(DIRECTORY include/layerwatt DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
add_library(layerwatt_marker INTERFACE)
set_target_properties(layerwatt_marker PROPERTIES EXPORT_NAME marker)
target_include_directories(layerwatt_marker INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(layerwatt_marker INTERFACE -pthread)
install(TARGETS layerwatt_marker EXPORT layerwatt)
# A header is the same on every processor: share/, not lib/.
set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/layerwatt)
install(EXPORT layerwatt NAMESPACE layerwatt:: FILE layerwatt-config.cmake DESTINATION ${package_dir})
# The run file and the ring carry versions of their own; a program that only uses the header needs no newer one.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/layerwatt-config-version.cmake
  COMPATIBILITY SameMajorVersion ARCH_INDEPENDENT)
install(FILES ${CMAKE_BINARY_DIR}/layerwatt-config-version.cmake DESTINATION ${package_dir})

configure_file(cmake/layerwatt.pc.in ${CMAKE_BINARY_DIR}/layerwatt.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/layerwatt.pc DESTINATION ${CMAKE_INSTALL_DATADIR}/pkgconfig)
