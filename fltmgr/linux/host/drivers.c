/* SPDX-License-Identifier: Apache-2.0 */
#include "drivers.h"

#include <dlfcn.h>
#include <fltKernel.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/fltmgr_core.h"
#include "../kernel/pool.h"
#include "../kernel/process.h"
#include "../kernel/utf.h"
#include "core_host.h"
#include "driver_file.h"
#include "host_services.h"

enum { longest_text = 96 };

struct wide {
    UNICODE_STRING string;
    WCHAR buffer[longest_text];
};

struct driver {
    DRIVER_OBJECT object; /* first: FltRegisterFilter gives it back */
    struct driver *next;
    struct fm_driver_file file;
    char name[longest_text];
    struct wide wide_name;
    struct wide altitude;
    struct wide instance;
    struct wide service; /* \Driver\NAME */
};

static struct {
    pthread_mutex_t lock; /* held while driver code loads or unloads */
    const char *folder;
    struct driver *loaded; /* last loaded first */
    unsigned count;
    unsigned loads;
} drivers = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void set_wide(struct wide *wide, const char *prefix, const char *text) {
    size_t before = fm_utf8_to_utf16(prefix, strlen(prefix), (uint16_t *)wide->buffer, longest_text - 1);
    size_t after = fm_utf8_to_utf16(text, strlen(text), (uint16_t *)wide->buffer + before, longest_text - 1 - before);
    wide->string.Buffer = wide->buffer;
    wide->string.Length = (USHORT)((before + after) * sizeof(WCHAR));
    wide->string.MaximumLength = sizeof(wide->buffer);
    wide->buffer[before + after] = 0;
}

static NTSTATUS filter_settings(PDRIVER_OBJECT object, fm_filter_settings *settings) {
    struct driver *driver = (struct driver *)object;
    settings->name = driver->wide_name.string;
    settings->altitude = driver->altitude.string;
    settings->instance_name = driver->instance.string;
    return STATUS_SUCCESS;
}

/* Every function of the Filter Manager is exported by this program. */
static void *routine(const char *name) {
    return strncmp(name, "Flt", 3) == 0 ? dlsym(RTLD_DEFAULT, name) : NULL;
}

const fm_host_ops fm_linux_host_ops = {.filter_settings = filter_settings, .routine = routine};

void fm_drivers_init(const char *folder) {
    drivers.folder = folder;
}

static struct driver **find(const char *name) {
    struct driver **link = &drivers.loaded;
    while (*link != NULL && strcasecmp((*link)->name, name) != 0) {
        link = &(*link)->next;
    }
    return link;
}

static NTSTATUS status_of(enum fm_driver_file_result result) {
    switch (result) {
    case FM_DRIVER_FILE_OK:
        return STATUS_SUCCESS;
    case FM_DRIVER_FILE_BAD_NAME:
        return STATUS_OBJECT_NAME_INVALID;
    case FM_DRIVER_FILE_ABSENT:
        return STATUS_OBJECT_NAME_NOT_FOUND;
    case FM_DRIVER_FILE_NOT_TRUSTED:
        return STATUS_ACCESS_DENIED;
    case FM_DRIVER_FILE_NO_ENTRY:
        return STATUS_DRIVER_ENTRYPOINT_NOT_FOUND;
    case FM_DRIVER_FILE_NOT_AN_IMAGE:
        break;
    }
    return STATUS_INVALID_IMAGE_FORMAT;
}

static void choose_settings(struct driver *driver, const char *given_altitude) {
    char altitude[longest_text];
    char instance[longest_text];
    /* Without any, in the range for activity monitors; the fraction keeps two such drivers apart. */
    (void)snprintf(altitude, sizeof(altitude), "370000.%u", drivers.loads);
    (void)snprintf(instance, sizeof(instance), "%.60s Instance", driver->name);
    fm_driver_file_settings(drivers.folder, driver->name, altitude, sizeof(altitude), instance, sizeof(instance));
    set_wide(&driver->altitude, "", given_altitude != NULL ? given_altitude : altitude);
    set_wide(&driver->instance, "", instance);
}

