/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_KERNEL_UTF_H
#define FLTMGR_LINUX_KERNEL_UTF_H

#include <stddef.h>
#include <stdint.h>

/*
 * UTF-8 and UTF-16 without loss. Linux file names are bytes: a byte that is not part of valid UTF-8 becomes the lone
 * surrogate 0xDC80..0xDCFF of the same low byte, and back. A lone surrogate that no byte gave becomes three bytes.
 *
 * Both return the length of the whole result in units of the destination and write at most capacity of them, never a
 * part of a character. destination may be NULL with capacity 0. Nothing is terminated. Thread-safe.
 */
size_t fm_utf8_to_utf16(const char *source, size_t length, uint16_t *destination, size_t capacity);
size_t fm_utf16_to_utf8(const uint16_t *source, size_t count, char *destination, size_t capacity);

#endif
