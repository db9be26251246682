/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What two products built from this source must not share. Each can be given on the compiler's command line; README.md
 * names the build options. Service name, altitude and load-order group stand in the INF file.
 */

#ifndef FILTERPORT_CONFIG_H
#define FILTERPORT_CONFIG_H

/** The port's name without the leading backslash, an identifier. */
#ifndef FP_CONFIG_PORT
#define FP_CONFIG_PORT Filterport
#endif

/** The pool tag: "FtPt" as debuggers show it. */
#ifndef FP_CONFIG_POOL_TAG
#define FP_CONFIG_POOL_TAG 0x74507446u
#endif

#define FP_CONFIG_WIDE_(Name) L## #Name
#define FP_CONFIG_WIDE(Name) FP_CONFIG_WIDE_(Name)
/** The port's object name. */
#define FP_CONFIG_PORT_NAME L"\\" FP_CONFIG_WIDE(FP_CONFIG_PORT)

#endif
