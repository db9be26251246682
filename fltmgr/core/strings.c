/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

bool fm_string_copy(UNICODE_STRING *copy, const UNICODE_STRING *source) {
    copy->Length = source->Length;
    copy->MaximumLength = (USHORT)(source->Length + (source->Length < 0xFFFE ? sizeof(WCHAR) : 0));
    copy->Buffer = fm_allocate((size_t)source->Length + sizeof(WCHAR));
    if (copy->Buffer == NULL) {
        return false;
    }
    if (source->Length != 0) {
        __builtin_memcpy(copy->Buffer, source->Buffer, source->Length);
    }
    return true;
}

void fm_string_free(UNICODE_STRING *string) {
    fm_release(string->Buffer);
    string->Buffer = NULL;
    string->Length = string->MaximumLength = 0;
}

bool fm_string_equal(const UNICODE_STRING *left, const UNICODE_STRING *right, bool ignore_case) {
    if (left->Length != right->Length) {
        return false;
    }
    for (unsigned i = 0; i < left->Length / sizeof(WCHAR); i++) {
        WCHAR a = left->Buffer[i], b = right->Buffer[i];
        if (a != b && (!ignore_case || fm_upcase(a) != fm_upcase(b))) {
            return false;
        }
    }
    return true;
}
