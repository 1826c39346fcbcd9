# Toolchain: Debian's cross compiler for arm64, with the libraries that scripts/sysroot-arm64 unpacked. What runs
# while building (cmake, ninja, python) is the host's.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
# CPack asks these what a package depends on.
set(CMAKE_OBJDUMP aarch64-linux-gnu-objdump)
set(CMAKE_READELF aarch64-linux-gnu-readelf)
set(CMAKE_STRIP aarch64-linux-gnu-strip)

execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/../scripts/sysroot-arm64 --cached
  OUTPUT_VARIABLE sysroot OUTPUT_STRIP_TRAILING_WHITESPACE)
if(NOT sysroot)
  message(FATAL_ERROR "No arm64 libraries to build with: run scripts/sysroot-arm64 once")
endif()
# The host's folders are looked at last, for what has no architecture: Eigen, CLI11, nlohmann_json.
set(CMAKE_FIND_ROOT_PATH ${sysroot})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE BOTH)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE BOTH)
# Where shared libraries find the shared libraries that they need.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,-rpath-link,${sysroot}/usr/lib/aarch64-linux-gnu:${sysroot}/lib/aarch64-linux-gnu")

# The C library of the same Debian, for programs that are not static.
find_program(emulator qemu-aarch64-static)
if(emulator)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${emulator};-L;${sysroot})
endif()
