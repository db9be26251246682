/* SPDX-License-Identifier: Apache-2.0 */
/* Security descriptors of ports: build, copy, check. */
#include "internal.h"

#define SID_HEADER 8u

static const struct {
    UCHAR revision, count, authority[6];
    ULONG sub[1];
} system_sid = {1, 1, {0, 0, 0, 0, 0, 5}, {18}};

static const struct {
    UCHAR revision, count, authority[6];
    ULONG sub[2];
} administrators_sid = {1, 2, {0, 0, 0, 0, 0, 5}, {32, 544}};

static ULONG sid_length(const void *sid) {
    return SID_HEADER + 4u * ((const UCHAR *)sid)[1];
}

static bool sid_equal(const void *left, const void *right) {
    return ((const UCHAR *)left)[1] == ((const UCHAR *)right)[1] &&
           __builtin_memcmp(left, right, sid_length(left)) == 0;
}

/* Whether available bytes hold a whole SID. */
static bool sid_valid(const void *sid, ULONG available) {
    const UCHAR *bytes = sid;
    return available >= SID_HEADER && bytes[0] == SID_REVISION && bytes[1] <= SID_MAX_SUB_AUTHORITIES &&
           sid_length(sid) <= available;
}

/* Parts of a descriptor --------------------------------------------------------------------------------------------- */

typedef struct parts {
    bool valid;
    bool dacl_present;
    const ACL *dacl; /* NULL with dacl_present: everybody */
    const void *owner;
} parts;

static parts parts_of(const void *descriptor) {
    const SECURITY_DESCRIPTOR *absolute = descriptor;
    parts result = {false, false, NULL, NULL};

    if (absolute->Revision != SECURITY_DESCRIPTOR_REVISION) {
        return result;
    }
    result.valid = true;
    result.dacl_present = FlagOn(absolute->Control, SE_DACL_PRESENT) != 0;
    if (FlagOn(absolute->Control, SE_SELF_RELATIVE)) {
        const SECURITY_DESCRIPTOR_RELATIVE *relative = descriptor;
        const UCHAR *base = descriptor;
        result.dacl = relative->Dacl != 0 ? (const ACL *)(const void *)(base + relative->Dacl) : NULL;
        result.owner = relative->Owner != 0 ? base + relative->Owner : NULL;
    } else {
        result.dacl = absolute->Dacl;
        result.owner = absolute->Owner;
    }
    if (!result.dacl_present) {
        result.dacl = NULL;
    }
    return result;
}

/* Access check ------------------------------------------------------------------------------------------------------ */

static ACCESS_MASK map_generic(ACCESS_MASK mask) {
    if (mask & GENERIC_READ) {
        mask |= STANDARD_RIGHTS_READ;
    }
    if (mask & GENERIC_WRITE) {
        mask |= STANDARD_RIGHTS_WRITE;
    }
    if (mask & GENERIC_EXECUTE) {
        mask |= STANDARD_RIGHTS_EXECUTE;
    }
    if (mask & GENERIC_ALL) {
        mask |= FLT_PORT_ALL_ACCESS;
    }
    return mask & ~(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL);
}

static bool holds(const fm_requestor *requestor, const void *sid) {
    for (uint32_t i = 0; i < requestor->sid_count; i++) {
        if (sid_equal(requestor->sids[i], sid)) {
            return true;
        }
    }
    return false;
}

/* Entries in their order, until everything is granted or something wanted is denied. */
static bool check_acl(const ACL *acl, const fm_requestor *requestor, ACCESS_MASK wanted) {
    const UCHAR *bytes = (const UCHAR *)acl;
    ULONG offset = sizeof(ACL);

    if (acl->AclSize < sizeof(ACL)) {
        return false;
    }
    for (ULONG i = 0; i < acl->AceCount && wanted != 0; i++) {
        if (acl->AclSize - offset < sizeof(ACE_HEADER)) {
            return false;
        }
        const ACE_HEADER *ace = (const ACE_HEADER *)(const void *)(bytes + offset);
        if (ace->AceSize < sizeof(ACE_HEADER) || ace->AceSize > acl->AclSize - offset) {
            return false;
        }
        offset += ace->AceSize;
        if (FlagOn(ace->AceFlags, INHERIT_ONLY_ACE) || ace->AceType > ACCESS_DENIED_ACE_TYPE) {
            continue;
        }
        const ACCESS_ALLOWED_ACE *entry = (const ACCESS_ALLOWED_ACE *)(const void *)ace;
        const ULONG head = FIELD_OFFSET(ACCESS_ALLOWED_ACE, SidStart);
        if (ace->AceSize < head || !sid_valid(&entry->SidStart, ace->AceSize - head)) {
            return false;
        }
        if (holds(requestor, &entry->SidStart)) {
            ACCESS_MASK mask = map_generic(entry->Mask);
            if (ace->AceType == ACCESS_ALLOWED_ACE_TYPE) {
                wanted &= ~mask;
            } else if ((wanted & mask) != 0) {
                return false;
            }
        }
    }
    return wanted == 0;
}

