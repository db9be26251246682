/* SPDX-License-Identifier: Apache-2.0 */
/* Server ports: names, creation, closing. */
#include "internal.h"

/* NT's rules for a name in the root directory (OPEN-13): there is no other directory here. */
NTSTATUS fm_port_name_check(const UNICODE_STRING *name) {
    if (name->Length == 0 || name->Length % sizeof(WCHAR) != 0 || name->Buffer == NULL) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    if (name->Buffer[0] != '\\') {
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    }
    if (name->Length == sizeof(WCHAR)) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    for (unsigned i = 1; i < name->Length / sizeof(WCHAR); i++) {
        if (name->Buffer[i] == '\\') {
            return STATUS_OBJECT_PATH_NOT_FOUND;
        }
    }
    return STATUS_SUCCESS;
}

fm_server_port *fm_port_find(const UNICODE_STRING *name) {
    for (PLIST_ENTRY entry = fm.ports.Flink; entry != &fm.ports; entry = entry->Flink) {
        fm_server_port *port = CONTAINING_RECORD(entry, fm_server_port, link);
        if (fm_string_equal(&port->name, name, port->ignore_case)) {
            return port;
        }
    }
    return NULL;
}

/* Two names collide if either of their ports would be found by the other's name. */
static bool name_taken(const UNICODE_STRING *name, bool ignore_case) {
    for (PLIST_ENTRY entry = fm.ports.Flink; entry != &fm.ports; entry = entry->Flink) {
        fm_server_port *port = CONTAINING_RECORD(entry, fm_server_port, link);
        if (fm_string_equal(&port->name, name, port->ignore_case || ignore_case)) {
            return true;
        }
    }
    return false;
}

static void port_free(fm_server_port *port) {
    fm_descriptor_free(&port->security);
    fm_string_free(&port->name);
    fm_release(port);
}

void fm_port_release(fm_server_port *port) {
    if (fm_count_down(&port->references)) {
        port_free(port);
    }
}

NTSTATUS FLTAPI FltCreateCommunicationPort(PFLT_FILTER Filter, PFLT_PORT *ServerPort,
                                           POBJECT_ATTRIBUTES ObjectAttributes, PVOID ServerPortCookie,
                                           PFLT_CONNECT_NOTIFY ConnectNotifyCallback,
                                           PFLT_DISCONNECT_NOTIFY DisconnectNotifyCallback,
                                           PFLT_MESSAGE_NOTIFY MessageNotifyCallback, LONG MaxConnections) {
    fm_server_port *port;
    NTSTATUS status;

    if (Filter == NULL || ServerPort == NULL || ObjectAttributes == NULL || ObjectAttributes->ObjectName == NULL ||
        ObjectAttributes->RootDirectory != NULL || !FlagOn(ObjectAttributes->Attributes, OBJ_KERNEL_HANDLE) ||
        ConnectNotifyCallback == NULL || DisconnectNotifyCallback == NULL || MaxConnections <= 0) {
        return STATUS_INVALID_PARAMETER;
    }
    *ServerPort = NULL;
    status = fm_port_name_check(ObjectAttributes->ObjectName);
    if (!NT_SUCCESS(status)) {
        return status;
    }

    port = fm_allocate(sizeof(*port));
    if (port == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    port->port.kind = FM_KIND_SERVER_PORT;
    port->references = 1;
    port->filter = Filter;
    port->ignore_case = FlagOn(ObjectAttributes->Attributes, OBJ_CASE_INSENSITIVE) != 0;
    port->cookie = ServerPortCookie;
    port->connect = ConnectNotifyCallback;
    port->disconnect = DisconnectNotifyCallback;
    port->message = MessageNotifyCallback;
    port->limit = MaxConnections;
    if (!fm_string_copy(&port->name, ObjectAttributes->ObjectName)) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto fail;
    }
    status = fm_descriptor_capture(ObjectAttributes->SecurityDescriptor, &port->security);
    if (!NT_SUCCESS(status)) {
        goto fail;
    }

    fm_mutex_lock(&fm.lock);
    if (__atomic_load_n(&Filter->deleting, __ATOMIC_RELAXED)) {
        status = STATUS_FLT_DELETING_OBJECT;
    } else if (name_taken(&port->name, port->ignore_case)) {
        status = STATUS_OBJECT_NAME_COLLISION;
    } else if (!fm_rundown_acquire(&Filter->object.rundown)) {
        status = STATUS_FLT_DELETING_OBJECT;
    } else {
        InsertTailList(&fm.ports, &port->link);
        *ServerPort = &port->port;
    }
    fm_mutex_unlock(&fm.lock);
    if (NT_SUCCESS(status)) {
        return STATUS_SUCCESS;
    }

fail:
    port_free(port);
    return status;
}

VOID FLTAPI FltCloseCommunicationPort(PFLT_PORT ServerPort) {
    fm_server_port *port;
    PFLT_FILTER filter;

    if (ServerPort == NULL || ServerPort->kind != FM_KIND_SERVER_PORT) {
        return;
    }
    port = CONTAINING_RECORD(ServerPort, fm_server_port, port);
    filter = port->filter;
    fm_mutex_lock(&fm.lock);
    (void)RemoveEntryList(&port->link); /* the name is free at once (PORT-16); connections live on (PORT-17) */
    fm_mutex_unlock(&fm.lock);
    fm_port_release(port);
    fm_rundown_release(&filter->object.rundown);
}
