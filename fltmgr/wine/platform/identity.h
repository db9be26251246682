/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_WINE_PLATFORM_IDENTITY_H
#define FLTMGR_WINE_PLATFORM_IDENTITY_H

#include "core_platform.h"

/* On whose behalf driver code runs. Constant once made; reference counted; thread-safe. */
struct fmw_identity {
    fm_requestor requestor;
    /* the rest is private to identity.c */
    LONG references;
    PVOID user;   /* TOKEN_USER */
    PVOID groups; /* TOKEN_GROUPS */
    const void **sids;
};

/** Of the client whose request is being dispatched, with its user and groups. For dispatch routines only. NULL: no memory. */
struct fmw_identity *fmw_identity_of_client(void);

/** Of a process, for operations that are issued in its name: no groups. NULL: no memory. */
struct fmw_identity *fmw_identity_of_process(ULONG process_id);

void fmw_identity_reference(struct fmw_identity *identity);
/** NULL is ignored. */
void fmw_identity_release(struct fmw_identity *identity);

/** SYSTEM or a member of Administrators. */
bool fmw_identity_is_administrator(const struct fmw_identity *identity);

#endif
