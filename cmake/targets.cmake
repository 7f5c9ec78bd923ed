# The only CMake functions of the project. One library per folder, so that a wrong include between
# folders is a link error; include paths start at the repository's root.
include(GoogleTest)

add_library(binferry_options INTERFACE)
target_include_directories(binferry_options INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
target_compile_options(
  binferry_options
  # Designated initializers leave out what has a default, which is their point.
  INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-missing-field-initializers -Werror
            $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
            # Newer versions of a library may deprecate what older ones have only.
            -Wno-error=deprecated-declarations
            # GCC 12 sees overlaps in std::string that are none (its bug 105651).
            $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>)
if(BINFERRY_FAULT_POINTS)
  target_compile_definitions(binferry_options INTERFACE BINFERRY_FAULT_POINTS)
endif()
if(BINFERRY_SANITIZE)
  add_compile_options(-fsanitize=${BINFERRY_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${BINFERRY_SANITIZE})
endif()

if(BINFERRY_FUZZ)
  # The fuzzer steers by the coverage of what it tests, so everything reports it.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# binferry_library(NAME SRCS a.cc ... DEPS target ...). Without SRCS the library is headers only.
function(binferry_library name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  if(ARG_SRCS)
    add_library(${name} STATIC ${ARG_SRCS})
    target_link_libraries(${name} PUBLIC binferry_options ${ARG_DEPS})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE binferry_options ${ARG_DEPS})
  endif()
endfunction()

# binferry_binary(NAME SRCS a.cc ... DEPS target ... [INSTALL])
function(binferry_binary name)
  cmake_parse_arguments(ARG "INSTALL" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SRCS})
  target_link_libraries(${name} PRIVATE binferry_options ${ARG_DEPS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  if(ARG_INSTALL)
    install(TARGETS ${name})
  endif()
endfunction()

# binferry_test(NAME SRCS a_test.cc ... DEPS target ... [LABELS label ...]): GoogleTest cases, each its own
# ctest case. Without LABELS a test is a unit test: no network, no server, under a second.
function(binferry_test name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS;LABELS" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  add_executable(${name} ${ARG_SRCS})
  target_link_libraries(${name} PRIVATE binferry_options ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  target_compile_definitions(${name} PRIVATE BINFERRY_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 600)
endfunction()

# binferry_fuzz(NAME SRCS a_fuzz.cc DEPS target ...): a libFuzzer target, only with BINFERRY_FUZZ.
function(binferry_fuzz name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  if(BINFERRY_FUZZ)
    add_executable(${name} ${ARG_SRCS})
    target_link_libraries(${name} PRIVATE binferry_options ${ARG_DEPS})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
  endif()
endfunction()
