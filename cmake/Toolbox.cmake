# SPDX-License-Identifier: Apache-2.0
# Flags, output folders and properties that every native target shares.

set(CMAKE_C_STANDARD 11)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_LINK_DEPENDS_NO_SHARED ON)

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
set(FILTERPORT_DRIVER_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/drivers")

# libfltlib.so is found beside whoever needs it: in the build tree, in the jar's extraction folder, installed.
set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)
set(CMAKE_INSTALL_RPATH "$ORIGIN;$ORIGIN/../lib")

if(MSVC)
  include(ToolboxMsvc)
  return()
endif()

add_compile_options(-Wall -Wextra -Werror -Wshadow -fno-strict-aliasing
                    "-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.")
add_compile_options($<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
                    $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>)

if(NOT CMAKE_CROSSCOMPILING)
  if(FILTERPORT_SANITIZE)
    add_compile_options(-fsanitize=${FILTERPORT_SANITIZE} -fno-omit-frame-pointer -g)
    add_link_options(-fsanitize=${FILTERPORT_SANITIZE})
    if(FILTERPORT_SANITIZE MATCHES "undefined")
      add_compile_options(-fno-sanitize-recover=undefined)
    endif()
  else()
    add_compile_options(-fstack-protector-strong)
    add_compile_definitions($<$<CONFIG:Release,RelWithDebInfo>:_FORTIFY_SOURCE=2>)
    add_link_options(-Wl,-z,relro,-z,now)
  endif()
endif()
