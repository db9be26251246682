/* SPDX-License-Identifier: Apache-2.0 */
/* UNICODE_STRING: counted, not terminated, lengths in bytes. Case is mapped per 16-bit unit, as Windows does. */
#include <ntifs.h>

#include "case_table.h"
#include "utf.h"

enum { rtl_tag = 0x6c745253 /* 'SRtl' */, longest = 0xFFFE };

static SIZE_T units_of(PCWSTR text) {
    SIZE_T count = 0;
    while (text[count] != 0) {
        count++;
    }
    return count;
}

static USHORT clamp(SIZE_T bytes) {
    return (USHORT)(bytes > longest ? longest : bytes);
}

VOID NTAPI RtlInitUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString) {
    SIZE_T bytes = SourceString == NULL ? 0 : units_of(SourceString) * sizeof(WCHAR);
    bytes = bytes > longest - sizeof(WCHAR) ? longest - sizeof(WCHAR) : bytes;
    DestinationString->Buffer = (PWCH)(ULONG_PTR)SourceString;
    DestinationString->Length = (USHORT)bytes;
    DestinationString->MaximumLength = SourceString == NULL ? 0 : (USHORT)(bytes + sizeof(WCHAR));
}

VOID NTAPI RtlInitAnsiString(PANSI_STRING DestinationString, PCSZ SourceString) {
    SIZE_T length = SourceString == NULL ? 0 : __builtin_strlen(SourceString);
    length = length > longest ? longest : length;
    DestinationString->Buffer = (PCHAR)(ULONG_PTR)SourceString;
    DestinationString->Length = (USHORT)length;
    DestinationString->MaximumLength = SourceString == NULL ? 0 : (USHORT)(length + 1);
}

static void terminate_if_room(PUNICODE_STRING string) {
    if ((ULONG)string->Length + sizeof(WCHAR) <= string->MaximumLength) {
        string->Buffer[string->Length / sizeof(WCHAR)] = 0;
    }
}

VOID NTAPI RtlCopyUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString) {
    if (SourceString == NULL) {
        DestinationString->Length = 0;
        return;
    }
    USHORT length = SourceString->Length;
    if (length > DestinationString->MaximumLength) {
        length = DestinationString->MaximumLength;
    }
    RtlMoveMemory(DestinationString->Buffer, SourceString->Buffer, length);
    DestinationString->Length = length;
    terminate_if_room(DestinationString);
}

static NTSTATUS append(PUNICODE_STRING destination, PCWCH source, SIZE_T bytes) {
    if (bytes > (SIZE_T)destination->MaximumLength - destination->Length) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (bytes != 0) {
        RtlMoveMemory((PUCHAR)destination->Buffer + destination->Length, source, bytes);
        destination->Length = (USHORT)(destination->Length + bytes);
        terminate_if_room(destination);
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlAppendUnicodeStringToString(PUNICODE_STRING Destination, PCUNICODE_STRING Source) {
    return append(Destination, Source->Buffer, Source->Length);
}

NTSTATUS NTAPI RtlAppendUnicodeToString(PUNICODE_STRING Destination, PCWSTR Source) {
    return Source == NULL ? STATUS_SUCCESS : append(Destination, Source, units_of(Source) * sizeof(WCHAR));
}

static int compare(PCWCH left, SIZE_T left_units, PCWCH right, SIZE_T right_units, BOOLEAN ignore_case) {
    SIZE_T common = left_units < right_units ? left_units : right_units;
    for (SIZE_T i = 0; i < common; i++) {
        WCHAR l = left[i];
        WCHAR r = right[i];
        if (l != r && ignore_case) {
            l = fm_upcase(l);
            r = fm_upcase(r);
        }
        if (l != r) {
            return (int)l - (int)r;
        }
    }
    return left_units == right_units ? 0 : left_units < right_units ? -1 : 1;
}

LONG NTAPI RtlCompareUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive) {
    return compare(String1->Buffer, String1->Length / sizeof(WCHAR), String2->Buffer, String2->Length / sizeof(WCHAR),
                   CaseInSensitive);
}

BOOLEAN NTAPI RtlEqualUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive) {
    return String1->Length == String2->Length && RtlCompareUnicodeString(String1, String2, CaseInSensitive) == 0;
}

BOOLEAN NTAPI RtlPrefixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive) {
    SIZE_T units = String1->Length / sizeof(WCHAR);
    return String1->Length <= String2->Length &&
           compare(String1->Buffer, units, String2->Buffer, units, CaseInSensitive) == 0;
}

BOOLEAN NTAPI RtlSuffixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive) {
    SIZE_T units = String1->Length / sizeof(WCHAR);
    return String1->Length <= String2->Length &&
           compare(String1->Buffer, units, String2->Buffer + (String2->Length / sizeof(WCHAR) - units), units,
                   CaseInSensitive) == 0;
}

WCHAR NTAPI RtlUpcaseUnicodeChar(WCHAR SourceCharacter) {
    return fm_upcase(SourceCharacter);
}

WCHAR NTAPI RtlDowncaseUnicodeChar(WCHAR SourceCharacter) {
    return fm_downcase(SourceCharacter);
}

VOID NTAPI RtlFreeUnicodeString(PUNICODE_STRING UnicodeString) {
    if (UnicodeString->Buffer != NULL) {
        ExFreePoolWithTag(UnicodeString->Buffer, rtl_tag);
    }
    *UnicodeString = (UNICODE_STRING){0, 0, NULL};
}

