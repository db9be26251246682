# SPDX-License-Identifier: Apache-2.0
# GoogleTest from the distribution's source package, compiled with our flags so that sanitizers see it.
set(GOOGLETEST_SOURCE "/usr/src/googletest" CACHE PATH "Folder with GoogleTest's sources")
if(NOT EXISTS "${GOOGLETEST_SOURCE}/CMakeLists.txt")
  message(FATAL_ERROR "GoogleTest's sources are not in ${GOOGLETEST_SOURCE}: install the package "
                      "googletest, set GOOGLETEST_SOURCE, or configure with -DFILTERPORT_TESTS=OFF")
endif()
set(INSTALL_GTEST OFF CACHE BOOL "" FORCE)
set(BUILD_GMOCK OFF CACHE BOOL "" FORCE)
add_subdirectory("${GOOGLETEST_SOURCE}" "${CMAKE_BINARY_DIR}/googletest" EXCLUDE_FROM_ALL)
foreach(target gtest gtest_main)
  target_compile_options(${target} PRIVATE -w)
  if(NOT TARGET GTest::${target})
    add_library(GTest::${target} ALIAS ${target})
  endif()
endforeach()

# Tests are compiled often and run once: unoptimised they compile in less than half of the time. Not GoogleTest itself:
# its death tests run on a stack of two pages, which AddressSanitizer's unoptimised frames exceed.
if(NOT MSVC)
  target_compile_options(gtest INTERFACE -O0 -U_FORTIFY_SOURCE)
endif()