bool fm_access_check(PSECURITY_DESCRIPTOR descriptor, const fm_requestor *requestor, ACCESS_MASK desired) {
    if (requestor->kernel) {
        return true;
    }
    if (descriptor == NULL) {
        return holds(requestor, &system_sid) || holds(requestor, &administrators_sid);
    }
    parts p = parts_of(descriptor);
    if (!p.valid) {
        return false;
    }
    if (p.dacl == NULL) {
        return true;
    }
    desired = map_generic(desired);
    if (p.owner != NULL && holds(requestor, p.owner)) {
        desired &= ~(READ_CONTROL | WRITE_DAC);
    }
    return check_acl(p.dacl, requestor, desired);
}

/* Blocks ------------------------------------------------------------------------------------------------------------ */

/* One block: absolute descriptor, owner, ACL. */
static SECURITY_DESCRIPTOR *block_create(const void *owner, ULONG acl_size) {
    const ULONG owner_size = owner != NULL ? sid_length(owner) : 0;
    SECURITY_DESCRIPTOR *block = fm_allocate(sizeof(*block) + ((owner_size + 7u) & ~7u) + acl_size);

    if (block != NULL) {
        UCHAR *rest = (UCHAR *)(block + 1);
        block->Revision = SECURITY_DESCRIPTOR_REVISION;
        if (owner != NULL) {
            __builtin_memcpy(rest, owner, owner_size);
            block->Owner = rest;
        }
        if (acl_size != 0) {
            block->Dacl = (PACL)(void *)(rest + ((owner_size + 7u) & ~7u));
        }
    }
    return block;
}

NTSTATUS fm_descriptor_capture(PSECURITY_DESCRIPTOR source, fm_descriptor *copy) {
    parts p;
    SECURITY_DESCRIPTOR *block;

    copy->descriptor = NULL;
    if (source == NULL) {
        return STATUS_SUCCESS;
    }
    p = parts_of(source);
    if (!p.valid || (p.dacl != NULL && p.dacl->AclSize < sizeof(ACL)) ||
        (p.owner != NULL && !sid_valid(p.owner, SECURITY_MAX_SID_SIZE))) {
        return STATUS_INVALID_SECURITY_DESCR;
    }
    block = block_create(p.owner, p.dacl != NULL ? p.dacl->AclSize : 0);
    if (block == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (p.dacl_present) {
        block->Control = SE_DACL_PRESENT;
    }
    if (p.dacl != NULL) {
        __builtin_memcpy(block->Dacl, p.dacl, p.dacl->AclSize);
    }
    copy->descriptor = block;
    return STATUS_SUCCESS;
}

void fm_descriptor_free(fm_descriptor *descriptor) {
    fm_release(descriptor->descriptor);
    descriptor->descriptor = NULL;
}

static ULONG add_allowed(PACL acl, ULONG offset, const void *sid, ACCESS_MASK mask) {
    ACCESS_ALLOWED_ACE *ace = (ACCESS_ALLOWED_ACE *)(void *)((UCHAR *)acl + offset);
    const ULONG size = (ULONG)FIELD_OFFSET(ACCESS_ALLOWED_ACE, SidStart) + sid_length(sid);

    ace->Header.AceType = ACCESS_ALLOWED_ACE_TYPE;
    ace->Header.AceSize = (USHORT)size;
    ace->Mask = mask;
    __builtin_memcpy(&ace->SidStart, sid, sid_length(sid));
    acl->AceCount++;
    return offset + size;
}

NTSTATUS FLTAPI FltBuildDefaultSecurityDescriptor(PSECURITY_DESCRIPTOR *SecurityDescriptor, ACCESS_MASK DesiredAccess) {
    const ULONG acl_size =
        sizeof(ACL) + 2u * FIELD_OFFSET(ACCESS_ALLOWED_ACE, SidStart) + sizeof(system_sid) + sizeof(administrators_sid);
    SECURITY_DESCRIPTOR *block = block_create(&administrators_sid, acl_size);
    ULONG offset = sizeof(ACL);

    *SecurityDescriptor = block;
    if (block == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    block->Control = SE_DACL_PRESENT;
    block->Dacl->AclRevision = ACL_REVISION;
    block->Dacl->AclSize = (USHORT)acl_size;
    offset = add_allowed(block->Dacl, offset, &system_sid, DesiredAccess);
    (void)add_allowed(block->Dacl, offset, &administrators_sid, DesiredAccess);
    return STATUS_SUCCESS;
}

VOID FLTAPI FltFreeSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor) {
    fm_release(SecurityDescriptor);
}
