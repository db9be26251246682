/* SPDX-License-Identifier: Apache-2.0 */
/* File system run time, I/O and memory helpers that need no state. */
#include <ntifs.h>

#include "case_table.h"

BOOLEAN NTAPI FsRtlIsNtstatusExpected(NTSTATUS Exception) {
    return Exception != STATUS_ACCESS_VIOLATION && Exception != STATUS_ILLEGAL_INSTRUCTION &&
           Exception != STATUS_DATATYPE_MISALIGNMENT;
}

BOOLEAN NTAPI FsRtlIsPagingFile(PFILE_OBJECT FileObject) {
    UNREFERENCED_PARAMETER(FileObject);
    return FALSE;
}

PIRP NTAPI IoGetTopLevelIrp(void) {
    return NULL;
}

VOID NTAPI IoSetTopLevelIrp(PIRP Irp) {
    UNREFERENCED_PARAMETER(Irp);
}

VOID NTAPI ProbeForRead(const volatile VOID *Address, SIZE_T Length, ULONG Alignment) {
    UNREFERENCED_PARAMETER(Address);
    UNREFERENCED_PARAMETER(Length);
    UNREFERENCED_PARAMETER(Alignment);
}

VOID NTAPI ProbeForWrite(volatile VOID *Address, SIZE_T Length, ULONG Alignment) {
    UNREFERENCED_PARAMETER(Address);
    UNREFERENCED_PARAMETER(Length);
    UNREFERENCED_PARAMETER(Alignment);
}

SIZE_T NTAPI RtlCompareMemory(const VOID *Source1, const VOID *Source2, SIZE_T Length) {
    const UCHAR *left = Source1;
    const UCHAR *right = Source2;
    SIZE_T same = 0;
    while (same < Length && left[same] == right[same]) {
        same++;
    }
    return same;
}

PVOID NTAPI RtlSecureZeroMemory(PVOID ptr, SIZE_T cnt) {
    volatile UCHAR *bytes = ptr;
    while (cnt != 0) {
        bytes[--cnt] = 0;
    }
    return ptr;
}

enum { dos_star = '<', dos_question = '>', dos_dot = '"' };

static BOOLEAN same_unit(WCHAR expression, WCHAR name, BOOLEAN ignore_case) {
    /* With IgnoreCase the caller has put the expression into upper case already. */
    return expression == name || (ignore_case && fm_upcase(expression) == fm_upcase(name));
}

static BOOLEAN has_dot(PCWCH name, PCWCH end) {
    for (; name < end; name++) {
        if (*name == '.') {
            return TRUE;
        }
    }
    return FALSE;
}

/* Backtracks to the last star only: its match is as good as any earlier one's. DOS_STAR must remember where it may not
   go beyond, the last dot, which has_dot tells. */
static BOOLEAN match(PCWCH expression, PCWCH expression_end, PCWCH name, PCWCH name_end, BOOLEAN ignore_case) {
    PCWCH star = NULL;
    PCWCH star_name = NULL;
    for (;;) {
        if (expression < expression_end && (*expression == '*' || *expression == dos_star)) {
            star = expression++;
            star_name = name;
            continue;
        }
        if (expression == expression_end && name == name_end) {
            return TRUE;
        }
        BOOLEAN moved = FALSE;
        if (expression < expression_end) {
            if (name < name_end &&
                (*expression == '?' || (*expression == dos_question && *name != '.') ||
                 (*expression == dos_dot && *name == '.') || same_unit(*expression, *name, ignore_case))) {
                expression++;
                name++;
                moved = TRUE;
            } else if ((*expression == dos_question && (name == name_end || *name == '.')) ||
                       (*expression == dos_dot && name == name_end)) {
                expression++;
                moved = TRUE;
            }
        }
        if (moved) {
            continue;
        }
        if (star == NULL || star_name == name_end ||
            (*star == dos_star && *star_name == '.' && !has_dot(star_name + 1, name_end))) {
            return FALSE;
        }
        name = ++star_name;
        expression = star + 1;
    }
}

BOOLEAN NTAPI FsRtlIsNameInExpression(PUNICODE_STRING Expression, PUNICODE_STRING Name, BOOLEAN IgnoreCase,
                                      PWCH UpcaseTable) {
    UNREFERENCED_PARAMETER(UpcaseTable);
    if (Expression->Length == 0 || Name->Length == 0) {
        return Expression->Length == Name->Length;
    }
    return match(Expression->Buffer, Expression->Buffer + Expression->Length / sizeof(WCHAR), Name->Buffer,
                 Name->Buffer + Name->Length / sizeof(WCHAR), IgnoreCase);
}
