/* SPDX-License-Identifier: Apache-2.0 */

#include "driver.h"

typedef union _FP_INPUT {
    FP_COMMAND_HEADER Header;
    FP_POLICY Policy;
    FP_LIMITS Limits;
    FP_OPEN_RING OpenRing;
} FP_INPUT;

typedef union _FP_OUTPUT {
    FP_COMMAND_HEADER Header;
    FP_HELLO Hello;
    FP_POLICY Policy;
    FP_COUNTERS Counters;
    RING_VIEWS Views;
} FP_OUTPUT;

/* Input has the length that the table demands; Output is zeroed. */
typedef NTSTATUS FP_HANDLER(_In_ PFP_CLIENT Client, _In_ const FP_INPUT *Input, _Inout_ FP_OUTPUT *Output);

static NTSTATUS FpHello(_In_ PFP_CLIENT Client, _In_ const FP_INPUT *Input, _Inout_ FP_OUTPUT *Output) {
    LARGE_INTEGER now;

    UNREFERENCED_PARAMETER(Input);
    KeQuerySystemTimePrecise(&now);
    Output->Hello.KindCount = FP_KIND_COUNT;
    Output->Hello.Role = Client->Role;
    Output->Hello.MaxContentBytes = FP_MAX_CONTENT_BYTES;
    Output->Hello.MaxInFlight = FpMaxInFlightGet();
    Output->Hello.Sequence = (FP_U64)InterlockedExchangeAdd64(&FpDriver.Sequence, 0);
    Output->Hello.Time = (FP_U64)now.QuadPart;
    Output->Hello.EventCapacity = Client->EventCapacity;
    Output->Hello.Flags = Client->Flags;
    return STATUS_SUCCESS;
}

static BOOLEAN FpIsKind(_In_ ULONG Kind) {
    return Kind >= 1 && Kind <= FP_KIND_COUNT;
}

static NTSTATUS FpSetPolicy(_In_ PFP_CLIENT Client, _In_ const FP_INPUT *Input, _Inout_ FP_OUTPUT *Output) {
    FP_RULE rule;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(Client);
    UNREFERENCED_PARAMETER(Output);
    if (!FpIsKind(Input->Header.Kind)) {
        return STATUS_INVALID_PARAMETER;
    }
    status = FpRuleFromPolicy(&Input->Policy, &rule);
    if (NT_SUCCESS(status)) {
        FpPolicySet(Input->Header.Kind, &rule);
        FpCacheDrop();
    }
    return status;
}

static NTSTATUS FpGetPolicy(_In_ PFP_CLIENT Client, _In_ const FP_INPUT *Input, _Inout_ FP_OUTPUT *Output) {
    FP_RULE rule;

    UNREFERENCED_PARAMETER(Client);
    if (!FpIsKind(Input->Header.Kind)) {
        return STATUS_INVALID_PARAMETER;
    }
    FpPolicyGet(Input->Header.Kind, &rule);
    FpRuleToPolicy(&rule, &Output->Policy);
    return STATUS_SUCCESS;
}

static NTSTATUS FpGetCounters(_In_ PFP_CLIENT Client, _In_ const FP_INPUT *Input, _Inout_ FP_OUTPUT *Output) {
    UNREFERENCED_PARAMETER(Client);
    UNREFERENCED_PARAMETER(Input);
    FpCountersGet(&Output->Counters);
    FpClientCount(&Output->Counters.Deciders, &Output->Counters.Observers);
    return STATUS_SUCCESS;
}

static NTSTATUS FpSetLimits(_In_ PFP_CLIENT Client, _In_ const FP_INPUT *Input, _Inout_ FP_OUTPUT *Output) {
    UNREFERENCED_PARAMETER(Client);
    UNREFERENCED_PARAMETER(Output);
    if (Input->Limits.MaxInFlight == 0 || Input->Limits.MaxInFlight > FP_LIMIT_MAX_IN_FLIGHT) {
        return STATUS_INVALID_PARAMETER;
    }
    FpMaxInFlightSet(Input->Limits.MaxInFlight);
    return STATUS_SUCCESS;
}

