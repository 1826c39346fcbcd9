# layerwatt_folder(name SOURCES a.cpp b.cpp [LINKS target...] [TESTS extra_test.cpp...])
# A folder of src/ becomes the static library layerwatt_<name>. Where a.cpp has an a_test.cpp beside it, that
# goes into the test program layerwatt_<name>_tests; TESTS names tests without a source of their own.
function(layerwatt_folder name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS;TESTS")
  add_library(layerwatt_${name} STATIC ${arg_SOURCES})
  target_link_libraries(layerwatt_${name} PUBLIC layerwatt_options ${arg_LINKS})
  # Linear algebra without optimisation is a hundred times slower: the tests would take minutes.
  if(name IN_LIST LAYERWATT_NUMERIC)
    target_compile_options(layerwatt_${name} PRIVATE $<$<CONFIG:Debug>:-O2>)
  endif()
  set(tests ${arg_TESTS})
  foreach(source IN LISTS arg_SOURCES)
    string(REGEX REPLACE "\\.cpp$" "_test.cpp" test ${source})
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${test})
      list(APPEND tests ${test})
    endif()
  endforeach()
  layerwatt_add_tests(${name} ${tests})
  # Once for the directory, after its last library.
  get_property(libraries DIRECTORY PROPERTY LAYERWATT_LIBRARIES)
  set_property(DIRECTORY PROPERTY LAYERWATT_LIBRARIES ${libraries} layerwatt_${name})
  if(NOT libraries)
    cmake_language(DEFER CALL layerwatt_check_own_headers)
  endif()
endfunction()

function(layerwatt_check_own_headers)
  get_property(libraries DIRECTORY PROPERTY LAYERWATT_LIBRARIES)
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  layerwatt_check_headers(${folder} ${CMAKE_CURRENT_SOURCE_DIR} cpp ${libraries})
endfunction()

# layerwatt_check_headers(name directory language target...): every header of the directory is compiled by
# itself, as c or cpp, with what the targets bring. Built by the target `headers`, which ctest runs.
function(layerwatt_check_headers name directory language)
  file(GLOB headers CONFIGURE_DEPENDS ${directory}/*.h)
  if(NOT LAYERWATT_TESTS OR NOT headers)
    return()
  endif()
  set(sources "")
  foreach(header IN LISTS headers)
    get_filename_component(stem ${header} NAME_WE)
    set(source ${CMAKE_CURRENT_BINARY_DIR}/headers/${stem}.${language})
    # The declaration: a header of macros alone would leave C an empty file, which ISO C forbids.
    file(CONFIGURE OUTPUT ${source} CONTENT "#include \"${header}\"\nextern int declared;\n")
    list(APPEND sources ${source})
  endforeach()
  add_library(layerwatt_${name}_headers OBJECT EXCLUDE_FROM_ALL ${sources})
  set_target_properties(layerwatt_${name}_headers PROPERTIES UNITY_BUILD OFF)
  target_compile_options(layerwatt_${name}_headers PRIVATE -O0 -g0)
  target_link_libraries(layerwatt_${name}_headers PRIVATE layerwatt_options GTest::gmock ${ARGN})
  add_dependencies(headers layerwatt_${name}_headers)
endfunction()

# Puts test sources into the test program of a folder; makes the program at the first call.
function(layerwatt_add_tests name)
  if(NOT LAYERWATT_TESTS OR NOT ARGN)
    return()
  endif()
  set(program layerwatt_${name}_tests)
  if(NOT TARGET ${program})
    add_executable(${program})
    set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    target_link_libraries(${program} PRIVATE layerwatt_${name} GTest::gmock GTest::gtest_main)
    # Who compiles everything at once reads a folder's sources together, but not its tests: their helpers have
    # the same names. These read GoogleTest once a program. g++ 12, when it optimises what it has read so, sees
    # overlaps in std::string, as in CMakeLists.txt.
    set_target_properties(${program} PROPERTIES UNITY_BUILD OFF)
    if(CMAKE_UNITY_BUILD)
      target_precompile_headers(${program} PRIVATE <gmock/gmock.h> <gtest/gtest.h> <fmt/format.h>)
      target_compile_options(${program} PRIVATE
        $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds;-Wno-stringop-overflow;-Wno-restrict>)
    endif()
    # Templates that both compile are taken from the tests: where numbers are crunched these are optimised, too.
    if(name IN_LIST LAYERWATT_NUMERIC)
      target_compile_options(${program} PRIVATE $<$<CONFIG:Debug>:-O1>)
    else()
      target_compile_options(${program} PRIVATE ${LAYERWATT_TEST_OPTIONS})
    endif()
    target_compile_definitions(${program} PRIVATE
      LAYERWATT_FIXTURES="${CMAKE_SOURCE_DIR}/tests/fixtures"
      LAYERWATT_SOURCE="${CMAKE_SOURCE_DIR}"
      LAYERWATT_BUILD="${CMAKE_BINARY_DIR}")
    set(label ${name})
    if(name IN_LIST LAYERWATT_CONCURRENT)
      set(label concurrent)
      add_dependencies(concurrent ${program})
    endif()
    # PRE_TEST: a program is asked for its tests when ctest starts, not while it is built.
    gtest_discover_tests(${program} DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 300 LABELS ${label})
  endif()
  foreach(source IN LISTS ARGN)
    target_sources(${program} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/${source})
  endforeach()
endfunction()
