// SPDX-License-Identifier: Apache-2.0

#include "fake_kernel.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

FakeKernel kernel;

namespace {

PVOID allocate(SIZE_T bytes) {
    if (kernel.poolIsEmpty) {
        return nullptr;
    }
    kernel.allocations++;
    return std::calloc(1, bytes);
}

void release(PVOID memory) {
    kernel.allocations--;
    std::free(memory);
}

FakeProcess *processOf(PFLT_CALLBACK_DATA data) {
    return static_cast<FakeProcess *>(data->FilterContext[0]);
}

} // namespace

extern "C" {

KIRQL NTAPI KeGetCurrentIrql(void) {
    return kernel.irql;
}

VOID NTAPI RtlAssert(PVOID expression, PVOID, ULONG, PSTR) {
    std::fprintf(stderr, "assertion in the driver: %s\n", static_cast<const char *>(expression));
    std::abort();
}

PVOID NTAPI ExAllocatePool2(POOL_FLAGS, SIZE_T bytes, ULONG) {
    return allocate(bytes);
}
VOID NTAPI ExFreePoolWithTag(PVOID memory, ULONG) {
    release(memory);
}
PVOID FLTAPI FltAllocatePoolAlignedWithTag(PFLT_INSTANCE, POOL_TYPE, SIZE_T bytes, ULONG) {
    return allocate(bytes);
}
VOID FLTAPI FltFreePoolAlignedWithTag(PFLT_INSTANCE, PVOID memory, ULONG) {
    release(memory);
}

VOID FLTAPI FltInitializePushLock(PEX_PUSH_LOCK lock) {
    *lock = 0;
    kernel.locks++;
}
VOID FLTAPI FltDeletePushLock(PEX_PUSH_LOCK) {
    kernel.locks--;
}
VOID FLTAPI FltAcquirePushLockExclusive(PEX_PUSH_LOCK) {
    kernel.locksHeld++;
}
VOID FLTAPI FltAcquirePushLockShared(PEX_PUSH_LOCK) {
    kernel.locksHeld++;
}
VOID FLTAPI FltReleasePushLock(PEX_PUSH_LOCK) {
    kernel.locksHeld--;
}

VOID NTAPI RtlInitUnicodeString(PUNICODE_STRING string, PCWSTR text) {
    string->Buffer = const_cast<PWCH>(text);
    string->Length = static_cast<USHORT>(std::char_traits<WCHAR>::length(text) * sizeof(WCHAR));
    string->MaximumLength = static_cast<USHORT>(string->Length + sizeof(WCHAR));
}

VOID NTAPI KeQuerySystemTimePrecise(PLARGE_INTEGER now) {
    now->QuadPart = 133000000000000000;
}
PIRP NTAPI IoGetTopLevelIrp(void) {
    return kernel.topLevelIrp ? reinterpret_cast<PIRP>(1) : nullptr;
}

HANDLE NTAPI PsGetCurrentProcessId(void) {
    return reinterpret_cast<HANDLE>(ULONG_PTR{kernel.current.id});
}
PEPROCESS NTAPI PsGetCurrentProcess(void) {
    return reinterpret_cast<PEPROCESS>(&kernel.current);
}
LONGLONG NTAPI PsGetProcessCreateTimeQuadPart(PEPROCESS process) {
    return reinterpret_cast<FakeProcess *>(process)->start;
}
HANDLE NTAPI PsGetThreadId(PETHREAD thread) {
    return reinterpret_cast<HANDLE>(thread);
}
ULONG FLTAPI FltGetRequestorProcessId(PFLT_CALLBACK_DATA data) {
    return processOf(data)->id;
}
PEPROCESS FLTAPI FltGetRequestorProcess(PFLT_CALLBACK_DATA data) {
    return reinterpret_cast<PEPROCESS>(processOf(data));
}

NTSTATUS FLTAPI FltRegisterFilter(PDRIVER_OBJECT, const FLT_REGISTRATION *registration, PFLT_FILTER *filter) {
    kernel.registration = registration;
    kernel.filterRegistered = true;
    *filter = reinterpret_cast<PFLT_FILTER>(1);
    return STATUS_SUCCESS;
}

PVOID FLTAPI FltGetRoutineAddress(PCSTR name) {
    const auto found = kernel.routines.find(name);
    return found == kernel.routines.end() ? nullptr : found->second;
}

NTSTATUS FLTAPI FltStartFiltering(PFLT_FILTER) {
    return kernel.startStatus;
}

VOID FLTAPI FltUnregisterFilter(PFLT_FILTER) {
    // A real one would wait for ever for the server port to be closed.
    if (kernel.portOpen) {
        std::abort();
    }
    while (!kernel.connections.empty()) {
        PVOID cookie = kernel.connections.back();
        kernel.connections.pop_back();
        kernel.disconnect(cookie);
    }
    kernel.filterRegistered = false;
}

NTSTATUS FLTAPI FltBuildDefaultSecurityDescriptor(PSECURITY_DESCRIPTOR *descriptor, ACCESS_MASK) {
    kernel.descriptors++;
    *descriptor = &kernel.descriptors;
    return STATUS_SUCCESS;
}

VOID FLTAPI FltFreeSecurityDescriptor(PSECURITY_DESCRIPTOR) {
    kernel.descriptors--;
}

NTSTATUS FLTAPI FltCreateCommunicationPort(PFLT_FILTER, PFLT_PORT *port, POBJECT_ATTRIBUTES attributes, PVOID,
                                           PFLT_CONNECT_NOTIFY connect, PFLT_DISCONNECT_NOTIFY disconnect,
                                           PFLT_MESSAGE_NOTIFY message, LONG maxConnections) {
    if (kernel.createPortStatus != STATUS_SUCCESS) {
        return kernel.createPortStatus;
    }
    const UNICODE_STRING &name = *attributes->ObjectName;
    kernel.portName.clear();
    for (USHORT i = 0; i < name.Length / sizeof(WCHAR); i++) {
        kernel.portName += static_cast<char>(name.Buffer[i]);
    }
    kernel.portAttributes = attributes->Attributes;
    kernel.maxConnections = maxConnections;
    kernel.connect = connect;
    kernel.disconnect = disconnect;
    kernel.message = message;
    kernel.portOpen = true;
    *port = reinterpret_cast<PFLT_PORT>(2);
    return STATUS_SUCCESS;
}

VOID FLTAPI FltCloseCommunicationPort(PFLT_PORT) {
    kernel.portOpen = false;
}
VOID FLTAPI FltCloseClientPort(PFLT_FILTER, PFLT_PORT *port) {
    *port = nullptr;
}

NTSTATUS FLTAPI FltSendMessage(PFLT_FILTER, PFLT_PORT *port, PVOID buffer, ULONG length, PVOID reply,
                               PULONG replyLength, PLARGE_INTEGER timeout) {
    if (timeout == nullptr || (kernel.locksHeld != 0 && timeout->QuadPart != 0)) {
        std::abort(); // waiting with a lock held, or without limit
    }
    if (*port == nullptr) {
        return STATUS_PORT_DISCONNECTED;
    }
    const auto *bytes = static_cast<const unsigned char *>(buffer);
    kernel.sent.push_back({*port, {bytes, bytes + length}, reply != nullptr, timeout->QuadPart});
    return kernel.onSend ? kernel.onSend(kernel.sent.back(), reply, replyLength) : STATUS_TIMEOUT;
}

// Sections: plain memory, which the handle, the object, the system's view and the client's view all are.

NTSTATUS NTAPI ZwCreateSection(PHANDLE section, ACCESS_MASK, POBJECT_ATTRIBUTES, PLARGE_INTEGER size, ULONG, ULONG,
                               HANDLE) {
    if (kernel.poolIsEmpty) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    kernel.sections++;
    *section = std::calloc(1, static_cast<size_t>(size->QuadPart));
    return STATUS_SUCCESS;
}
NTSTATUS NTAPI ObReferenceObjectByHandle(HANDLE handle, ACCESS_MASK, POBJECT_TYPE, KPROCESSOR_MODE, PVOID *object,
                                         POBJECT_HANDLE_INFORMATION) {
    *object = handle;
    return STATUS_SUCCESS;
}
LONG_PTR NTAPI ObfDereferenceObject(PVOID) {
    return 1;
}
NTSTATUS NTAPI MmMapViewInSystemSpace(PVOID section, PVOID *base, PSIZE_T) {
    *base = section;
    return STATUS_SUCCESS;
}
NTSTATUS NTAPI MmUnmapViewInSystemSpace(PVOID) {
    return STATUS_SUCCESS;
}
NTSTATUS NTAPI ZwOpenProcess(PHANDLE process, ACCESS_MASK, POBJECT_ATTRIBUTES, PCLIENT_ID client) {
    *process = client->UniqueProcess == PsGetCurrentProcessId() ? &kernel.current : nullptr;
    return *process != nullptr ? STATUS_SUCCESS : STATUS_INVALID_CID;
}
NTSTATUS NTAPI ZwMapViewOfSection(HANDLE section, HANDLE, PVOID *base, ULONG_PTR, SIZE_T, PLARGE_INTEGER, PSIZE_T,
                                  SECTION_INHERIT, ULONG, ULONG) {
    *base = section;
    return kernel.mapStatus;
}
NTSTATUS NTAPI ZwUnmapViewOfSection(HANDLE, PVOID) {
    return STATUS_SUCCESS;
}
NTSTATUS NTAPI ZwClose(HANDLE handle) {
    if (handle != &kernel.current) {
        kernel.sections--;
        std::free(handle);
    }
    return STATUS_SUCCESS;
}

NTSTATUS FLTAPI FltGetFileNameInformation(PFLT_CALLBACK_DATA, FLT_FILE_NAME_OPTIONS options,
                                          PFLT_FILE_NAME_INFORMATION *information) {
    const bool normalized = FltGetFileNameFormat(options) == FLT_FILE_NAME_NORMALIZED;
    const NTSTATUS status = normalized ? kernel.normalizedName : kernel.openedName;
    if (NT_SUCCESS(status)) {
        auto *result = new FLT_FILE_NAME_INFORMATION{};
        result->Name.Buffer = reinterpret_cast<PWCH>(kernel.name.data());
        result->Name.Length = static_cast<USHORT>(kernel.name.size() * sizeof(WCHAR));
        *information = result;
        kernel.names++;
    }
    return status;
}

VOID FLTAPI FltReleaseFileNameInformation(PFLT_FILE_NAME_INFORMATION information) {
    kernel.names--;
    delete information;
}

NTSTATUS FLTAPI FltReadFile(PFLT_INSTANCE, PFILE_OBJECT, PLARGE_INTEGER offset, ULONG length, PVOID buffer,
                            FLT_IO_OPERATION_FLAGS flags, PULONG read, PFLT_COMPLETED_ASYNC_IO_CALLBACK, PVOID) {
    if ((flags & FLTFL_IO_OPERATION_NON_CACHED) != 0 && length % 512 != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!NT_SUCCESS(kernel.readStatus)) {
        return kernel.readStatus;
    }
    const auto begin = static_cast<size_t>(offset->QuadPart);
    if (begin >= kernel.content.size()) {
        return STATUS_END_OF_FILE;
    }
    *read = static_cast<ULONG>(std::min<size_t>(length, kernel.content.size() - begin));
    std::memcpy(buffer, kernel.content.data() + begin, *read);
    return STATUS_SUCCESS;
}

NTSTATUS FLTAPI FltQueryInformationFile(PFLT_INSTANCE, PFILE_OBJECT, PVOID information, ULONG,
                                        FILE_INFORMATION_CLASS what, PULONG) {
    if (what == FileStandardInformation) {
        auto *standard = static_cast<PFILE_STANDARD_INFORMATION>(information);
        *standard = {};
        standard->EndOfFile.QuadPart = static_cast<LONGLONG>(kernel.content.size());
    } else {
        static_cast<PFILE_INTERNAL_INFORMATION>(information)->IndexNumber.QuadPart = 4711;
    }
    return kernel.queryStatus;
}

NTSTATUS FLTAPI FltIsDirectory(PFILE_OBJECT, PFLT_INSTANCE, PBOOLEAN directory) {
    *directory = kernel.directory;
    return STATUS_SUCCESS;
}

VOID FLTAPI FltCancelFileOpen(PFLT_INSTANCE, PFILE_OBJECT) {
    kernel.cancelledOpens++;
}

} // extern "C"
