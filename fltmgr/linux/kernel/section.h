/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_KERNEL_SECTION_H
#define FLTMGR_LINUX_KERNEL_SECTION_H

#include <fltKernel.h>

/** Changes a section object's references; who brings them to 0 has destroyed it. Thread-safe. */
LONG fm_section_reference(void *section, LONG change);

#endif
