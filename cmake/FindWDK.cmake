# SPDX-License-Identifier: Apache-2.0
#
# Finds the Windows Driver Kit. Looks where WDKContentRoot says (the enterprise WDK sets it), then in the usual folder;
# takes the newest version that has kernel headers and libraries for the target, or the one in WDK_VERSION.
#
#   WDK_FOUND, WDK_VERSION, WDK_ROOT
#   WDK_INCLUDE_DIRS     km, km/crt, shared: a driver's headers
#   WDK_LIBRARY_DIR      a driver's import libraries for the target processor
#   WDK_STAMPINF, WDK_INF2CAT, WDK_INFVERIF, WDK_SIGNTOOL   programs; <name>-NOTFOUND if missing
#   WDK_DRIVER_RULES     the driver rule set of code analysis
#   WDK_DRIVER_PLUGIN    the driver plug-in of code analysis, where the kit has one

string(TOLOWER "${CMAKE_C_COMPILER_ARCHITECTURE_ID}" wdk_machine)
if(NOT wdk_machine MATCHES "^(x64|arm64)$")
  set(wdk_machine x64)
endif()

set(wdk_program_files "ProgramFiles(x86)")
set(wdk_folders "$ENV{WDKContentRoot}" "$ENV{${wdk_program_files}}/Windows Kits/10" "C:/Program Files (x86)/Windows Kits/10")
foreach(folder IN LISTS wdk_folders)
  if(NOT WDK_ROOT AND folder AND IS_DIRECTORY "${folder}/Include")
    file(TO_CMAKE_PATH "${folder}" folder)
    set(WDK_ROOT "${folder}" CACHE PATH "Folder of the Windows Driver Kit")
  endif()
endforeach()

if(WDK_ROOT AND NOT WDK_VERSION)
  file(GLOB wdk_versions RELATIVE "${WDK_ROOT}/Include" "${WDK_ROOT}/Include/10.*")
  list(SORT wdk_versions COMPARE NATURAL ORDER DESCENDING)
  foreach(version IN LISTS wdk_versions)
    if(EXISTS "${WDK_ROOT}/Include/${version}/km/fltKernel.h"
       AND EXISTS "${WDK_ROOT}/Lib/${version}/km/${wdk_machine}/fltMgr.lib")
      set(WDK_VERSION "${version}" CACHE STRING "Version of the Windows Driver Kit")
      break()
    endif()
  endforeach()
endif()

if(WDK_ROOT AND WDK_VERSION)
  set(wdk_include "${WDK_ROOT}/Include/${WDK_VERSION}")
  set(WDK_INCLUDE_DIRS "${wdk_include}/km" "${wdk_include}/km/crt" "${wdk_include}/shared")
  set(WDK_LIBRARY_DIR "${WDK_ROOT}/Lib/${WDK_VERSION}/km/${wdk_machine}")
  set(wdk_bin "${WDK_ROOT}/bin/${WDK_VERSION}")
  # inf2cat has always been a 32-bit program; the others come for the machine that builds.
  find_program(WDK_STAMPINF stampinf HINTS "${wdk_bin}" PATH_SUFFIXES x64 x86)
  find_program(WDK_INF2CAT inf2cat HINTS "${wdk_bin}" PATH_SUFFIXES x86 x64)
  find_program(WDK_INFVERIF infverif HINTS "${WDK_ROOT}/Tools/${WDK_VERSION}" "${wdk_bin}" PATH_SUFFIXES x64 x86)
  find_program(WDK_SIGNTOOL signtool HINTS "${wdk_bin}" PATH_SUFFIXES x64 x86)
  find_file(WDK_DRIVER_RULES DriverRecommendedRules.ruleset HINTS "${WDK_ROOT}/CodeAnalysis" NO_DEFAULT_PATH)
  find_file(WDK_DRIVER_PLUGIN drivers.dll HINTS "${wdk_bin}" "${WDK_ROOT}"
    PATH_SUFFIXES x64/CodeAnalysis x86/CodeAnalysis CodeAnalysis NO_DEFAULT_PATH)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(WDK REQUIRED_VARS WDK_ROOT WDK_LIBRARY_DIR VERSION_VAR WDK_VERSION
  REASON_FAILURE_MESSAGE "install the Windows Driver Kit for your Visual Studio, or set WDK_ROOT; docs/windows.md")
mark_as_advanced(WDK_STAMPINF WDK_INF2CAT WDK_INFVERIF WDK_SIGNTOOL WDK_DRIVER_RULES WDK_DRIVER_PLUGIN)
