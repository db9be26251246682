/* SPDX-License-Identifier: Apache-2.0 */
#include "answer.h"

static const char digits[] = "0123456789ABCDEF";

static void put(struct fmw_answer *answer, char byte) {
    if (answer->used < sizeof(answer->bytes)) {
        answer->bytes[answer->used++] = byte;
    }
}

static void put_text(struct fmw_answer *answer, const char *text) {
    for (; *text != '\0'; text++) {
        put(answer, *text);
    }
}

static bool is_plain(char byte, const char *more) {
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           strchr("-._~/:\\+,@", byte) != NULL || strchr(more, byte) != NULL;
}

static void put_encoded(struct fmw_answer *answer, const char *text, const char *more) {
    for (; *text != '\0'; text++) {
        if (is_plain(*text, more)) {
            put(answer, *text);
        } else {
            put(answer, '%');
            put(answer, digits[(UCHAR)*text >> 4]);
            put(answer, digits[(UCHAR)*text & 15]);
        }
    }
}

static void put_status(struct fmw_answer *answer, NTSTATUS status) {
    enum { TOP = 28 };
    put_text(answer, "0x");
    for (int shift = TOP; shift >= 0; shift -= 4) {
        put(answer, digits[((ULONG)status >> shift) & 15]);
    }
}

void fmw_answer_ok(struct fmw_answer *answer) {
    answer->used = 0;
    put_text(answer, "ok");
}

void fmw_answer_error(struct fmw_answer *answer, NTSTATUS status, const char *text) {
    answer->used = 0;
    put_text(answer, "error ");
    put_status(answer, status);
    put(answer, ' ');
    put_encoded(answer, text, " ;()'\"<>[]=*?");
}

static void put_name(struct fmw_answer *answer, const char *name) {
    put(answer, ' ');
    put_text(answer, name);
    put(answer, '=');
}

void fmw_answer_value(struct fmw_answer *answer, const char *name, const char *value) {
    put_name(answer, name);
    put_encoded(answer, value, "");
}

void fmw_answer_number(struct fmw_answer *answer, const char *name, ULONG64 value) {
    char text[24];
    char *start = text + sizeof(text) - 1;
    *start = '\0';
    do {
        *--start = digits[value % 10];
        value /= 10;
    } while (value != 0);
    put_name(answer, name);
    put_text(answer, start);
}

void fmw_answer_status(struct fmw_answer *answer, const char *name, NTSTATUS status) {
    put_name(answer, name);
    put_status(answer, status);
}
