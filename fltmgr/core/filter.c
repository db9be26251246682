/* SPDX-License-Identifier: Apache-2.0 */
/* Filters: registration, start, end. */
#include "internal.h"

/* Registration ------------------------------------------------------------------------------------------------------ */

static bool registration_valid(const FLT_REGISTRATION *registration) {
    if ((registration->Version & 0xFF00) != (FLT_REGISTRATION_VERSION & 0xFF00)) {
        return false;
    }
    if ((registration->NormalizeNameComponentCallback != NULL ||
         registration->NormalizeNameComponentExCallback != NULL) &&
        registration->GenerateFileNameCallback == NULL) {
        return false; /* MINI-01 */
    }
    return registration->Size >= FIELD_OFFSET(FLT_REGISTRATION, TransactionNotificationCallback);
}

static bool copy_contexts(PFLT_FILTER filter, const FLT_CONTEXT_REGISTRATION *source) {
    size_t count = 0;

    if (source == NULL) {
        return true;
    }
    while (source[count].ContextType != FLT_CONTEXT_END) {
        count++;
    }
    filter->contexts = fm_allocate((count + 1) * sizeof(*source));
    if (filter->contexts != NULL) {
        __builtin_memcpy(filter->contexts, source, count * sizeof(*source));
        filter->contexts[count].ContextType = FLT_CONTEXT_END;
    }
    return filter->contexts != NULL;
}

static bool copy_operations(PFLT_FILTER filter, const FLT_OPERATION_REGISTRATION *source) {
    size_t count = 0;

    if (source == NULL) {
        return true;
    }
    while (source[count].MajorFunction != IRP_MJ_OPERATION_END) {
        count++;
    }
    filter->operations = fm_allocate((count + 1) * sizeof(*source));
    if (filter->operations == NULL) {
        return false;
    }
    __builtin_memcpy(filter->operations, source, count * sizeof(*source));
    filter->operations[count].MajorFunction = IRP_MJ_OPERATION_END;
    for (size_t i = 0; i < count; i++) {
        filter->by_major[filter->operations[i].MajorFunction] = &filter->operations[i];
    }
    return true;
}

static void filter_free(PFLT_FILTER filter) {
    fm_release(filter->operations);
    fm_release(filter->contexts);
    fm_string_free(&filter->instance_name);
    fm_string_free(&filter->altitude);
    fm_string_free(&filter->name);
    fm_release(filter);
}

static PFLT_FILTER find_filter(PCUNICODE_STRING name) {
    for (PLIST_ENTRY entry = fm.filters.Flink; entry != &fm.filters; entry = entry->Flink) {
        PFLT_FILTER filter = CONTAINING_RECORD(entry, struct _FLT_FILTER, link);
        if (fm_string_equal(&filter->name, name, true)) {
            return filter;
        }
    }
    return NULL;
}

static void insert_by_altitude(PFLT_FILTER filter) {
    PLIST_ENTRY entry = fm.filters.Flink;

    while (entry != &fm.filters &&
           fm_altitude_compare(&CONTAINING_RECORD(entry, struct _FLT_FILTER, link)->altitude, &filter->altitude) >= 0) {
        entry = entry->Flink;
    }
    InsertTailList(entry, &filter->link); /* before entry */
}

