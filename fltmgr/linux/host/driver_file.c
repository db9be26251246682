/* SPDX-License-Identifier: Apache-2.0 */
#include "driver_file.h"

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

enum { longest_name = 64 };

bool fm_driver_name_valid(const char *name) {
    size_t length = strlen(name);
    return length != 0 && length <= longest_name &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == length;
}

/* Empty when trusted, otherwise why not. */
static const char *distrust(const struct stat *status) {
    if (status->st_uid != 0 && (geteuid() == 0 || status->st_uid != geteuid())) {
        return geteuid() == 0 ? "does not belong to root" : "belongs neither to root nor to this user";
    }
    return (status->st_mode & (S_IWGRP | S_IWOTH)) != 0 ? "can be written by others" : "";
}

static int open_checked(int folder, const char *path, int flags, struct stat *status, const char **why) {
    int descriptor = openat(folder, path, flags | O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    *why = "";
    if (descriptor >= 0 && fstat(descriptor, status) != 0) {
        int error = errno;
        (void)close(descriptor);
        errno = error;
        return -1;
    }
    if (descriptor >= 0) {
        *why = distrust(status);
    }
    return descriptor;
}

static enum fm_driver_file_result open_image(struct fm_driver_file *file, const char *folder, const char *name,
                                             char *text, size_t capacity) {
    struct stat status;
    const char *why;
    int directory = open_checked(AT_FDCWD, folder, O_DIRECTORY, &status, &why);
    if (directory < 0) {
        (void)snprintf(text, capacity, "open %s: %s; --drivers names the folder of driver images", folder,
                       fm_errno_text(errno));
        return FM_DRIVER_FILE_ABSENT;
    }
    if (why[0] != '\0') {
        (void)snprintf(text, capacity,
                       "the folder %s %s; drivers are loaded only from a folder that nobody else can change", folder,
                       why);
        (void)close(directory);
        return FM_DRIVER_FILE_NOT_TRUSTED;
    }
    char image[longest_name + 4];
    (void)snprintf(image, sizeof(image), "%s.so", name);
    file->descriptor = open_checked(directory, image, O_NOFOLLOW, &status, &why);
    int error = errno;
    (void)close(directory);
    if (file->descriptor < 0) {
        (void)snprintf(text, capacity, "open %s/%s: %s; a driver's image is NAME.so in the folder of --drivers", folder,
                       image, fm_errno_text(error));
        return FM_DRIVER_FILE_ABSENT;
    }
    if (why[0] != '\0' || !S_ISREG(status.st_mode)) {
        (void)snprintf(text, capacity, "%s/%s %s; a driver's image is a file that nobody else can change", folder,
                       image, why[0] != '\0' ? why : "is not a regular file");
        return FM_DRIVER_FILE_NOT_TRUSTED;
    }
    return FM_DRIVER_FILE_OK;
}

struct range {
    uintptr_t within;
    uintptr_t start;
    uintptr_t end;
};

static int find_range(struct dl_phdr_info *info, size_t size, void *argument) {
    (void)size;
    struct range *range = argument;
    uintptr_t start = UINTPTR_MAX;
    uintptr_t end = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type == PT_LOAD) {
            uintptr_t address = info->dlpi_addr + header->p_vaddr;
            start = address < start ? address : start;
            end = address + header->p_memsz > end ? address + header->p_memsz : end;
        }
    }
    if (range->within < start || range->within >= end) {
        return 0;
    }
    range->start = start;
    range->end = end;
    return 1;
}

/*
 * Gives the descriptor a number that no image had before: the loader knows an image by its path, so under a number used again it
 * would hand out an earlier image that cannot be unmapped (-z nodelete) instead of this one.
 */
static void number_uniquely(int *descriptor) {
    enum { first = 256 };
    static _Atomic int next = first;
    int unique = fcntl(*descriptor, F_DUPFD_CLOEXEC, next);
    if (unique >= 0) {
        next = unique + 1;
        (void)close(*descriptor);
        *descriptor = unique;
    }
}

enum fm_driver_file_result fm_driver_file_open(struct fm_driver_file *file, const char *folder, const char *name,
                                               char *text, size_t capacity) {
    *file = (struct fm_driver_file){.descriptor = -1};
    if (!fm_driver_name_valid(name)) {
        (void)snprintf(text, capacity, "a driver's name consists of 1 to %d of the characters A-Z a-z 0-9 _ -",
                       longest_name);
        return FM_DRIVER_FILE_BAD_NAME;
    }
    enum fm_driver_file_result result = open_image(file, folder, name, text, capacity);
    if (result == FM_DRIVER_FILE_OK) {
        number_uniquely(&file->descriptor);
        /* What was checked is what is mapped, whatever the path means by now. */
        char path[40];
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", file->descriptor);
        file->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (file->library == NULL) {
            const char *error = dlerror();
            (void)snprintf(text, capacity, "dlopen %s/%s.so: %s", folder, name,
                           error != NULL ? error : "no reason given");
            result = FM_DRIVER_FILE_NOT_AN_IMAGE;
        }
    }
    if (result == FM_DRIVER_FILE_OK) {
        file->entry = dlsym(file->library, "DriverEntry");
        struct range range = {.within = (uintptr_t)file->entry};
        if (file->entry == NULL || dl_iterate_phdr(find_range, &range) == 0) {
            (void)snprintf(text, capacity, "%s/%s.so exports no function DriverEntry; build it with add_minifilter()",
                           folder, name);
            result = FM_DRIVER_FILE_NO_ENTRY;
        }
        file->start = range.start;
        file->end = range.end;
    }
    if (result != FM_DRIVER_FILE_OK) {
        fm_driver_file_close(file);
    }
    return result;
}

void fm_driver_file_close(struct fm_driver_file *file) {
    if (file->library != NULL) {
        (void)dlclose(file->library);
        file->library = NULL;
    }
    if (file->descriptor >= 0) {
        (void)close(file->descriptor);
        file->descriptor = -1;
    }
}

/* A line `key = "value"` of the [Strings] section. */
static void take_string(const char *line, const char *key, char *value, size_t capacity) {
    size_t length = strlen(key);
    if (strncasecmp(line, key, length) != 0) {
        return;
    }
    const char *text = line + length;
    text += strspn(text, " \t");
    if (*text++ != '=') {
        return;
    }
    text += strspn(text, " \t\"");
    size_t count = strcspn(text, "\"\r\n;");
    while (count != 0 && isspace((unsigned char)text[count - 1])) {
        count--;
    }
    if (count != 0 && count < capacity) {
        memcpy(value, text, count);
        value[count] = '\0';
    }
}

void fm_driver_file_settings(const char *folder, const char *name, char *altitude, size_t altitude_capacity,
                             char *instance, size_t instance_capacity) {
    char path[4096];
    char line[512];
    (void)snprintf(path, sizeof(path), "%s/%s.inf", folder, name);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return;
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        const char *text = line + strspn(line, " \t");
        take_string(text, "InstanceAltitude", altitude, altitude_capacity);
        take_string(text, "InstanceName", instance, instance_capacity);
    }
    (void)fclose(file);
}
