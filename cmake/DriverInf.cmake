# SPDX-License-Identifier: Apache-2.0
#
# driver_inf(<template> <output>)
#
# Makes the bundled driver's INF file from the FILTERPORT_DRIVER_* options. Class and ClassGuid follow from the
# load-order group; the altitude has to lie in the group's range (both as Microsoft lists them).

set(FILTERPORT_DRIVER_ALTITUDE "268888.25" CACHE STRING
    "Altitude of the driver: one that Microsoft assigned, before anything is given to others")
set(FILTERPORT_DRIVER_GROUP "FSFilter Content Screener" CACHE STRING "Load-order group of the driver")
set(FILTERPORT_DRIVER_PROVIDER "filterport" CACHE STRING "Who provides the driver, as Windows shows it")
set(FILTERPORT_DRIVER_DATE "01/01/2026" CACHE STRING "Date in the INF file, month first")

# group | class | class GUID | first altitude | behind the last one
set(driver_inf_groups
  "FSFilter Activity Monitor|ActivityMonitor|b86dff51-a31e-4bac-b3cf-e8cfe75c9fc2|360000|390000"
  "FSFilter Undelete|Undelete|fe8f1572-c67a-48c0-bbac-0b5c6d66cafb|340000|350000"
  "FSFilter Anti-Virus|AntiVirus|b1d1a169-c54f-4379-81db-bee7d88d7454|320000|330000"
  "FSFilter Replication|Replication|48d3ebc4-4cf8-48ff-b869-9c68ad42eb9f|300000|310000"
  "FSFilter Continuous Backup|ContinuousBackup|71aa14f8-6fad-4622-ad77-92bb9d7e6947|280000|290000"
  "FSFilter Content Screener|ContentScreener|3e3f0674-c83c-4558-bb26-9820e1eba5c5|260000|270000"
  "FSFilter Quota Management|QuotaManagement|8503c911-a6c7-4919-8f79-5028f5866b0c|240000|250000"
  "FSFilter System Recovery|SystemRecovery|2db15374-706e-4131-a0c7-d7c78eb0289a|220000|230000"
  "FSFilter HSM|HSM|d546500a-2aeb-45f6-9482-f4b1799c3177|180000|190000")

function(driver_inf template output)
  if(NOT FILTERPORT_DRIVER_ALTITUDE MATCHES "^([0-9]+)(\\.[0-9]+)?$")
    message(FATAL_ERROR "FILTERPORT_DRIVER_ALTITUDE is \"${FILTERPORT_DRIVER_ALTITUDE}\": a decimal number, please")
  endif()
  set(altitude "${CMAKE_MATCH_1}")
  set(known "")
  foreach(line IN LISTS driver_inf_groups)
    string(REPLACE "|" ";" fields "${line}")
    list(GET fields 0 group)
    list(APPEND known "${group}")
    if(NOT group STREQUAL FILTERPORT_DRIVER_GROUP)
      continue()
    endif()
    list(GET fields 1 FILTERPORT_DRIVER_CLASS)
    list(GET fields 2 FILTERPORT_DRIVER_CLASS_GUID)
    list(GET fields 3 first)
    list(GET fields 4 end)
    if(altitude LESS first OR NOT altitude LESS end)
      message(FATAL_ERROR "FILTERPORT_DRIVER_ALTITUDE is ${FILTERPORT_DRIVER_ALTITUDE}: "
                          "\"${group}\" begins at ${first} and ends below ${end}")
    endif()
    configure_file("${template}" "${output}" @ONLY NEWLINE_STYLE DOS)
    return()
  endforeach()
  list(JOIN known ", " known)
  message(FATAL_ERROR "FILTERPORT_DRIVER_GROUP is \"${FILTERPORT_DRIVER_GROUP}\"; there are: ${known}")
endfunction()
