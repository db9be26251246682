/* SPDX-License-Identifier: Apache-2.0 */
/* Instances: a filter on a volume. Attaching, detaching, and finding them again. */
#include "internal.h"

static FLT_RELATED_OBJECTS related(PFLT_INSTANCE instance) {
    const FLT_RELATED_OBJECTS objects = {
        sizeof(FLT_RELATED_OBJECTS), 0, instance->filter, instance->volume, instance, NULL, NULL};
    return objects;
}

/* Attach ------------------------------------------------------------------------------------------------------------ */

static void instance_free(PFLT_INSTANCE instance) {
    fm_rundown_release(&instance->filter->object.rundown);
    fm_rundown_release(&instance->volume->object.rundown);
    fm_string_free(&instance->altitude);
    fm_string_free(&instance->name);
    fm_release(instance);
}

static PFLT_INSTANCE instance_create(PFLT_FILTER filter, PFLT_VOLUME volume, const UNICODE_STRING *altitude,
                                     const UNICODE_STRING *name) {
    PFLT_INSTANCE instance;

    if (!fm_rundown_acquire(&filter->object.rundown)) {
        return NULL;
    }
    if (!fm_rundown_acquire(&volume->object.rundown)) {
        fm_rundown_release(&filter->object.rundown);
        return NULL;
    }
    instance = fm_allocate(sizeof(*instance));
    if (instance == NULL) {
        fm_rundown_release(&volume->object.rundown);
        fm_rundown_release(&filter->object.rundown);
        return NULL;
    }
    instance->object.kind = FM_KIND_INSTANCE;
    instance->filter = filter;
    instance->volume = volume;
    InitializeListHead(&instance->contexts);
    if (!fm_string_copy(&instance->name, name) || !fm_string_copy(&instance->altitude, altitude)) {
        instance_free(instance);
        return NULL;
    }
    return instance;
}

/* Takes the place in the stack before InstanceSetup runs, so that two attachments cannot both get it. */
static NTSTATUS insert(PFLT_INSTANCE instance) {
    PFLT_VOLUME volume = instance->volume;
    PLIST_ENTRY entry, before = &volume->instances;
    NTSTATUS status = STATUS_SUCCESS;

    fm_mutex_lock(&fm.lock);
    fm_mutex_lock(&volume->lock);
    if (volume->deleting || __atomic_load_n(&instance->filter->deleting, __ATOMIC_RELAXED)) {
        status = STATUS_FLT_DELETING_OBJECT;
    } else if (!instance->filter->started) {
        status = STATUS_FLT_FILTER_NOT_READY;
    }
    for (entry = volume->instances.Blink; entry != &volume->instances && NT_SUCCESS(status); entry = entry->Blink) {
        PFLT_INSTANCE other = CONTAINING_RECORD(entry, struct _FLT_INSTANCE, link);
        int order = fm_altitude_compare(&other->altitude, &instance->altitude);
        if (order == 0) {
            status = STATUS_FLT_INSTANCE_ALTITUDE_COLLISION;
        } else if (fm_string_equal(&other->name, &instance->name, true) && other->filter == instance->filter) {
            status = STATUS_FLT_INSTANCE_NAME_COLLISION;
        } else if (order < 0) {
            before = entry;
        }
    }
    if (NT_SUCCESS(status)) {
        InsertTailList(before, &instance->link);
    }
    fm_mutex_unlock(&volume->lock);
    fm_mutex_unlock(&fm.lock);
    return status;
}

static void unlink_instance(PFLT_INSTANCE instance) {
    fm_mutex_lock(&fm.lock);
    fm_mutex_lock(&instance->volume->lock);
    (void)RemoveEntryList(&instance->link);
    fm_mutex_unlock(&instance->volume->lock);
    fm_mutex_unlock(&fm.lock);
}

