/* SPDX-License-Identifier: Apache-2.0 */
/* Security identifiers, access control lists and descriptors: building them. Checking them is the core's. */
#include <ntifs.h>

#ifndef STATUS_ALLOTTED_SPACE_EXCEEDED
#define STATUS_ALLOTTED_SPACE_EXCEEDED ((NTSTATUS)0xC0000099)
#endif

C_ASSERT(sizeof(SID) == 12);

NTSTATUS NTAPI RtlCreateSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG Revision) {
    if (Revision != SECURITY_DESCRIPTOR_REVISION) {
        return STATUS_UNKNOWN_REVISION;
    }
    *(PISECURITY_DESCRIPTOR)SecurityDescriptor = (SECURITY_DESCRIPTOR){.Revision = SECURITY_DESCRIPTOR_REVISION};
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlSetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, BOOLEAN DaclPresent, PACL Dacl,
                                            BOOLEAN DaclDefaulted) {
    PISECURITY_DESCRIPTOR descriptor = SecurityDescriptor;
    if (descriptor->Revision != SECURITY_DESCRIPTOR_REVISION) {
        return STATUS_UNKNOWN_REVISION;
    }
    if ((descriptor->Control & SE_SELF_RELATIVE) != 0) {
        return STATUS_INVALID_SECURITY_DESCR;
    }
    descriptor->Control &= (SECURITY_DESCRIPTOR_CONTROL) ~(SE_DACL_PRESENT | SE_DACL_DEFAULTED);
    descriptor->Dacl = NULL;
    if (DaclPresent) {
        SetFlag(descriptor->Control, SE_DACL_PRESENT);
        descriptor->Dacl = Dacl;
        if (DaclDefaulted) {
            SetFlag(descriptor->Control, SE_DACL_DEFAULTED);
        }
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlCreateAcl(PACL Acl, ULONG AclLength, ULONG AclRevision) {
    if (AclLength < sizeof(ACL)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (AclLength > MAXUSHORT || AclRevision < ACL_REVISION || AclRevision > ACL_REVISION_DS) {
        return STATUS_INVALID_PARAMETER;
    }
    *Acl = (ACL){.AclRevision = (UCHAR)AclRevision, .AclSize = (USHORT)(AclLength & ~3u)};
    return STATUS_SUCCESS;
}

/* The first byte behind the entries, NULL when they do not fit the list's own size. */
static PUCHAR end_of_entries(PACL acl) {
    PUCHAR entry = (PUCHAR)(acl + 1);
    PUCHAR end = (PUCHAR)acl + acl->AclSize;
    for (USHORT i = 0; i < acl->AceCount; i++) {
        if (entry + sizeof(ACE_HEADER) > end) {
            return NULL;
        }
        entry += ((PACE_HEADER)(PVOID)entry)->AceSize;
    }
    return entry <= end ? entry : NULL;
}

static NTSTATUS add_entry(PACL acl, ULONG revision, UCHAR type, ACCESS_MASK mask, PSID sid) {
    if (!RtlValidSid(sid)) {
        return STATUS_INVALID_SID;
    }
    if (acl->AclRevision > ACL_REVISION_DS || revision > ACL_REVISION_DS) {
        return STATUS_REVISION_MISMATCH;
    }
    PUCHAR entry = end_of_entries(acl);
    if (entry == NULL) {
        return STATUS_INVALID_ACL;
    }
    ULONG size = (ULONG)offsetof(ACCESS_ALLOWED_ACE, SidStart) + RtlLengthSid(sid);
    if (entry + size > (PUCHAR)acl + acl->AclSize) {
        return STATUS_ALLOTTED_SPACE_EXCEEDED;
    }
    PACCESS_ALLOWED_ACE ace = (PACCESS_ALLOWED_ACE)(PVOID)entry;
    ace->Header = (ACE_HEADER){.AceType = type, .AceSize = (USHORT)size};
    ace->Mask = mask;
    RtlCopyMemory(&ace->SidStart, sid, RtlLengthSid(sid));
    acl->AceCount++;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlAddAccessAllowedAce(PACL Acl, ULONG AceRevision, ACCESS_MASK AccessMask, PSID Sid) {
    return add_entry(Acl, AceRevision, ACCESS_ALLOWED_ACE_TYPE, AccessMask, Sid);
}

NTSTATUS NTAPI RtlAddAccessDeniedAce(PACL Acl, ULONG AceRevision, ACCESS_MASK AccessMask, PSID Sid) {
    return add_entry(Acl, AceRevision, ACCESS_DENIED_ACE_TYPE, AccessMask, Sid);
}

ULONG NTAPI RtlLengthRequiredSid(ULONG SubAuthorityCount) {
    return (ULONG)offsetof(SID, SubAuthority) + SubAuthorityCount * (ULONG)sizeof(ULONG);
}

ULONG NTAPI RtlLengthSid(PSID Sid) {
    return RtlLengthRequiredSid(((PISID)Sid)->SubAuthorityCount);
}

BOOLEAN NTAPI RtlValidSid(PSID Sid) {
    PISID sid = Sid;
    return sid != NULL && sid->Revision == SID_REVISION && sid->SubAuthorityCount <= SID_MAX_SUB_AUTHORITIES;
}

BOOLEAN NTAPI RtlEqualSid(PSID Sid1, PSID Sid2) {
    return RtlLengthSid(Sid1) == RtlLengthSid(Sid2) && RtlEqualMemory(Sid1, Sid2, RtlLengthSid(Sid1));
}

NTSTATUS NTAPI RtlInitializeSid(PSID Sid, PSID_IDENTIFIER_AUTHORITY IdentifierAuthority, UCHAR SubAuthorityCount) {
    if (SubAuthorityCount > SID_MAX_SUB_AUTHORITIES) {
        return STATUS_INVALID_PARAMETER;
    }
    PISID sid = Sid;
    sid->Revision = SID_REVISION;
    sid->SubAuthorityCount = SubAuthorityCount;
    sid->IdentifierAuthority = *IdentifierAuthority;
    return STATUS_SUCCESS;
}

PULONG NTAPI RtlSubAuthoritySid(PSID Sid, ULONG SubAuthority) {
    return &((PISID)Sid)->SubAuthority[SubAuthority];
}

NTSTATUS NTAPI RtlCopySid(ULONG DestinationSidLength, PSID DestinationSid, PSID SourceSid) {
    ULONG length = RtlLengthSid(SourceSid);
    if (length > DestinationSidLength) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlCopyMemory(DestinationSid, SourceSid, length);
    return STATUS_SUCCESS;
}
