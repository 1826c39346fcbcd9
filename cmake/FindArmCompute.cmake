# Arm Compute Library of Debian's libarm-compute-dev (arm64 alone), which has no CMake files of its own, as the
# target ArmCompute::ArmCompute. Version 20.08 calls a namespace `requires`, which C++20 reserves; it stands in one
# header, of which a copy with another word there is looked at first. Nothing that is linked bears the name.
find_path(ArmCompute_HEADERS arm_compute/runtime/NEON/NEFunctions.h)
find_library(ArmCompute_LIBRARY arm_compute)
find_library(ArmCompute_CORE_LIBRARY arm_compute_core)
mark_as_advanced(ArmCompute_HEADERS ArmCompute_LIBRARY ArmCompute_CORE_LIBRARY)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(ArmCompute
  REQUIRED_VARS ArmCompute_LIBRARY ArmCompute_CORE_LIBRARY ArmCompute_HEADERS)
if(ArmCompute_FOUND AND NOT TARGET ArmCompute::ArmCompute)
  set(reserved arm_compute/core/utils/misc/Requires.h)
  add_library(ArmCompute::ArmCompute INTERFACE IMPORTED)
  if(EXISTS ${ArmCompute_HEADERS}/${reserved})
    file(READ ${ArmCompute_HEADERS}/${reserved} header)
    string(REGEX REPLACE "([^a-z_])requires([^a-z_])" "\\1requirements\\2" header "${header}")
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/arm_compute/${reserved} CONTENT "${header}" @ONLY)
    target_include_directories(ArmCompute::ArmCompute SYSTEM INTERFACE ${CMAKE_BINARY_DIR}/arm_compute)
  endif()
  target_include_directories(ArmCompute::ArmCompute SYSTEM INTERFACE ${ArmCompute_HEADERS})
  target_link_libraries(ArmCompute::ArmCompute INTERFACE ${ArmCompute_LIBRARY} ${ArmCompute_CORE_LIBRARY})
endif()
