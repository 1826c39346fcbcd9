# OpenCV's module for networks, of Debian's libopencv-dnn-dev, as the target opencv_dnn. Debian's own CMake files of
# OpenCV want all of its modules.
find_path(OpencvDnn_HEADERS opencv2/dnn.hpp PATH_SUFFIXES opencv4)
find_library(OpencvDnn_LIBRARY opencv_dnn)
find_library(OpencvDnn_CORE_LIBRARY opencv_core)
mark_as_advanced(OpencvDnn_HEADERS OpencvDnn_LIBRARY OpencvDnn_CORE_LIBRARY)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OpencvDnn
  REQUIRED_VARS OpencvDnn_LIBRARY OpencvDnn_CORE_LIBRARY OpencvDnn_HEADERS)
if(OpencvDnn_FOUND AND NOT TARGET opencv_dnn)
  add_library(opencv_dnn INTERFACE IMPORTED)
  target_include_directories(opencv_dnn SYSTEM INTERFACE ${OpencvDnn_HEADERS})
  target_link_libraries(opencv_dnn INTERFACE ${OpencvDnn_LIBRARY} ${OpencvDnn_CORE_LIBRARY})
endif()
