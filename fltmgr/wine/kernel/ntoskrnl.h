/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What fltmgr.sys uses of the kernel beyond what a minifilter may see (fltmgr/include/km): requests, devices, processes. Own
 * declarations, Windows' names and layouts, as far as Wine has them.
 */
#ifndef FLTMGR_WINE_KERNEL_NTOSKRNL_H
#define FLTMGR_WINE_KERNEL_NTOSKRNL_H

#include <stdbool.h>

#include <fltKernel.h>

/* Requests ---------------------------------------------------------------------------------------------------------- */

typedef VOID(NTAPI *PDRIVER_CANCEL)(PDEVICE_OBJECT DeviceObject, PIRP Irp);

typedef struct _IO_STACK_LOCATION {
    UCHAR MajorFunction;
    UCHAR MinorFunction;
    UCHAR Flags;
    UCHAR Control;
    union {
        struct {
            ULONG Length;
            ULONG POINTER_ALIGNMENT Key;
            LARGE_INTEGER ByteOffset;
        } Read; /* and write */
        struct {
            ULONG OutputBufferLength;
            ULONG POINTER_ALIGNMENT InputBufferLength;
            ULONG POINTER_ALIGNMENT IoControlCode;
            PVOID Type3InputBuffer;
        } DeviceIoControl;
    } Parameters;
    PDEVICE_OBJECT DeviceObject;
    PFILE_OBJECT FileObject;
    PVOID CompletionRoutine;
    PVOID Context;
} IO_STACK_LOCATION, *PIO_STACK_LOCATION;
C_ASSERT(sizeof(IO_STACK_LOCATION) == 72);
C_ASSERT(offsetof(IO_STACK_LOCATION, Parameters.DeviceIoControl.Type3InputBuffer) == 32);
C_ASSERT(offsetof(IO_STACK_LOCATION, FileObject) == 48);

typedef struct _IRP {
    CSHORT Type;
    USHORT Size;
    PMDL MdlAddress;
    ULONG Flags;
    union {
        struct _IRP *MasterIrp;
        PVOID SystemBuffer;
    } AssociatedIrp;
    LIST_ENTRY ThreadListEntry;
    IO_STATUS_BLOCK IoStatus;
    KPROCESSOR_MODE RequestorMode;
    BOOLEAN PendingReturned;
    CHAR StackCount;
    CHAR CurrentLocation;
    BOOLEAN Cancel;
    KIRQL CancelIrql;
    CCHAR ApcEnvironment;
    UCHAR AllocationFlags;
    PIO_STATUS_BLOCK UserIosb;
    PVOID UserEvent;
    ULONG_PTR Overlay[2];
    PVOID CancelRoutine;
    PVOID UserBuffer;
    struct {
        PVOID DriverContext[4];
        PETHREAD Thread;
        PCHAR AuxiliaryBuffer;
        LIST_ENTRY ListEntry;
        PIO_STACK_LOCATION CurrentStackLocation;
        PFILE_OBJECT OriginalFileObject;
    } Tail;
} IRP;
C_ASSERT(offsetof(IRP, IoStatus) == 48);
C_ASSERT(offsetof(IRP, CancelRoutine) == 104);
C_ASSERT(offsetof(IRP, UserBuffer) == 112);
C_ASSERT(offsetof(IRP, Tail.ListEntry) == 168);
C_ASSERT(offsetof(IRP, Tail.CurrentStackLocation) == 184);

#define SL_PENDING_RETURNED 0x01

VOID NTAPI IofCompleteRequest(PIRP Irp, CHAR PriorityBoost);
VOID NTAPI IoReleaseCancelSpinLock(KIRQL Irql);

FORCEINLINE PIO_STACK_LOCATION IoGetCurrentIrpStackLocation(PIRP Irp) {
    return Irp->Tail.CurrentStackLocation;
}
FORCEINLINE VOID IoMarkIrpPending(PIRP Irp) {
    IoGetCurrentIrpStackLocation(Irp)->Control |= SL_PENDING_RETURNED;
}
/** The routine that was set, or NULL: then whoever cancels has taken it already. */
FORCEINLINE PVOID IoSetCancelRoutine(PIRP Irp, PDRIVER_CANCEL CancelRoutine) {
    return InterlockedExchangePointer(&Irp->CancelRoutine, (PVOID)CancelRoutine);
}

/* Devices and drivers ----------------------------------------------------------------------------------------------- */

struct _DEVICE_OBJECT {
    CSHORT Type;
    USHORT Size;
    LONG ReferenceCount;
    PDRIVER_OBJECT DriverObject;
    PDEVICE_OBJECT NextDevice;
    PDEVICE_OBJECT AttachedDevice;
    PIRP CurrentIrp;
    PVOID Timer;
    ULONG Flags;
    ULONG Characteristics;
    PVPB Vpb;
    PVOID DeviceExtension;
};
C_ASSERT(offsetof(struct _DEVICE_OBJECT, Flags) == 48);
C_ASSERT(offsetof(struct _DEVICE_OBJECT, DeviceExtension) == 64);

