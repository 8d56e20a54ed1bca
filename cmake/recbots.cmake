# The build rules every folder uses: recbots_library, recbots_binary, recbots_test.
#
# A library named replay_table lives in replay/table and is linked as recbots::replay_table. Files are listed, never
# globbed; links go to recbots:: aliases or to imported targets, so that a missing one stops the configuration.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

# One compiler cache for all presets, where there is one.
find_program(RECBOTS_CCACHE ccache)
if(RECBOTS_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${RECBOTS_CCACHE})
endif()

# LibTorch sources need about 1 GB each to compile: two at a time fit any machine that can run the rest.
set_property(GLOBAL PROPERTY JOB_POOLS torch_pool=2)

# Everything we compile. -ffp-contract=off: the same episode, bit for bit, on machines with and without fused
# multiply-add. A hot loop that wants fused ones writes them (common/inference/lanes.h): left to the compiler, some copies
# of the loop are fused and others are not, and results depend on which copy computed them.
add_library(recbots_options INTERFACE)
target_include_directories(recbots_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(recbots_options INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -ffp-contract=off
  $<$<BOOL:${RECBOTS_WERROR}>:-Werror>
  $<$<BOOL:${RECBOTS_ARCH}>:-march=${RECBOTS_ARCH}>)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  target_compile_options(recbots_options INTERFACE -Wthread-safety)
elseif(RECBOTS_WERROR)
  # What GCC finds only while it optimises depends on the processor and on what was inlined, and is false at times
  # (gcc.gnu.org/PR105651). Such a warning is said, but is no error.
  foreach(name array-bounds dangling-pointer free-nonheap-object maybe-uninitialized restrict stringop-overflow
               stringop-overread)
    target_compile_options(recbots_options INTERFACE -Wno-error=${name})
  endforeach()
endif()
# Code for shared libraries is as fast as other code where no other library may replace its functions.
if(RECBOTS_PYTHON)
  target_compile_options(recbots_options INTERFACE -fvisibility=hidden -fvisibility-inlines-hidden)
endif()
if(RECBOTS_SANITIZE)
  target_compile_options(recbots_options INTERFACE -fsanitize=${RECBOTS_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(recbots_options INTERFACE -fsanitize=${RECBOTS_SANITIZE})
endif()

# recbots_left_out(result link...): whether RECBOTS_TRAINING_ONLY leaves out what links these, because one of them is not
# configured: it needs gRPC, Protobuf or another package that is not looked for. (Else a missing one is an error.)
function(recbots_left_out result)
  set(${result} OFF PARENT_SCOPE)
  if(RECBOTS_TRAINING_ONLY)
    foreach(link IN LISTS ARGN)
      if(link MATCHES "::" AND NOT TARGET ${link})
        set(${result} ON PARENT_SCOPE)
      endif()
    endforeach()
  endif()
endfunction()

# recbots_library(name SOURCES a.cc a.h ... [PUBLIC lib ...] [PRIVATE lib ...] [TORCH])
# TORCH: the sources include LibTorch's headers; the library is left out when RECBOTS_TORCH is OFF.
function(recbots_library name)
  cmake_parse_arguments(ARG "TORCH" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  recbots_left_out(left_out ${ARG_PUBLIC} ${ARG_PRIVATE})
  if(left_out OR (ARG_TORCH AND NOT RECBOTS_TORCH))
    return()
  endif()
  set(compiled ${ARG_SOURCES})
  list(FILTER compiled INCLUDE REGEX "\\.cc$")
  if(compiled)
    add_library(recbots_${name} STATIC ${ARG_SOURCES})
    target_link_libraries(recbots_${name} PUBLIC recbots_options ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
    if(ARG_TORCH)
      target_link_libraries(recbots_${name} PUBLIC recbots_torch)
      set_target_properties(recbots_${name} PROPERTIES JOB_POOL_COMPILE torch_pool)
    endif()
  else()
    add_library(recbots_${name} INTERFACE)
    target_sources(recbots_${name} PRIVATE ${ARG_SOURCES})
    target_link_libraries(recbots_${name} INTERFACE recbots_options ${ARG_PUBLIC} ${ARG_PRIVATE})
  endif()
  add_library(recbots::${name} ALIAS recbots_${name})
endfunction()

# recbots_binary(name SOURCES main.cc ... LINK lib ... [TORCH]): a program in <build>/bin.
function(recbots_binary name)
  cmake_parse_arguments(ARG "TORCH" "" "SOURCES;LINK" ${ARGN})
  recbots_left_out(left_out ${ARG_LINK})
  if(left_out OR (ARG_TORCH AND NOT RECBOTS_TORCH))
    return()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE recbots_options ${ARG_LINK})
  if(ARG_TORCH)
    target_link_libraries(${name} PRIVATE recbots_torch)
    set_target_properties(${name} PROPERTIES JOB_POOL_COMPILE torch_pool)
  endif()
endfunction()

# recbots_test(name SOURCES x_test.cc ... LINK lib ... LABELS unit ... [TORCH] [TIMEOUT seconds] [QUICK asan tsan])
# Registers one ctest case per test suite file. Labels: unit, integration, statistical, golden, grpc, torch. In folders
# that set RECBOTS_ARCH_TESTS, what needs neither LibTorch nor gRPC also gets the label arch and belongs to the target
# arch_tests: what `tests/run arch` runs for every level of processors. QUICK asan tsan: the test belongs to the quick sets of
# these sanitizers (labels quick-asan, quick-tsan; targets quick-asan_tests, quick-tsan_tests), which `tests/run quick` runs.
# Tests with the label torch belong to the target torch_tests, which `tests/run cuda` builds.
function(recbots_test name)
  cmake_parse_arguments(ARG "TORCH" "TIMEOUT" "SOURCES;LINK;LABELS;QUICK" ${ARGN})
  recbots_left_out(left_out ${ARG_LINK})
  if(left_out OR (ARG_TORCH AND NOT RECBOTS_TORCH))
    return()
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE recbots_options ${ARG_LINK} recbots::source_dir GTest::gmock GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  if(ARG_TORCH)
    target_link_libraries(${name} PRIVATE recbots_torch)
    set_target_properties(${name} PROPERTIES JOB_POOL_COMPILE torch_pool)
    list(APPEND ARG_LABELS torch)
  endif()
  if("torch" IN_LIST ARG_LABELS)
    add_dependencies(torch_tests ${name})
  endif()
  if(RECBOTS_ARCH_TESTS AND NOT ARG_TORCH AND NOT "grpc" IN_LIST ARG_LABELS)
    list(APPEND ARG_LABELS arch)
    add_dependencies(arch_tests ${name})
  endif()
  foreach(sanitizer IN LISTS ARG_QUICK)
    list(APPEND ARG_LABELS quick-${sanitizer})
    add_dependencies(quick-${sanitizer}_tests ${name})
  endforeach()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
endfunction()
