/* SPDX-License-Identifier: Apache-2.0 */
/* DbgPrint: the kernel's printf, on stderr. */
/* NOLINTBEGIN(clang-analyzer-valist.Uninitialized): clang-tidy 14 forgets va_start when given several files */
#include <ntifs.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../host/log.h"
#include "kernel_stop.h"
#include "utf.h"

struct arguments {
    va_list list;
};

struct output {
    char text[900];
    size_t used;
};

static void put(struct output *output, const char *text, size_t length) {
    size_t room = sizeof(output->text) - 1 - output->used;
    length = length > room ? room : length;
    memcpy(output->text + output->used, text, length);
    output->used += length;
}

static void put_wide(struct output *output, const WCHAR *text, size_t units) {
    char bytes[600];
    size_t length = text == NULL ? 0 : fm_utf16_to_utf8((const uint16_t *)text, units, bytes, sizeof(bytes));
    put(output, bytes, length > sizeof(bytes) ? sizeof(bytes) : length);
}

static size_t bounded_units(const WCHAR *text, int most) {
    size_t count = 0;
    while (text != NULL && (most < 0 || count < (size_t)most) && text[count] != 0) {
        count++;
    }
    return count;
}

struct directive {
    char flags[8];
    int width;
    int precision; /* -1: none */
    enum { SIZE_INT, SIZE_LONG_LONG, SIZE_POINTER, SIZE_WIDE, SIZE_NARROW } size;
    char conversion;
};

static int number(const char **format, struct arguments *arguments) {
    if (**format == '*') {
        (*format)++;
        return va_arg(arguments->list, int);
    }
    int value = 0;
    while (**format >= '0' && **format <= '9') {
        value = value * 10 + (*(*format)++ - '0');
    }
    return value;
}

static const char *parse(const char *format, struct directive *directive, struct arguments *arguments) {
    size_t flags = 0;
    *directive = (struct directive){.precision = -1, .size = SIZE_INT};
    while (*format != '\0' && strchr("-+ #0", *format) != NULL && flags < sizeof(directive->flags) - 1) {
        directive->flags[flags++] = *format++;
    }
    directive->width = number(&format, arguments);
    if (*format == '.') {
        format++;
        directive->precision = number(&format, arguments);
    }
    for (;;) {
        if (strncmp(format, "I64", 3) == 0 || strncmp(format, "I32", 3) == 0) {
            directive->size = format[1] == '6' ? SIZE_LONG_LONG : SIZE_INT;
            format += 3;
        } else if (strncmp(format, "ll", 2) == 0) {
            directive->size = SIZE_LONG_LONG;
            format += 2;
        } else if (*format == 'I' || *format == 'z' || *format == 't') {
            directive->size = SIZE_POINTER;
            format++;
        } else if (*format == 'w' || *format == 'l') { /* l: LONG has 32 bits; before s it means wide */
            directive->size = SIZE_WIDE;
            format++;
        } else if (*format == 'h') {
            directive->size = SIZE_NARROW;
            format++;
        } else {
            break;
        }
    }
    directive->conversion = *format;
    return *format == '\0' ? format : format + 1;
}

static void put_number(struct output *output, const struct directive *directive, struct arguments *arguments) {
    char format[32];
    char text[128];
    unsigned long long value;
    bool is_signed = directive->conversion == 'd' || directive->conversion == 'i';
    if (directive->conversion == 'p') {
        value = (unsigned long long)(ULONG_PTR)va_arg(arguments->list, void *);
        put(output, text, (size_t)snprintf(text, sizeof(text), "%016llX", value));
        return;
    }
    if (directive->size == SIZE_LONG_LONG || directive->size == SIZE_POINTER) {
        value = va_arg(arguments->list, unsigned long long);
    } else {
        unsigned narrow = va_arg(arguments->list, unsigned);
        value = is_signed ? (unsigned long long)(long long)(int)narrow : narrow;
    }
    int width = directive->width > 60 ? 60 : directive->width;
    int precision = directive->precision > 60 ? 60 : directive->precision;
    (void)snprintf(format, sizeof(format), "%%%s*.*ll%c", directive->flags, directive->conversion);
    int length = snprintf(text, sizeof(text), format, width, precision, value);
    put(output, text, length < 0 ? 0 : (size_t)length);
}