/* Makes room for bytes in the destination, allocated when asked. */
static NTSTATUS prepare(PUNICODE_STRING destination, SIZE_T bytes, BOOLEAN allocate) {
    if (bytes > longest) {
        return allocate ? STATUS_INVALID_PARAMETER : STATUS_BUFFER_OVERFLOW;
    }
    if (allocate) {
        destination->Buffer = ExAllocatePool2(POOL_FLAG_PAGED, bytes == 0 ? sizeof(WCHAR) : bytes, rtl_tag);
        if (destination->Buffer == NULL) {
            return STATUS_NO_MEMORY;
        }
        destination->MaximumLength = (USHORT)bytes;
    } else if (bytes > destination->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUpcaseUnicodeString(PUNICODE_STRING Destination, PCUNICODE_STRING Source, BOOLEAN Allocate) {
    NTSTATUS status = prepare(Destination, Source->Length, Allocate);
    if (NT_SUCCESS(status)) {
        for (SIZE_T i = 0; i < Source->Length / sizeof(WCHAR); i++) {
            Destination->Buffer[i] = fm_upcase(Source->Buffer[i]);
        }
        Destination->Length = Source->Length;
    }
    return status;
}

NTSTATUS NTAPI RtlDuplicateUnicodeString(ULONG Flags, PCUNICODE_STRING Source, PUNICODE_STRING Destination) {
    SIZE_T extra = (Flags & RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE) != 0 ? sizeof(WCHAR) : 0;
    NTSTATUS status = prepare(Destination, Source->Length + extra, TRUE);
    if (NT_SUCCESS(status)) {
        RtlCopyMemory(Destination->Buffer, Source->Buffer, Source->Length);
        Destination->Length = Source->Length;
        terminate_if_room(Destination);
    }
    return status;
}

NTSTATUS NTAPI RtlIntegerToUnicodeString(ULONG Value, ULONG Base, PUNICODE_STRING String) {
    WCHAR digits[32];
    ULONG count = 0;
    Base = Base == 0 ? 10 : Base;
    if (Base != 2 && Base != 8 && Base != 10 && Base != 16) {
        return STATUS_INVALID_PARAMETER;
    }
    do {
        digits[RTL_NUMBER_OF(digits) - ++count] = (WCHAR) "0123456789ABCDEF"[Value % Base];
        Value /= Base;
    } while (Value != 0);
    if (count * sizeof(WCHAR) > String->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    RtlCopyMemory(String->Buffer, &digits[RTL_NUMBER_OF(digits) - count], count * sizeof(WCHAR));
    String->Length = (USHORT)(count * sizeof(WCHAR));
    terminate_if_room(String);
    return STATUS_SUCCESS;
}

static ULONG digit_of(WCHAR unit) {
    if (unit >= '0' && unit <= '9') {
        return (ULONG)unit - '0';
    }
    unit |= 0x20;
    return unit >= 'a' && unit <= 'f' ? (ULONG)unit - 'a' + 10 : MAXULONG;
}

NTSTATUS NTAPI RtlUnicodeStringToInteger(PCUNICODE_STRING String, ULONG Base, PULONG Value) {
    PCWCH text = String->Buffer;
    PCWCH end = text + String->Length / sizeof(WCHAR);
    BOOLEAN negative = FALSE;
    if (Base != 0 && Base != 2 && Base != 8 && Base != 10 && Base != 16) {
        return STATUS_INVALID_PARAMETER;
    }
    while (text < end && *text <= ' ') {
        text++;
    }
    if (text < end && (*text == '-' || *text == '+')) {
        negative = *text++ == '-';
    }
    if (Base == 0) {
        Base = 10;
        if (end - text > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'o' || text[1] == 'b')) {
            Base = text[1] == 'x' ? 16 : text[1] == 'o' ? 8 : 2;
            text += 2;
        }
    }
    ULONG value = 0;
    for (; text < end && digit_of(*text) < Base; text++) {
        value = value * Base + digit_of(*text);
    }
    *Value = negative ? 0u - value : value;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlAnsiStringToUnicodeString(PUNICODE_STRING Destination, PCANSI_STRING Source, BOOLEAN Allocate) {
    SIZE_T units = fm_utf8_to_utf16(Source->Buffer, Source->Length, NULL, 0);
    NTSTATUS status = prepare(Destination, (units + 1) * sizeof(WCHAR), Allocate);
    if (NT_SUCCESS(status)) {
        (void)fm_utf8_to_utf16(Source->Buffer, Source->Length, (uint16_t *)Destination->Buffer, units);
        Destination->Length = clamp(units * sizeof(WCHAR));
        terminate_if_room(Destination);
    }
    return status;
}

NTSTATUS NTAPI RtlUnicodeStringToAnsiString(PANSI_STRING Destination, PCUNICODE_STRING Source, BOOLEAN Allocate) {
    SIZE_T units = Source->Length / sizeof(WCHAR);
    SIZE_T bytes = fm_utf16_to_utf8((const uint16_t *)Source->Buffer, units, NULL, 0);
    if (bytes + 1 > longest) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Allocate) {
        Destination->Buffer = ExAllocatePool2(POOL_FLAG_PAGED, bytes + 1, rtl_tag);
        if (Destination->Buffer == NULL) {
            return STATUS_NO_MEMORY;
        }
        Destination->MaximumLength = (USHORT)(bytes + 1);
    } else if (bytes + 1 > Destination->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    (void)fm_utf16_to_utf8((const uint16_t *)Source->Buffer, units, Destination->Buffer, bytes);
    Destination->Buffer[bytes] = '\0';
    Destination->Length = (USHORT)bytes;
    return STATUS_SUCCESS;
}