NTSTATUS fm_instance_attach(PFLT_FILTER filter, PFLT_VOLUME volume, const UNICODE_STRING *altitude,
                            const UNICODE_STRING *name, FLT_INSTANCE_SETUP_FLAGS flags, PFLT_INSTANCE *result) {
    PFLT_INSTANCE instance;
    NTSTATUS status;
    bool dying;

    if (!fm_altitude_valid(altitude)) {
        return STATUS_INVALID_PARAMETER;
    }
    instance = instance_create(filter, volume, altitude, name);
    if (instance == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = insert(instance);
    if (!NT_SUCCESS(status)) {
        instance_free(instance);
        return status;
    }
    if (filter->registration.InstanceSetupCallback != NULL) {
        FLT_RELATED_OBJECTS objects = related(instance);
        status = filter->registration.InstanceSetupCallback(&objects, flags, volume->device_type, volume->file_system);
        if (!NT_SUCCESS(status)) { /* MINI-05 */
            unlink_instance(instance);
            fm_contexts_of_instance_delete(instance);
            fm_rundown_wait(&instance->object.rundown);
            instance_free(instance);
            return status;
        }
    }
    if (result != NULL) {
        (void)fm_rundown_acquire(&instance->object.rundown);
        *result = instance;
    }

    fm_mutex_lock(&fm.lock);
    fm_mutex_lock(&volume->lock);
    dying = volume->deleting || __atomic_load_n(&filter->deleting, __ATOMIC_RELAXED);
    instance->state = dying ? FM_INSTANCE_TEARING : FM_INSTANCE_ACTIVE;
    fm_mutex_unlock(&volume->lock);
    fm_mutex_unlock(&fm.lock);
    if (dying) { /* whoever tears down has passed us by while we were attaching */
        if (result != NULL) {
            fm_rundown_release(&instance->object.rundown);
            *result = NULL;
        }
        fm_instance_teardown(instance, FLTFL_INSTANCE_TEARDOWN_FILTER_UNLOAD);
        return STATUS_FLT_DELETING_OBJECT;
    }
    fm_volume_drop_retained(volume);
    return STATUS_SUCCESS;
}

/* Tear down --------------------------------------------------------------------------------------------------------- */

/* Manager's lock held. True for the one thread that will tear it down. */
bool fm_instance_claim(PFLT_INSTANCE instance) {
    bool claimed;

    fm_mutex_lock(&instance->volume->lock);
    claimed = instance->state == FM_INSTANCE_ACTIVE;
    if (claimed) {
        instance->state = FM_INSTANCE_TEARING; /* new operations pass it by */
    }
    fm_mutex_unlock(&instance->volume->lock);
    return claimed;
}

/* The caller has claimed it. Frees it. */
void fm_instance_teardown(PFLT_INSTANCE instance, FLT_INSTANCE_TEARDOWN_FLAGS reason) {
    const FLT_REGISTRATION *registration = &instance->filter->registration;
    FLT_RELATED_OBJECTS objects = related(instance);

    if (registration->InstanceTeardownStartCallback != NULL) {
        registration->InstanceTeardownStartCallback(&objects, reason);
    }
    fm_rundown_wait(&instance->object.rundown);
    if (registration->InstanceTeardownCompleteCallback != NULL) {
        registration->InstanceTeardownCompleteCallback(&objects, reason);
    }
    fm_contexts_of_instance_delete(instance);
    unlink_instance(instance);
    instance_free(instance);
}

/* Manager's lock held. */
static PFLT_INSTANCE claim_one(PFLT_VOLUME volume, PFLT_FILTER filter) {
    for (PLIST_ENTRY entry = volume->instances.Flink; entry != &volume->instances; entry = entry->Flink) {
        PFLT_INSTANCE instance = CONTAINING_RECORD(entry, struct _FLT_INSTANCE, link);
        if ((filter == NULL || instance->filter == filter) && fm_instance_claim(instance)) {
            return instance;
        }
    }
    return NULL;
}

void fm_instances_of_filter_teardown(PFLT_FILTER filter, FLT_INSTANCE_TEARDOWN_FLAGS reason) {
    PFLT_INSTANCE instance;

    do {
        instance = NULL;
        fm_mutex_lock(&fm.lock);
        for (PLIST_ENTRY entry = fm.volumes.Flink; entry != &fm.volumes && instance == NULL; entry = entry->Flink) {
            instance = claim_one(CONTAINING_RECORD(entry, struct _FLT_VOLUME, link), filter);
        }
        fm_mutex_unlock(&fm.lock);
        if (instance != NULL) {
            fm_instance_teardown(instance, reason);
        }
    } while (instance != NULL);
}

void fm_instances_of_volume_teardown(PFLT_VOLUME volume) {
    PFLT_INSTANCE instance;

    do {
        fm_mutex_lock(&fm.lock);
        instance = claim_one(volume, NULL);
        fm_mutex_unlock(&fm.lock);
        if (instance != NULL) {
            fm_instance_teardown(instance, FLTFL_INSTANCE_TEARDOWN_VOLUME_DISMOUNT);
        }
    } while (instance != NULL);
}

/* By hand ----------------------------------------------------------------------------------------------------------- */

NTSTATUS FLTAPI FltAttachVolumeAtAltitude(PFLT_FILTER Filter, PFLT_VOLUME Volume, PCUNICODE_STRING Altitude,
                                          PCUNICODE_STRING InstanceName, PFLT_INSTANCE *RetInstance) {
    return fm_instance_attach(Filter, Volume, Altitude, InstanceName != NULL ? InstanceName : &Filter->instance_name,
                              FLTFL_INSTANCE_SETUP_MANUAL_ATTACHMENT, RetInstance);
}

NTSTATUS FLTAPI FltAttachVolume(PFLT_FILTER Filter, PFLT_VOLUME Volume, PCUNICODE_STRING InstanceName,
                                PFLT_INSTANCE *RetInstance) {
    if (InstanceName != NULL && !fm_string_equal(InstanceName, &Filter->instance_name, true)) {
        return STATUS_OBJECT_NAME_NOT_FOUND; /* not registered (MGMT-15) */
    }
    return FltAttachVolumeAtAltitude(Filter, Volume, &Filter->altitude, InstanceName, RetInstance);
}

NTSTATUS FLTAPI FltDetachVolume(PFLT_FILTER Filter, PFLT_VOLUME Volume, PCUNICODE_STRING InstanceName) {
    PFLT_INSTANCE found = NULL;
    NTSTATUS status;
    bool claimed;

    fm_mutex_lock(&fm.lock);
    for (PLIST_ENTRY entry = Volume->instances.Flink; entry != &Volume->instances && found == NULL;
         entry = entry->Flink) {
        PFLT_INSTANCE instance = CONTAINING_RECORD(entry, struct _FLT_INSTANCE, link);
        if (instance->filter == Filter && instance->state == FM_INSTANCE_ACTIVE &&
            (InstanceName == NULL || fm_string_equal(InstanceName, &instance->name, true)) &&
            fm_rundown_acquire(&instance->object.rundown)) {
            found = instance;
        }
    }
    fm_mutex_unlock(&fm.lock);
    if (found == NULL) {
        return STATUS_FLT_INSTANCE_NOT_FOUND;
    }

    status = STATUS_FLT_DO_NOT_DETACH;
    if (Filter->registration.InstanceQueryTeardownCallback != NULL) {
        FLT_RELATED_OBJECTS objects = related(found);
        status = Filter->registration.InstanceQueryTeardownCallback(&objects, 0);
    }
    if (!NT_SUCCESS(status)) {
        fm_rundown_release(&found->object.rundown);
        return STATUS_FLT_DO_NOT_DETACH; /* MGMT-18 */
    }
    fm_mutex_lock(&fm.lock);
    claimed = fm_instance_claim(found);
    fm_mutex_unlock(&fm.lock);
    fm_rundown_release(&found->object.rundown);
    if (!claimed) {
        return STATUS_FLT_DELETING_OBJECT;
    }
    fm_instance_teardown(found, FLTFL_INSTANCE_TEARDOWN_MANUAL);
    return STATUS_SUCCESS;
}

/* Relations --------------------------------------------------------------------------------------------------------- */

LONG FLTAPI FltCompareInstanceAltitudes(PFLT_INSTANCE Instance1, PFLT_INSTANCE Instance2) {
    return fm_altitude_compare(&Instance1->altitude, &Instance2->altitude);
}

NTSTATUS FLTAPI FltGetVolumeFromInstance(PFLT_INSTANCE Instance, PFLT_VOLUME *RetVolume) {
    *RetVolume = fm_rundown_acquire(&Instance->volume->object.rundown) ? Instance->volume : NULL;
    return *RetVolume != NULL ? STATUS_SUCCESS : STATUS_FLT_DELETING_OBJECT;
}

NTSTATUS FLTAPI FltGetFilterFromInstance(PFLT_INSTANCE Instance, PFLT_FILTER *RetFilter) {
    *RetFilter = fm_rundown_acquire(&Instance->filter->object.rundown) ? Instance->filter : NULL;
    return *RetFilter != NULL ? STATUS_SUCCESS : STATUS_FLT_DELETING_OBJECT;
}
