# `cpack -G DEB` in a build folder: one Debian package of what `cmake --install` installs. Its dependencies are read from
# the programs, by dpkg-shlibdeps; needs the packages dpkg-dev and file.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME layerwatt)
set(CPACK_PACKAGE_VENDOR "layerwatt authors")
set(CPACK_PACKAGE_CONTACT "layerwatt authors <layerwatt@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "where the joules of a neural network go, layer by layer")
set(CPACK_PACKAGE_DESCRIPTION
"Runs a neural network, reads the power sensors of the board while its layers
are marked, and says what each layer costs in time and energy, and how sure
that is. Comes with the runner that opens ONNX Runtime where it is installed,
and a header for marks in programs of your own.")
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES TRUE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
if(LAYERWATT_STATIC)
  # layerwatt itself needs nothing and installs anywhere; only Debian 12 has what the runner was linked with.
  set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "libc6 (>= 2.34), libgcc-s1, libonnx1, libpng16-16, libprotobuf32, libturbojpeg0, libstdc++6 (>= 12)")
else()
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS TRUE)
endif()
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
  set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE arm64)
endif()
include(CPack)
