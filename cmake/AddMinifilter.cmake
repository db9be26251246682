# SPDX-License-Identifier: Apache-2.0
#
# add_minifilter(<name> <source>... [INCLUDE <dir>...] [DEFINE <definition>...])
#
# Builds one minifilter driver from plain C sources that include <fltKernel.h>, in the target <name>_driver.
#
#   Linux       drivers/<name>.so, which fltmgrd loads by that name: 16-bit wchar_t as on Windows, exported DriverEntry
#   mingw-w64   drivers/<name>.sys, which imports ntoskrnl.exe and fltmgr.sys and nothing else
#
# With a warning for stack frames that a kernel stack would not hold.
function(add_minifilter name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "INCLUDE;DEFINE")
  set(target "${name}_driver")
  add_library(${target} MODULE ${ARG_UNPARSED_ARGUMENTS})
  set_target_properties(${target} PROPERTIES
    PREFIX "" OUTPUT_NAME "${name}" C_VISIBILITY_PRESET hidden
    LIBRARY_OUTPUT_DIRECTORY "${FILTERPORT_DRIVER_OUTPUT_DIRECTORY}")
  target_include_directories(${target} PRIVATE
    "${PROJECT_SOURCE_DIR}/fltmgr/include/shared" "${PROJECT_SOURCE_DIR}/fltmgr/include/km"
    ${ARG_INCLUDE})
  target_compile_definitions(${target} PRIVATE ${ARG_DEFINE})
  # Pool tags are four characters in one constant, as drivers write them.
  target_compile_options(${target} PRIVATE -Wno-multichar)
  if(NOT FILTERPORT_SANITIZE)
    target_compile_options(${target} PRIVATE -ffreestanding -Wframe-larger-than=2048)
  endif()
  if(MINGW)
    link_kernel_image(${target})
    target_link_libraries(${target} PRIVATE fltmgr)
  else()
    target_compile_options(${target} PRIVATE -fshort-wchar)
    set_target_properties(${target} PROPERTIES SUFFIX ".so")
  endif()
endfunction()

# Makes a kernel-mode image of a shared library: no C library, DriverEntry is where it begins, and equal sources give
# equal bytes.
function(link_kernel_image target)
  set_target_properties(${target} PROPERTIES SUFFIX ".sys")
  target_link_options(${target} PRIVATE
    -nostdlib -s -Wl,--subsystem,native -Wl,-e,DriverEntry -Wl,--exclude-all-symbols -Wl,--no-insert-timestamp)
  target_link_libraries(${target} PRIVATE "${NTOSKRNL_NEWER}" ntoskrnl gcc)
endfunction()

if(MINGW)
  set(NTOSKRNL_NEWER "${CMAKE_BINARY_DIR}/lib/libntoskrnl_newer.a")
  file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
  execute_process(COMMAND "${CMAKE_DLLTOOL}" -D ntoskrnl.exe -d "${CMAKE_CURRENT_LIST_DIR}/ntoskrnl_newer.def"
                          -l "${NTOSKRNL_NEWER}" COMMAND_ERROR_IS_FATAL ANY)
endif()
