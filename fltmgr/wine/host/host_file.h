/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_WINE_HOST_HOST_FILE_H
#define FLTMGR_WINE_HOST_HOST_FILE_H

#include "kernel/ntoskrnl.h"

/*
 * One open handle of the host device: a write is a command and returns when it is done, the next read gives its answer. Commands
 * of one handle are answered one by one; who wants several at a time opens several handles.
 */
struct fmw_host_file;

struct fmw_host_file *fmw_host_file_create(void);
void fmw_host_file_close(struct fmw_host_file *file);
NTSTATUS fmw_host_file_write(struct fmw_host_file *file, PIRP irp);
NTSTATUS fmw_host_file_read(struct fmw_host_file *file, PIRP irp);

#endif
