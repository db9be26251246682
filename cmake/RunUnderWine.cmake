# SPDX-License-Identifier: Apache-2.0
# run_under_wine(<target>): ctest starts this Windows program with Wine, within a session of ci/steps/lib/wine.
function(run_under_wine target)
  find_program(FILTERPORT_WINE NAMES wine64 HINTS /usr/lib/wine /usr/lib/wine64 NO_CMAKE_FIND_ROOT_PATH)
  if(FILTERPORT_WINE)
    set_target_properties(${target} PROPERTIES CROSSCOMPILING_EMULATOR "${FILTERPORT_WINE}")
  endif()
endfunction()

# add_gtest_tests(<target> <name> <report> <seconds>): <name>/... one by one where the program runs; under Wine, where each
# start costs, all in one go, with its report where ci/steps/lib/native collects results (Z: is Wine's name for the root).
function(add_gtest_tests target name report seconds)
  if(MINGW)
    target_link_options(${target} PRIVATE -static)
    run_under_wine(${target})
    add_test(NAME ${name}
      COMMAND ${target} "--gtest_output=json:Z:${CMAKE_BINARY_DIR}/conformance/${report}.json")
    set_tests_properties(${name} PROPERTIES TIMEOUT ${seconds})
  else()
    gtest_discover_tests(${target} TEST_PREFIX "${name}/" PROPERTIES TIMEOUT 120)
  endif()
endfunction()
