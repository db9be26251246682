# SPDX-License-Identifier: Apache-2.0
#
# add_minifilter() for the WDK: the same call as in AddMinifilter.cmake makes drivers/<name>.sys with MSVC.
#
# minifilter_package(<name> <inf>) adds targets that need the file <inf>:
#
#   <name>_package     package/<name>/ with the image, the INF stamped with today's date, and its catalog
#   <name>_test_sign   signs image and catalog with the certificate FILTERPORT_TEST_CERTIFICATE of the user's store

find_package(WDK REQUIRED)
set(FILTERPORT_TEST_CERTIFICATE "filterport test" CACHE STRING
    "Subject of the certificate in the current user's store that signs test builds")

string(TOLOWER "${CMAKE_C_COMPILER_ARCHITECTURE_ID}" minifilter_machine)

function(add_minifilter name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "INCLUDE;DEFINE")
  set(target "${name}_driver")
  add_executable(${target} ${ARG_UNPARSED_ARGUMENTS})
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME "${name}" SUFFIX ".sys" MSVC_RUNTIME_LIBRARY ""
    RUNTIME_OUTPUT_DIRECTORY "${FILTERPORT_DRIVER_OUTPUT_DIRECTORY}")
  target_include_directories(${target} SYSTEM PRIVATE ${WDK_INCLUDE_DIRS})
  target_include_directories(${target} PRIVATE ${ARG_INCLUDE})
  target_compile_definitions(${target} PRIVATE ${ARG_DEFINE}
    WINNT=1 _WIN32_WINNT=0x0A00 WINVER=0x0A00 NTDDI_VERSION=0x0A000008
    $<$<CONFIG:Debug>:DBG=1>)
  if(minifilter_machine STREQUAL "arm64")
    target_compile_definitions(${target} PRIVATE _WIN64 _ARM64_ ARM64 _USE_DECLSPECS_FOR_SAL=1 STD_CALL)
  else()
    target_compile_definitions(${target} PRIVATE _WIN64 _AMD64_ AMD64)
  endif()
  target_compile_options(${target} PRIVATE /kernel /Zp8 /GF /Oi /GS /FIwarning.h)
  if(FILTERPORT_ANALYZE)
    target_compile_options(${target} PRIVATE /analyze:stacksize1024)
    if(WDK_DRIVER_RULES)
      target_compile_options(${target} PRIVATE "/analyze:ruleset${WDK_DRIVER_RULES}")
    endif()
    if(WDK_DRIVER_PLUGIN)
      target_compile_options(${target} PRIVATE "SHELL:/analyze:plugin \"${WDK_DRIVER_PLUGIN}\"")
    endif()
  endif()
  # GsDriverEntry sets the stack cookie up and calls DriverEntry.
  target_link_options(${target} PRIVATE
    /DRIVER /KERNEL /SUBSYSTEM:NATIVE,10.00 /ENTRY:GsDriverEntry /NODEFAULTLIB /MANIFEST:NO /INCREMENTAL:NO /OPT:REF /OPT:ICF
    /SECTION:INIT,d "/LIBPATH:${WDK_LIBRARY_DIR}")
  target_link_libraries(${target} PRIVATE fltMgr.lib ntoskrnl.lib BufferOverflowFastFailK.lib)
endfunction()

function(minifilter_package name inf)
  set(folder "${CMAKE_BINARY_DIR}/package/${name}")
  if(minifilter_machine STREQUAL "arm64")
    set(systems 10_RS3_ARM64)
  else()
    set(systems 10_X64)
  endif()
  foreach(tool STAMPINF INF2CAT SIGNTOOL)
    if(NOT WDK_${tool})
      message(FATAL_ERROR "WDK_${tool}: the program is in no known folder of ${WDK_ROOT}; name it by -DWDK_${tool}=<path>")
    endif()
  endforeach()
  set(verify "")
  if(WDK_INFVERIF)
    set(verify COMMAND "${WDK_INFVERIF}" /v /w "${folder}/${name}.inf")
  endif()
  add_custom_target(${name}_package
    COMMAND "${CMAKE_COMMAND}" -E rm -rf "${folder}"
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${folder}"
    COMMAND "${CMAKE_COMMAND}" -E copy "$<TARGET_FILE:${name}_driver>" "${inf}" "${folder}"
    COMMAND "${WDK_STAMPINF}" -f "${folder}/${name}.inf" -d "*" -v "${FILTERPORT_VERSION_NUMBERS}.0"
    ${verify}
    COMMAND "${WDK_INF2CAT}" "/driver:${folder}" "/os:${systems}" /verbose
    DEPENDS ${name}_driver COMMENT "${folder}: image, INF, catalog" VERBATIM)
  set(sign "${WDK_SIGNTOOL}" sign /v /fd sha256 /s My /n "${FILTERPORT_TEST_CERTIFICATE}")
  add_custom_target(${name}_test_sign
    COMMAND ${sign} "${folder}/${name}.sys"
    # The image's hash has changed: the catalog has to be made after it.
    COMMAND "${WDK_INF2CAT}" "/driver:${folder}" "/os:${systems}"
    COMMAND ${sign} "${folder}/${name}.cat"
    DEPENDS ${name}_package COMMENT "${folder}: signed for tests" VERBATIM)
  add_dependencies(${name}_test_sign ${name}_package)
endfunction()
