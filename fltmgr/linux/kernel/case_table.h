/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_KERNEL_CASE_TABLE_H
#define FLTMGR_LINUX_KERNEL_CASE_TABLE_H

#include <stdint.h>

/** Maps one UTF-16 unit; what has no single-unit counterpart stays. Independent of the process's locale; thread-safe. */
uint16_t fm_upcase(uint16_t unit); /* also of core/platform.h */
uint16_t fm_downcase(uint16_t unit);

#endif