static void put_string(struct output *output, const struct directive *directive, struct arguments *arguments) {
    bool wide = directive->size == SIZE_WIDE || (directive->conversion == 'S' && directive->size != SIZE_NARROW);
    if (directive->conversion == 'Z') {
        const UNICODE_STRING *string = va_arg(arguments->list, const UNICODE_STRING *);
        if (string == NULL || string->Buffer == NULL) {
            put(output, "(null)", 6);
        } else if (wide) {
            put_wide(output, string->Buffer, string->Length / sizeof(WCHAR));
        } else {
            put(output, (const char *)string->Buffer, string->Length);
        }
        return;
    }
    const void *text = va_arg(arguments->list, const void *);
    if (text == NULL) {
        put(output, "(null)", 6);
    } else if (wide) {
        put_wide(output, text, bounded_units(text, directive->precision));
    } else {
        put(output, text, directive->precision < 0 ? strlen(text) : strnlen(text, (size_t)directive->precision));
    }
}

static void format_line(struct output *output, const char *format, struct arguments *arguments) {
    while (*format != '\0') {
        const char *percent = strchr(format, '%');
        if (percent == NULL) {
            put(output, format, strlen(format));
            break;
        }
        put(output, format, (size_t)(percent - format));
        struct directive directive;
        format = parse(percent + 1, &directive, arguments);
        switch (directive.conversion) {
        case 'd':
        case 'i':
        case 'u':
        case 'x':
        case 'X':
        case 'o':
        case 'p':
            put_number(output, &directive, arguments);
            break;
        case 's':
        case 'S':
        case 'Z':
            put_string(output, &directive, arguments);
            break;
        case 'c':
        case 'C': {
            WCHAR unit = (WCHAR)va_arg(arguments->list, int);
            put_wide(output, &unit, 1);
            break;
        }
        case '%':
            put(output, "%", 1);
            break;
        default:
            put(output, percent, (size_t)(format - percent));
            break; /* as it stands; its argument stays */
        }
    }
    output->text[output->used] = '\0';
}

static ULONG print(const char *format, struct arguments *arguments) {
    struct output output = {.used = 0};
    format_line(&output, format, arguments);
    while (output.used != 0 && output.text[output.used - 1] == '\n') {
        output.text[--output.used] = '\0';
    }
    if (output.used != 0) {
        fm_log("driver: %s", output.text);
    }
    return STATUS_SUCCESS;
}

ULONG DbgPrint(PCSTR Format, ...) {
    struct arguments arguments;
    va_start(arguments.list, Format);
    ULONG status = print(Format, &arguments);
    va_end(arguments.list);
    return status;
}

ULONG DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...) {
    UNREFERENCED_PARAMETER(ComponentId);
    if (Level > DPFLTR_WARNING_LEVEL && Level < 32) {
        return STATUS_SUCCESS; /* as on Windows: only errors and warnings are on by default */
    }
    struct arguments arguments;
    va_start(arguments.list, Format);
    ULONG status = print(Format, &arguments);
    va_end(arguments.list);
    return status;
}

VOID NTAPI RtlAssert(PVOID VoidFailedAssertion, PVOID VoidFileName, ULONG LineNumber, PSTR MutableMessage) {
    fm_log("assertion failed: %s%s%s, %s line %u", MutableMessage != NULL ? MutableMessage : "",
           MutableMessage != NULL ? ": " : "", (const char *)VoidFailedAssertion, (const char *)VoidFileName,
           LineNumber);
    fm_kernel_stop("RtlAssert");
}
/* NOLINTEND(clang-analyzer-valist.Uninitialized) */