/* A connection's reports do not go two ways, so its first ring is its only one. */
static NTSTATUS FpOpenRing(_In_ PFP_CLIENT Client, _In_ const FP_INPUT *Input, _Inout_ FP_OUTPUT *Output) {
    const ULONG length = Input->OpenRing.DataLength;

    if (length < FP_MIN_RING_BYTES || length > FP_MAX_RING_BYTES || (length & (length - 1)) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (FpClientRing(Client) != NULL) {
        return STATUS_SHARING_VIOLATION;
    }
    return FpClientOpenRing(Client, length, &Output->Views);
}

#define FP_ANY_ROLE 0u

static const struct {
    FP_HANDLER *Handler;
    ULONG InputLength;
    ULONG OutputLength;
    ULONG Role;
    BOOLEAN Headless; /* the answer does not begin with FP_COMMAND_HEADER */
} FpCommands[] = {
    /* index: command - 1 */
    {FpHello, sizeof(FP_COMMAND_HEADER), sizeof(FP_HELLO), FP_ANY_ROLE, FALSE},
    {FpSetPolicy, sizeof(FP_POLICY), 0, FP_ROLE_DECIDER, FALSE},
    {FpGetPolicy, sizeof(FP_COMMAND_HEADER), sizeof(FP_POLICY), FP_ANY_ROLE, FALSE},
    {FpGetCounters, sizeof(FP_COMMAND_HEADER), sizeof(FP_COUNTERS), FP_ANY_ROLE, FALSE},
    {FpSetLimits, sizeof(FP_LIMITS), 0, FP_ROLE_DECIDER, FALSE},
    {FpOpenRing, sizeof(FP_OPEN_RING), sizeof(RING_VIEWS), FP_ROLE_OBSERVER, TRUE},
};
C_ASSERT(RTL_NUMBER_OF(FpCommands) == FP_COMMAND_COUNT);

#define FP_COMMAND_ALIGNMENT 8u

static BOOLEAN FpIsAligned(_In_opt_ const VOID *Buffer) {
    return ((ULONG_PTR)Buffer & (FP_COMMAND_ALIGNMENT - 1)) == 0;
}

/* The client's memory can change or go at any moment: it is read once, here, and written once, below. */
static NTSTATUS FpCapture(_Out_writes_bytes_(Length) PVOID Copy, _In_reads_bytes_(Length) const VOID *User,
                          _In_ ULONG Length) {
    __try {
        RtlCopyMemory(Copy, User, Length);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return STATUS_ACCESS_VIOLATION;
    }
    return STATUS_SUCCESS;
}

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS FLTAPI
    FpMessage(_In_opt_ PVOID PortCookie, _In_reads_bytes_opt_(InputBufferLength) PVOID InputBuffer,
              _In_ ULONG InputBufferLength,
              _Out_writes_bytes_to_opt_(OutputBufferLength, *ReturnOutputBufferLength) PVOID OutputBuffer,
              _In_ ULONG OutputBufferLength, _Out_ PULONG ReturnOutputBufferLength) {
    PFP_CLIENT client = PortCookie;
    FP_INPUT input;
    FP_OUTPUT output;
    ULONG command;
    NTSTATUS status;

    FP_PASSIVE_CODE();
    *ReturnOutputBufferLength = 0;
    if (client == NULL || InputBuffer == NULL || InputBufferLength < sizeof(input.Header) ||
        InputBufferLength > sizeof(input)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!FpIsAligned(InputBuffer) || !FpIsAligned(OutputBuffer)) {
        return STATUS_DATATYPE_MISALIGNMENT;
    }
    RtlZeroMemory(&input, sizeof(input));
    status = FpCapture(&input, InputBuffer, InputBufferLength);
    if (!NT_SUCCESS(status)) {
        return status;
    }

    if (input.Header.Magic != FP_MAGIC) {
        return STATUS_INVALID_PARAMETER;
    }
    if (input.Header.Version != FP_PROTOCOL_VERSION) {
        return STATUS_REVISION_MISMATCH;
    }
    command = input.Header.Command;
    if (command == 0 || command > FP_COMMAND_COUNT) {
        return STATUS_INVALID_PARAMETER;
    }
    command--;
    if (InputBufferLength != FpCommands[command].InputLength || input.Header.Size != FpCommands[command].InputLength) {
        return STATUS_INVALID_PARAMETER;
    }
    if (FpCommands[command].Role != FP_ANY_ROLE && FpCommands[command].Role != client->Role) {
        return STATUS_ACCESS_DENIED;
    }
    if (FpCommands[command].OutputLength != 0 &&
        (OutputBuffer == NULL || OutputBufferLength < FpCommands[command].OutputLength)) {
        return STATUS_BUFFER_TOO_SMALL;
    }

    RtlZeroMemory(&output, sizeof(output));
    status = FpCommands[command].Handler(client, &input, &output);
    if (!NT_SUCCESS(status) || FpCommands[command].OutputLength == 0) {
        return status;
    }
    if (!FpCommands[command].Headless) {
        output.Header = input.Header;
        output.Header.Size = FpCommands[command].OutputLength;
    }
    status = FpCapture(OutputBuffer, &output, FpCommands[command].OutputLength);
    if (NT_SUCCESS(status)) {
        *ReturnOutputBufferLength = FpCommands[command].OutputLength;
    }
    return status;
}
