// SPDX-License-Identifier: Apache-2.0
//
// The kernel as far as the driver calls it, in the hands of a test: one thread, no waiting, every answer set
// beforehand. What a real Filter Manager does with the driver is tested elsewhere, against a real one; here are the
// conditions that cannot be had there on demand (IRQL, paging files, kernel-mode requestors, failing allocations).

#ifndef FILTERPORT_TEST_FAKE_KERNEL_H
#define FILTERPORT_TEST_FAKE_KERNEL_H

#include <fltKernel.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

struct FakeProcess {
    ULONG id;
    LONGLONG start;
};

struct FakeMessage {
    PFLT_PORT port;
    std::vector<unsigned char> bytes;
    bool wantsReply;
    LONGLONG timeout;
};

struct FakeKernel {
    // What the driver will find.
    KIRQL irql = PASSIVE_LEVEL;
    bool topLevelIrp = false;
    NTSTATUS normalizedName = STATUS_SUCCESS;
    NTSTATUS openedName = STATUS_SUCCESS;
    std::u16string name = u"\\Device\\Test\\file.txt";
    std::string content = "content";
    NTSTATUS readStatus = STATUS_SUCCESS;
    NTSTATUS queryStatus = STATUS_SUCCESS;
    NTSTATUS createPortStatus = STATUS_SUCCESS;
    NTSTATUS startStatus = STATUS_SUCCESS;
    NTSTATUS mapStatus = STATUS_SUCCESS;
    bool directory = false;
    bool poolIsEmpty = false;
    FakeProcess current{100, 1000};
    std::map<std::string, PVOID> routines; // what FltGetRoutineAddress finds
    // Answers a send; the reply's capacity is in *length. Without one: STATUS_TIMEOUT.
    std::function<NTSTATUS(const FakeMessage &, void *reply, ULONG *length)> onSend;

    // What the driver did.
    std::vector<FakeMessage> sent;
    int cancelledOpens = 0;
    int allocations = 0;
    int names = 0;
    int descriptors = 0;
    int locks = 0;
    int locksHeld = 0;
    int sections = 0;
    bool filterRegistered = false;
    bool portOpen = false;
    std::string portName;
    ULONG portAttributes = 0;
    LONG maxConnections = 0;
    const FLT_REGISTRATION *registration = nullptr;
    PFLT_CONNECT_NOTIFY connect = nullptr;
    PFLT_DISCONNECT_NOTIFY disconnect = nullptr;
    PFLT_MESSAGE_NOTIFY message = nullptr;
    std::vector<PVOID> connections; // cookies
};

/** The one kernel; a test replaces it by a fresh one. */
extern FakeKernel kernel;

#endif
