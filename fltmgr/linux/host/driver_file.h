/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_HOST_DRIVER_FILE_H
#define FLTMGR_LINUX_HOST_DRIVER_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A driver's file: found, checked, mapped. A driver runs with all rights of the host, so as root the folder and the file
 * must belong to root and nobody else may write them; otherwise to root or to the user that runs the host.
 */
struct fm_driver_file {
    int descriptor; /* stays open: the loader knows the image by its number */
    void *library;
    void *entry;     /* DriverEntry */
    uintptr_t start; /* of its code and data */
    uintptr_t end;
};

enum fm_driver_file_result {
    FM_DRIVER_FILE_OK,
    FM_DRIVER_FILE_BAD_NAME,
    FM_DRIVER_FILE_ABSENT,
    FM_DRIVER_FILE_NOT_TRUSTED,
    FM_DRIVER_FILE_NOT_AN_IMAGE,
    FM_DRIVER_FILE_NO_ENTRY,
};

/** [A-Za-z0-9_-]+, at most 64. */
bool fm_driver_name_valid(const char *name);

/** Opens FOLDER/NAME.so. In all cases but success text says what failed, with what, and what to do. */
enum fm_driver_file_result fm_driver_file_open(struct fm_driver_file *file, const char *folder, const char *name,
                                               char *text, size_t capacity);
void fm_driver_file_close(struct fm_driver_file *file);

/**
 * The altitude and instance name that NAME.inf beside the image gives as strings (InstanceAltitude, InstanceName).
 * What it does not give stays as it is.
 */
void fm_driver_file_settings(const char *folder, const char *name, char *altitude, size_t altitude_capacity,
                             char *instance, size_t instance_capacity);

#endif
