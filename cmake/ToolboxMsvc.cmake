# SPDX-License-Identifier: Apache-2.0
# Toolbox.cmake's part for MSVC: warnings are errors, equal sources give equal bytes, images need no runtime DLL.

set(CMAKE_MSVC_RUNTIME_LIBRARY "MultiThreaded$<$<CONFIG:Debug>:Debug>")
option(FILTERPORT_ANALYZE "Run MSVC's code analysis with the build" ON)

# CMake's defaults for programs: checks that need the C runtime, exceptions and type information; nothing here has them.
string(REPLACE "/RTC1" "" CMAKE_C_FLAGS_DEBUG "${CMAKE_C_FLAGS_DEBUG}")
string(REPLACE "/RTC1" "" CMAKE_CXX_FLAGS_DEBUG "${CMAKE_CXX_FLAGS_DEBUG}")
string(REPLACE "/EHsc" "" CMAKE_CXX_FLAGS "${CMAKE_CXX_FLAGS}")
string(REPLACE "/GR" "" CMAKE_CXX_FLAGS "${CMAKE_CXX_FLAGS}")

add_compile_options(/W4 /WX /utf-8 /Brepro /experimental:deterministic "/pathmap:${CMAKE_SOURCE_DIR}=." /guard:cf)
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:/permissive->)
add_link_options(/Brepro /guard:cf /DYNAMICBASE /NXCOMPAT)
if(FILTERPORT_ANALYZE)
  # Analysis of our sources, not of the system's headers.
  add_compile_options(/analyze /external:W0 /external:anglebrackets /analyze:external-)
endif()
