# SPDX-License-Identifier: Apache-2.0
#
# add_minifilter(<name> <source>... [INCLUDE <dir>...] [DEFINE <definition>...])
#
# Builds one minifilter driver from plain C sources that include <fltKernel.h>. On Linux it becomes
# drivers/<name>.so, which fltmgrd loads by that name: 16-bit wchar_t as on Windows, exported
# DriverEntry, a warning for stack frames that a kernel stack would not hold.
function(add_minifilter name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "INCLUDE;DEFINE")
  set(target "${name}_driver")
  add_library(${target} MODULE ${ARG_UNPARSED_ARGUMENTS})
  set_target_properties(${target} PROPERTIES
    PREFIX "" OUTPUT_NAME "${name}" SUFFIX ".so" C_VISIBILITY_PRESET hidden
    LIBRARY_OUTPUT_DIRECTORY "${FILTERPORT_DRIVER_OUTPUT_DIRECTORY}")
  target_include_directories(${target} PRIVATE
    "${PROJECT_SOURCE_DIR}/fltmgr/include/shared" "${PROJECT_SOURCE_DIR}/fltmgr/include/km"
    ${ARG_INCLUDE})
  target_compile_definitions(${target} PRIVATE ${ARG_DEFINE})
  # Pool tags are four characters in one constant, as drivers write them.
  target_compile_options(${target} PRIVATE -fshort-wchar -Wno-multichar)
  if(NOT FILTERPORT_SANITIZE)
    target_compile_options(${target} PRIVATE -ffreestanding -Wframe-larger-than=2048)
  endif()
endfunction()
