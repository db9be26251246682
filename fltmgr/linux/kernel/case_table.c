/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled with the C library's own wchar_t. */
#include "case_table.h"

#include <locale.h>
#include <pthread.h>
#include <wctype.h>

static uint16_t upper[0x10000];
static uint16_t lower[0x10000];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static uint16_t one_unit(uint32_t unit, wint_t mapped) {
    return mapped < 0x10000 && (unit >= 0x80) == (mapped >= 0x80) ? (uint16_t)mapped : (uint16_t)unit;
}

static void build(void) {
    locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    for (uint32_t unit = 0; unit < 0x10000; unit++) {
        upper[unit] = (uint16_t)(unit >= 'a' && unit <= 'z' ? unit - 0x20 : unit);
        lower[unit] = (uint16_t)(unit >= 'A' && unit <= 'Z' ? unit + 0x20 : unit);
        if (locale != (locale_t)0 && (unit < 0xD800 || unit > 0xDFFF)) {
            upper[unit] = one_unit(unit, towupper_l(unit, locale));
            lower[unit] = one_unit(unit, towlower_l(unit, locale));
        }
    }
    if (locale != (locale_t)0) {
        freelocale(locale);
    }
}

uint16_t fm_upcase(uint16_t unit) {
    if (unit < 0x80) {
        return unit >= 'a' && unit <= 'z' ? (uint16_t)(unit - 0x20) : unit;
    }
    (void)pthread_once(&once, build);
    return upper[unit];
}

uint16_t fm_downcase(uint16_t unit) {
    if (unit < 0x80) {
        return unit >= 'A' && unit <= 'Z' ? (uint16_t)(unit + 0x20) : unit;
    }
    (void)pthread_once(&once, build);
    return lower[unit];
}
