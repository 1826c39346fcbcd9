# The project's own copy of ONNX Runtime. Nothing is linked: the library is opened at run time, and its path is
# compiled in as the last place to look (after --option, environment, system and pip). Link
# layerwatt_own_onnxruntime to get LAYERWATT_OWN_ONNXRUNTIME, a string literal, "" where there is no copy.
set(own_onnxruntime ${LAYERWATT_ONNXRUNTIME})
if(NOT own_onnxruntime)
  execute_process(COMMAND ${CMAKE_SOURCE_DIR}/third_party/onnxruntime/fetch --cached
      --machine ${CMAKE_SYSTEM_PROCESSOR}
    OUTPUT_VARIABLE own_onnxruntime OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(own_onnxruntime)
  message(STATUS "ONNX Runtime: ${own_onnxruntime}")
else()
  message(STATUS "ONNX Runtime: no copy of the project's own (third_party/onnxruntime/fetch gets one); "
    "layerwatt will use what the machine has")
endif()
add_library(layerwatt_own_onnxruntime INTERFACE)
target_compile_definitions(layerwatt_own_onnxruntime INTERFACE
  LAYERWATT_OWN_ONNXRUNTIME="${own_onnxruntime}")
