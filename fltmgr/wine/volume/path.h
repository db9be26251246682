/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_WINE_VOLUME_PATH_H
#define FLTMGR_WINE_VOLUME_PATH_H

#include "kernel/ntoskrnl.h"

enum { FMW_PATH_UNITS = 4096 + 16 };

/** A path as the kernel writes it, with backslashes. */
struct fmw_path {
    UNICODE_STRING string;
    WCHAR buffer[FMW_PATH_UNITS];
};

void fmw_path_init(struct fmw_path *path);

/** Appends both, UTF-8; slashes become backslashes, and there is none at the end. */
NTSTATUS fmw_path_append(struct fmw_path *path, const char *first, const char *second);

/** A file of that directory: relative to it, or absolute inside it. STATUS_OBJECT_PATH_INVALID when it is elsewhere. */
NTSTATUS fmw_path_inside(struct fmw_path *path, const struct fmw_path *directory, const char *file);

/** What follows the directory, beginning with a backslash. It lives as long as path. */
UNICODE_STRING fmw_path_below(struct fmw_path *path, const struct fmw_path *directory);

#endif