NTSTATUS FLTAPI FltRegisterFilter(PDRIVER_OBJECT Driver, CONST FLT_REGISTRATION *Registration, PFLT_FILTER *RetFilter) {
    fm_filter_settings settings = {{0, 0, NULL}, {0, 0, NULL}, {0, 0, NULL}};
    PFLT_FILTER filter;
    NTSTATUS status;

    if (!fm.initialised) {
        return STATUS_FLT_NOT_INITIALIZED;
    }
    if (Registration == NULL || RetFilter == NULL || !registration_valid(Registration)) {
        return STATUS_INVALID_PARAMETER;
    }
    *RetFilter = NULL;
    status = fm.host->filter_settings(Driver, &settings);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (settings.name.Length == 0 || !fm_altitude_valid(&settings.altitude)) {
        return STATUS_INVALID_PARAMETER;
    }

    filter = fm_allocate(sizeof(*filter));
    if (filter == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    filter->object.kind = FM_KIND_FILTER;
    InitializeListHead(&filter->connections);
    InitializeListHead(&filter->volume_contexts);
    __builtin_memcpy(&filter->registration, Registration,
                     Registration->Size < sizeof(filter->registration) ? Registration->Size
                                                                       : sizeof(filter->registration));
    if (!fm_string_copy(&filter->name, &settings.name) || !fm_string_copy(&filter->altitude, &settings.altitude) ||
        !fm_string_copy(&filter->instance_name, &settings.instance_name) ||
        !copy_contexts(filter, Registration->ContextRegistration) ||
        !copy_operations(filter, Registration->OperationRegistration)) {
        filter_free(filter);
        return STATUS_INSUFFICIENT_RESOURCES;
    }

    fm_mutex_lock(&fm.lock);
    if (find_filter(&filter->name) != NULL) {
        status = STATUS_OBJECT_NAME_COLLISION;
    } else {
        filter->id = ++fm.next_filter_id;
        insert_by_altitude(filter);
    }
    fm_mutex_unlock(&fm.lock);
    if (!NT_SUCCESS(status)) {
        filter_free(filter);
        return status;
    }
    *RetFilter = filter;
    return STATUS_SUCCESS;
}

/* Start ------------------------------------------------------------------------------------------------------------- */

/* The next volume after the one given (NULL: the first), referenced; drops the reference on the one given. */
static PFLT_VOLUME next_volume(PFLT_VOLUME volume) {
    PFLT_VOLUME next = NULL;

    fm_mutex_lock(&fm.lock);
    for (PLIST_ENTRY entry = volume != NULL ? volume->link.Flink : fm.volumes.Flink; entry != &fm.volumes;
         entry = entry->Flink) {
        PFLT_VOLUME candidate = CONTAINING_RECORD(entry, struct _FLT_VOLUME, link);
        if (!candidate->deleting && fm_rundown_acquire(&candidate->object.rundown)) {
            next = candidate;
            break;
        }
    }
    fm_mutex_unlock(&fm.lock);
    if (volume != NULL) {
        fm_rundown_release(&volume->object.rundown);
    }
    return next;
}

NTSTATUS FLTAPI FltStartFiltering(PFLT_FILTER Filter) {
    bool first;

    fm_mutex_lock(&fm.lock);
    first = !Filter->started && !__atomic_load_n(&Filter->deleting, __ATOMIC_RELAXED);
    if (first) {
        Filter->started = true;
    }
    fm_mutex_unlock(&fm.lock);
    if (!first) {
        return STATUS_INVALID_PARAMETER; /* MINI-02 */
    }
    for (PFLT_VOLUME volume = next_volume(NULL); volume != NULL; volume = next_volume(volume)) {
        (void)fm_instance_attach(Filter, volume, &Filter->altitude, &Filter->instance_name,
                                 FLTFL_INSTANCE_SETUP_AUTOMATIC_ATTACHMENT, NULL);
    }
    return STATUS_SUCCESS;
}

/* End --------------------------------------------------------------------------------------------------------------- */

/*
 * Connections first: an operation that waits for a client's answer then comes back, so that tearing its instance down ends. What the driver
 * still holds afterwards (an open server port, a context, a reference) keeps this call waiting, as on Windows (PORT-18, DISC-16).
 */
VOID FLTAPI FltUnregisterFilter(PFLT_FILTER Filter) {
    FLT_INSTANCE_TEARDOWN_FLAGS reason;

    fm_mutex_lock(&fm.lock);
    __atomic_store_n(&Filter->deleting, true, __ATOMIC_SEQ_CST);
    reason = FLTFL_INSTANCE_TEARDOWN_FILTER_UNLOAD;
    if (Filter->unloading && Filter->unload_mandatory) {
        reason = FLTFL_INSTANCE_TEARDOWN_MANDATORY_FILTER_UNLOAD;
    }
    fm_mutex_unlock(&fm.lock);

    fm_connections_end_all(Filter);
    fm_instances_of_filter_teardown(Filter, reason);
    fm_contexts_of_filter_delete(Filter);
    fm_rundown_wait(&Filter->object.rundown);

    fm_mutex_lock(&fm.lock);
    (void)RemoveEntryList(&Filter->link);
    fm_mutex_unlock(&fm.lock);
    filter_free(Filter);
}

/* Also lets a later unload try again. */
static bool still_registered(uint64_t id) {
    bool found = false;

    fm_mutex_lock(&fm.lock);
    for (PLIST_ENTRY entry = fm.filters.Flink; entry != &fm.filters; entry = entry->Flink) {
        PFLT_FILTER filter = CONTAINING_RECORD(entry, struct _FLT_FILTER, link);
        if (filter->id == id) {
            found = true;
            filter->unloading = false;
        }
    }
    fm_mutex_unlock(&fm.lock);
    return found;
}

NTSTATUS fm_filter_unload(PCUNICODE_STRING name, bool mandatory) {
    PFLT_FILTER_UNLOAD_CALLBACK callback = NULL;
    PFLT_FILTER filter;
    NTSTATUS status = STATUS_SUCCESS;
    uint64_t id = 0;

    fm_mutex_lock(&fm.lock);
    filter = find_filter(name);
    if (filter == NULL) {
        status = STATUS_FLT_FILTER_NOT_FOUND;
    } else if (filter->registration.FilterUnloadCallback == NULL ||
               (mandatory && FlagOn(filter->registration.Flags, FLTFL_REGISTRATION_DO_NOT_SUPPORT_SERVICE_STOP))) {
        status = STATUS_FLT_DO_NOT_DETACH; /* DISC-18, DISC-19 */
    } else if (filter->unloading || __atomic_load_n(&filter->deleting, __ATOMIC_RELAXED)) {
        status = STATUS_FLT_DELETING_OBJECT;
    } else {
        filter->unloading = true;
        filter->unload_mandatory = mandatory;
        callback = filter->registration.FilterUnloadCallback;
        id = filter->id;
    }
    fm_mutex_unlock(&fm.lock);
    if (!NT_SUCCESS(status)) {
        return status;
    }

    /* NT_SUCCESS is true for informational codes as well: only errors and warnings refuse (DISC-17). */
    status = callback(mandatory ? FLTFL_FILTER_UNLOAD_MANDATORY : 0);
    const bool refused = !mandatory && !NT_SUCCESS(status);
    if (!still_registered(id)) {
        return STATUS_SUCCESS;
    }
    return refused ? STATUS_FLT_DO_NOT_DETACH : STATUS_FLT_INTERNAL_ERROR;
}

NTSTATUS FLTAPI FltUnloadFilter(PCUNICODE_STRING FilterName) {
    return fm_filter_unload(FilterName, false);
}

bool fm_filter_exists(PCUNICODE_STRING name) {
    bool found;

    fm_mutex_lock(&fm.lock);
    found = find_filter(name) != NULL;
    fm_mutex_unlock(&fm.lock);
    return found;
}

NTSTATUS FLTAPI FltGetFilterFromName(PCUNICODE_STRING FilterName, PFLT_FILTER *RetFilter) {
    PFLT_FILTER filter;

    fm_mutex_lock(&fm.lock);
    filter = find_filter(FilterName);
    if (filter != NULL && !fm_rundown_acquire(&filter->object.rundown)) {
        filter = NULL;
    }
    fm_mutex_unlock(&fm.lock);
    *RetFilter = filter;
    return filter != NULL ? STATUS_SUCCESS : STATUS_FLT_FILTER_NOT_FOUND;
}
