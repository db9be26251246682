# SPDX-License-Identifier: Apache-2.0
# run_under_wine(<target>): ctest starts this Windows program with Wine, within a session of ci/steps/lib/wine.
function(run_under_wine target)
  find_program(FILTERPORT_WINE NAMES wine64 HINTS /usr/lib/wine /usr/lib/wine64 NO_CMAKE_FIND_ROOT_PATH)
  if(FILTERPORT_WINE)
    set_target_properties(${target} PROPERTIES CROSSCOMPILING_EMULATOR "${FILTERPORT_WINE}")
  endif()
endfunction()