static NTSTATUS initialize(struct driver *driver, char *text, size_t capacity) {
    struct wide registry_path;
    set_wide(&driver->wide_name, "", driver->name);
    set_wide(&driver->service, "\\Driver\\", driver->name);
    set_wide(&registry_path, "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\", driver->name);
    driver->object = (DRIVER_OBJECT){.Type = 4,
                                     .Size = sizeof(DRIVER_OBJECT),
                                     .DriverStart = (PVOID)driver->file.start,
                                     .DriverSize = (ULONG)(driver->file.end - driver->file.start),
                                     .DriverName = driver->service.string,
                                     .DriverInit = (PDRIVER_INITIALIZE)driver->file.entry};
    fm_impersonate(NULL);
    NTSTATUS status = driver->object.DriverInit(&driver->object, &registry_path.string);
    if (!NT_SUCCESS(status)) {
        (void)snprintf(text, capacity, "DriverEntry of %s failed with 0x%08X", driver->name, (unsigned)status);
    }
    return status;
}

/* The driver's code runs no more, as far as anybody can know. */
static void unmap(struct driver *driver) {
    unsigned threads = fm_system_threads_of(driver->file.start, driver->file.end);
    if (threads != 0) {
        fm_log("driver %s left %u threads running; its image stays mapped", driver->name, threads);
        driver->file.library = NULL;
        driver->file.descriptor = -1;
    }
    (void)fm_pool_image_unloaded(driver->file.start);
    fm_driver_file_close(&driver->file);
    free(driver);
}

int32_t fm_drivers_load(const char *name, const char *altitude, char *text, size_t capacity) {
    struct driver *driver = NULL;
    NTSTATUS status;
    pthread_mutex_lock(&drivers.lock);
    if (fm_driver_name_valid(name) && *find(name) != NULL) {
        (void)snprintf(text, capacity, "driver %s is loaded already", name);
        status = STATUS_IMAGE_ALREADY_LOADED;
        goto done;
    }
    driver = calloc(1, sizeof(*driver));
    if (driver == NULL) {
        (void)snprintf(text, capacity, "no memory to load driver %s", name);
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto done;
    }
    status = status_of(fm_driver_file_open(&driver->file, drivers.folder, name, text, capacity));
    if (!NT_SUCCESS(status)) {
        free(driver);
        goto done;
    }
    (void)snprintf(driver->name, sizeof(driver->name), "%s", name);
    drivers.loads++;
    choose_settings(driver, altitude);
    if (!fm_altitude_valid(&driver->altitude.string)) {
        (void)snprintf(text, capacity, "altitude of driver %s must be a decimal number, such as 370030.5", name);
        status = STATUS_INVALID_PARAMETER;
        fm_driver_file_close(&driver->file);
        free(driver);
        goto done;
    }
    (void)fm_pool_image_loaded(driver->name, driver->file.start, driver->file.end);
    status = initialize(driver, text, capacity);
    if (!NT_SUCCESS(status)) {
        unmap(driver);
        goto done;
    }
    driver->next = drivers.loaded;
    drivers.loaded = driver;
    drivers.count++;
done:
    pthread_mutex_unlock(&drivers.lock);
    return status;
}

static NTSTATUS unload(struct driver **link, bool mandatory, char *text, size_t capacity) {
    struct driver *driver = *link;
    NTSTATUS status = STATUS_SUCCESS;
    fm_impersonate(NULL);
    if (fm_filter_exists(&driver->wide_name.string)) {
        status = fm_filter_unload(&driver->wide_name.string, mandatory);
        if (status != STATUS_SUCCESS) {
            (void)snprintf(text, capacity, "driver %s does not unload: 0x%08X; it stays and works on", driver->name,
                           (unsigned)status);
            return status;
        }
    } else if (driver->object.DriverUnload == NULL) {
        (void)snprintf(text, capacity, "driver %s has no unload routine; it stays", driver->name);
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (driver->object.DriverUnload != NULL) {
        driver->object.DriverUnload(&driver->object);
    }
    *link = driver->next;
    drivers.count--;
    unmap(driver);
    return status;
}

int32_t fm_drivers_unload(const char *name, int mandatory, char *text, size_t capacity) {
    pthread_mutex_lock(&drivers.lock);
    struct driver **link = find(name);
    NTSTATUS status = STATUS_FLT_FILTER_NOT_FOUND;
    if (*link != NULL) {
        status = unload(link, mandatory != 0, text, capacity);
    } else {
        (void)snprintf(text, capacity, "no driver %s is loaded", name);
    }
    pthread_mutex_unlock(&drivers.lock);
    return status;
}

unsigned fm_drivers_unload_all(void) {
    unsigned stayed = 0;
    char text[256] = "";
    pthread_mutex_lock(&drivers.lock);
    for (struct driver **link = &drivers.loaded; *link != NULL;) {
        if (!NT_SUCCESS(unload(link, true, text, sizeof(text)))) {
            fm_log("%s", text);
            stayed++;
            link = &(*link)->next;
        }
    }
    pthread_mutex_unlock(&drivers.lock);
    return stayed;
}

unsigned fm_drivers_count(void) {
    pthread_mutex_lock(&drivers.lock);
    unsigned count = drivers.count;
    pthread_mutex_unlock(&drivers.lock);
    return count;
}

static bool may_load(const fm_requestor *requestor) {
    static const UCHAR system_sid[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
    return requestor->kernel || (requestor->sid_count != 0 && ((const UCHAR *)requestor->sids[0])[1] == 1 &&
                                 memcmp(requestor->sids[0], system_sid, sizeof(system_sid)) == 0);
}

static int32_t say(int32_t status, const char *verb, const char *name, const char *text) {
    if (status < 0) {
        fm_log("%s %s: %s", verb, name, text);
    }
    return status;
}

int32_t fm_driver_load(const char *name, const fm_requestor *requestor) {
    char text[512] = "";
    return !may_load(requestor) ? STATUS_PRIVILEGE_NOT_HELD
                                : say(fm_drivers_load(name, NULL, text, sizeof(text)), "load", name, text);
}

int32_t fm_driver_unload(const char *name, const fm_requestor *requestor) {
    char text[512] = "";
    return !may_load(requestor) ? STATUS_PRIVILEGE_NOT_HELD
                                : say(fm_drivers_unload(name, 0, text, sizeof(text)), "unload", name, text);
}
