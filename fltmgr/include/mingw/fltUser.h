/* SPDX-License-Identifier: Apache-2.0 */
/** mingw-w64 has this header in lower case only. Never on the include path of a system that ignores case. */
#include <fltuser.h>
