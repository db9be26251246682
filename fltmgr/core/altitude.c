/* SPDX-License-Identifier: Apache-2.0 */
/* Altitudes: decimal numbers of any length, written as strings (MGMT-17). */
#include "internal.h"

typedef struct digits {
    const WCHAR *whole;
    unsigned whole_count; /* without leading zeros */
    const WCHAR *fraction;
    unsigned fraction_count; /* without zeros at the end */
} digits;

static bool parse(PCUNICODE_STRING text, digits *result) {
    const unsigned count = text->Length / sizeof(WCHAR);
    unsigned point = count;
    unsigned seen = 0;

    for (unsigned i = 0; i < count; i++) {
        if (text->Buffer[i] == '.') {
            if (point != count) {
                return false;
            }
            point = i;
        } else if (text->Buffer[i] < '0' || text->Buffer[i] > '9') {
            return false;
        } else {
            seen++;
        }
    }
    if (seen == 0) {
        return false;
    }
    result->whole = text->Buffer;
    result->whole_count = point;
    while (result->whole_count > 0 && *result->whole == '0') {
        result->whole++;
        result->whole_count--;
    }
    result->fraction_count = point < count ? count - point - 1 : 0;
    result->fraction = text->Buffer + (point < count ? point + 1 : count);
    while (result->fraction_count > 0 && result->fraction[result->fraction_count - 1] == '0') {
        result->fraction_count--;
    }
    return true;
}

bool fm_altitude_valid(PCUNICODE_STRING altitude) {
    digits ignored;
    return altitude->Buffer != NULL && parse(altitude, &ignored);
}

static int compare_digits(const WCHAR *left, const WCHAR *right, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        if (left[i] != right[i]) {
            return left[i] < right[i] ? -1 : 1;
        }
    }
    return 0;
}

static int compare_counts(unsigned left, unsigned right) {
    return (left > right) - (left < right);
}

int fm_altitude_compare(PCUNICODE_STRING left, PCUNICODE_STRING right) {
    digits a, b;
    int order;

    if (!parse(left, &a) || !parse(right, &b)) {
        return 0;
    }
    order = compare_counts(a.whole_count, b.whole_count);
    if (order == 0) {
        order = compare_digits(a.whole, b.whole, a.whole_count);
    }
    if (order == 0) {
        order = compare_digits(a.fraction, b.fraction,
                               a.fraction_count < b.fraction_count ? a.fraction_count : b.fraction_count);
    }
    return order != 0 ? order : compare_counts(a.fraction_count, b.fraction_count);
}
