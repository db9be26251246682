/* SPDX-License-Identifier: Apache-2.0 */
#include "identity.h"

#include "kernel/newer.h"

static struct fmw_identity *make(PEPROCESS process, PETHREAD thread, HANDLE process_id, HANDLE thread_id) {
    struct fmw_identity *identity = fm_allocate(sizeof(*identity));
    if (identity == NULL) {
        return NULL;
    }
    identity->references = 1;
    identity->requestor.process_id = (uint64_t)(ULONG_PTR)process_id;
    identity->requestor.thread_id = (uint64_t)(ULONG_PTR)thread_id;
    identity->requestor.process = process;
    identity->requestor.thread = thread;
    if (process != NULL) {
        ObReferenceObject(process);
        identity->requestor.process_key = (uint64_t)fmw_process_start(process_id);
    }
    if (thread != NULL) {
        ObReferenceObject(thread);
    }
    return identity;
}

static PVOID query_token(HANDLE token, ULONG information_class) {
    ULONG length = 0;
    PVOID information;
    (void)ZwQueryInformationToken(token, information_class, NULL, 0, &length);
    if (length == 0 || (information = fm_allocate(length)) == NULL) {
        return NULL;
    }
    if (!NT_SUCCESS(ZwQueryInformationToken(token, information_class, information, length, &length))) {
        fm_release(information);
        return NULL;
    }
    return information;
}

/* Who has no token (any more) has no SIDs: access checks then grant what everybody may, which is nothing. */
static void add_sids(struct fmw_identity *identity, HANDLE token) {
    const TOKEN_GROUPS *groups;
    uint32_t count = 0;
    identity->user = query_token(token, TokenUser);
    identity->groups = query_token(token, TokenGroups);
    if (identity->user == NULL || identity->groups == NULL) {
        return;
    }
    groups = identity->groups;
    identity->sids = fm_allocate((groups->GroupCount + 1) * sizeof(*identity->sids));
    if (identity->sids == NULL) {
        return;
    }
    identity->sids[count++] = ((const SID_AND_ATTRIBUTES *)identity->user)->Sid;
    for (ULONG i = 0; i < groups->GroupCount; i++) {
        if (FlagOn(groups->Groups[i].Attributes, SE_GROUP_ENABLED)) {
            identity->sids[count++] = groups->Groups[i].Sid;
        }
    }
    identity->requestor.sids = identity->sids;
    identity->requestor.sid_count = count;
}

struct fmw_identity *fmw_identity_of_client(void) {
    struct fmw_identity *identity =
        make(PsGetCurrentProcess(), PsGetCurrentThread(), PsGetCurrentProcessId(), PsGetCurrentThreadId());
    OBJECT_ATTRIBUTES attributes;
    CLIENT_ID client = {PsGetCurrentProcessId(), NULL};
    HANDLE process;
    HANDLE token;
    if (identity == NULL) {
        return NULL;
    }
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    if (!NT_SUCCESS(ZwOpenProcess(&process, PROCESS_QUERY_INFORMATION, &attributes, &client))) {
        return identity;
    }
    if (NT_SUCCESS(ZwOpenProcessToken(process, TOKEN_QUERY, &token))) {
        add_sids(identity, token);
        (void)ZwClose(token);
    }
    (void)ZwClose(process);
    return identity;
}

struct fmw_identity *fmw_identity_of_process(ULONG process_id) {
    PEPROCESS process = NULL;
    struct fmw_identity *identity;
    if (!NT_SUCCESS(PsLookupProcessByProcessId((HANDLE)(ULONG_PTR)process_id, &process))) {
        process = NULL;
    }
    identity = make(process, NULL, (HANDLE)(ULONG_PTR)process_id, NULL);
    if (process != NULL) {
        ObDereferenceObject(process);
    }
    return identity;
}

void fmw_identity_reference(struct fmw_identity *identity) {
    (void)InterlockedIncrement(&identity->references);
}

void fmw_identity_release(struct fmw_identity *identity) {
    if (identity == NULL || InterlockedDecrement(&identity->references) != 0) {
        return;
    }
    if (identity->requestor.thread != NULL) {
        ObDereferenceObject(identity->requestor.thread);
    }
    if (identity->requestor.process != NULL) {
        ObDereferenceObject(identity->requestor.process);
    }
    fm_release(identity->sids);
    fm_release(identity->groups);
    fm_release(identity->user);
    fm_release(identity);
}

bool fmw_identity_is_administrator(const struct fmw_identity *identity) {
    static const UCHAR system[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
    static const UCHAR administrators[] = {1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0};
    for (uint32_t i = 0; i < identity->requestor.sid_count; i++) {
        const UCHAR *sid = identity->requestor.sids[i];
        const SIZE_T length = 8u + 4u * sid[1];
        if ((length == sizeof(system) && RtlEqualMemory(sid, system, length)) ||
            (length == sizeof(administrators) && RtlEqualMemory(sid, administrators, length))) {
            return true;
        }
    }
    return false;
}