#define DO_BUFFERED_IO 0x00000004u
#define DO_DEVICE_INITIALIZING 0x00000080u

NTSTATUS NTAPI IoCreateDevice(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize, PUNICODE_STRING DeviceName,
                              DEVICE_TYPE DeviceType, ULONG DeviceCharacteristics, BOOLEAN Exclusive,
                              PDEVICE_OBJECT *DeviceObject);
VOID NTAPI IoDeleteDevice(PDEVICE_OBJECT DeviceObject);
NTSTATUS NTAPI IoCreateSymbolicLink(PUNICODE_STRING SymbolicLinkName, PUNICODE_STRING DeviceName);
NTSTATUS NTAPI IoDeleteSymbolicLink(PUNICODE_STRING SymbolicLinkName);
NTSTATUS NTAPI IoCreateDriver(PUNICODE_STRING DriverName, PDRIVER_INITIALIZE InitializationFunction);
NTSTATUS NTAPI ZwLoadDriver(PUNICODE_STRING DriverServiceName);
NTSTATUS NTAPI ZwUnloadDriver(PUNICODE_STRING DriverServiceName);

#define DIRECTORY_ALL_ACCESS 0x000F000Fu
NTSTATUS NTAPI ZwCreateDirectoryObject(PHANDLE DirectoryHandle, ACCESS_MASK DesiredAccess,
                                       POBJECT_ATTRIBUTES ObjectAttributes);

/* Processes, threads, tokens ---------------------------------------------------------------------------------------- */

NTSTATUS NTAPI PsLookupProcessByProcessId(HANDLE ProcessId, PEPROCESS *Process);
NTSTATUS NTAPI ZwOpenProcess(PHANDLE ProcessHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                             PCLIENT_ID ClientId);
NTSTATUS NTAPI ZwOpenProcessToken(HANDLE ProcessHandle, ACCESS_MASK DesiredAccess, PHANDLE TokenHandle);
NTSTATUS NTAPI ZwQueryInformationToken(HANDLE TokenHandle, ULONG TokenInformationClass, PVOID TokenInformation,
                                       ULONG TokenInformationLength, PULONG ReturnLength);
NTSTATUS NTAPI ZwQueryInformationProcess(HANDLE ProcessHandle, ULONG ProcessInformationClass, PVOID ProcessInformation,
                                         ULONG ProcessInformationLength, PULONG ReturnLength);
#define ProcessTimes 4u
typedef struct _KERNEL_USER_TIMES {
    LARGE_INTEGER CreateTime;
    LARGE_INTEGER ExitTime;
    LARGE_INTEGER KernelTime;
    LARGE_INTEGER UserTime;
} KERNEL_USER_TIMES;
#define PROCESS_QUERY_INFORMATION 0x0400u
#define TOKEN_QUERY 0x0008u
#define TokenUser 1u
#define TokenGroups 2u
#define SE_GROUP_ENABLED 0x00000004u

typedef struct _SID_AND_ATTRIBUTES {
    PSID Sid;
    ULONG Attributes;
} SID_AND_ATTRIBUTES;
typedef struct _TOKEN_GROUPS {
    ULONG GroupCount;
    SID_AND_ATTRIBUTES Groups[ANYSIZE_ARRAY];
} TOKEN_GROUPS;

/* Files ------------------------------------------------------------------------------------------------------------- */

NTSTATUS NTAPI ZwCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                            PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER AllocationSize, ULONG FileAttributes,
                            ULONG ShareAccess, ULONG CreateDisposition, ULONG CreateOptions, PVOID EaBuffer,
                            ULONG EaLength);
NTSTATUS NTAPI ZwReadFile(HANDLE FileHandle, HANDLE Event, PVOID ApcRoutine, PVOID ApcContext,
                          PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length, PLARGE_INTEGER ByteOffset,
                          PULONG Key);
NTSTATUS NTAPI ZwQueryInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID FileInformation,
                                      ULONG Length, FILE_INFORMATION_CLASS FileInformationClass);

/* Run-time functions that ntoskrnl.exe exports -------------------------------------------------------------------------- */

PVOID NTAPI MmGetSystemRoutineAddress(PUNICODE_STRING SystemRoutineName);
NTSTATUS NTAPI ZwProtectVirtualMemory(HANDLE ProcessHandle, PVOID *BaseAddress, PSIZE_T RegionSize, ULONG NewProtect,
                                      PULONG OldProtect);
NTSTATUS NTAPI RtlUTF8ToUnicodeN(PWSTR UnicodeStringDestination, ULONG UnicodeStringMaxByteCount,
                                 PULONG UnicodeStringActualByteCount, PCSTR UTF8StringSource,
                                 ULONG UTF8StringByteCount);
size_t strlen(const char *text);
int strcmp(const char *left, const char *right);
int strncmp(const char *left, const char *right, size_t count);
char *strchr(const char *text, int character);

#endif
