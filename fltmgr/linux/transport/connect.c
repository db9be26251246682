/* SPDX-License-Identifier: Apache-2.0 */
/* The one file here that includes the core's kernel headers, and so is compiled with a 16-bit wchar_t. */
#include "../../core/fltmgr_core.h"
#include "internal.h"

fm_status fmt_core_connect(struct fmt_session *session, const void *name, uint32_t name_length, uint32_t context_length,
                           uint32_t options, const fm_requestor *requestor, bool *released) {
    fm_connect_request request = {
        .name = {.Length = (USHORT)name_length, .MaximumLength = (USHORT)name_length, .Buffer = (PWCH)(uintptr_t)name},
        .requestor = requestor,
        .context = context_length != 0 ? (const char *)name + name_length : NULL,
        .context_length = context_length,
        .options = options,
        .transport = session,
        .ops = &fmt_operations};
    return fm_port_connect(&request, &session->connection, released);
}
