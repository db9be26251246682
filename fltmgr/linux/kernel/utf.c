/* SPDX-License-Identifier: Apache-2.0 */
#include "utf.h"

#include <stdbool.h>

/* Returns how many bytes the character has, 0 when there is no valid one. */
static size_t decode(const unsigned char *bytes, size_t length, uint32_t *character) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = bytes[0];
    size_t size = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
    if (size == 0 || size > length) {
        return 0;
    }
    uint32_t value = size == 1 ? first : first & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            return 0;
        }
        value = value << 6 | (bytes[i] & 0x3Fu);
    }
    if (value < least[size] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) {
        return 0;
    }
    *character = value;
    return size;
}

size_t fm_utf8_to_utf16(const char *source, size_t length, uint16_t *destination, size_t capacity) {
    const unsigned char *bytes = (const unsigned char *)source;
    size_t count = 0;
    bool full = false;
    while (length != 0) {
        uint32_t character;
        size_t size = decode(bytes, length, &character);
        if (size == 0) {
            size = 1;
            character = 0xDC00u | bytes[0];
        }
        size_t units = character >= 0x10000 ? 2 : 1;
        full = full || count + units > capacity;
        if (!full && units == 1) {
            destination[count] = (uint16_t)character;
        } else if (!full) {
            destination[count] = (uint16_t)(0xD800u + ((character - 0x10000) >> 10));
            destination[count + 1] = (uint16_t)(0xDC00u + ((character - 0x10000) & 0x3FFu));
        }
        count += units;
        bytes += size;
        length -= size;
    }
    return count;
}

static size_t encode(uint32_t character, unsigned char bytes[4]) {
    if (character < 0x80) {
        bytes[0] = (unsigned char)character;
        return 1;
    }
    size_t size = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--) {
        bytes[i] = (unsigned char)(0x80u | (character & 0x3Fu));
        character >>= 6;
    }
    bytes[0] = (unsigned char)((0xF00u >> size & 0xFFu) | character);
    return size;
}

size_t fm_utf16_to_utf8(const uint16_t *source, size_t count, char *destination, size_t capacity) {
    size_t length = 0;
    bool full = false;
    for (size_t i = 0; i < count; i++) {
        uint32_t unit = source[i];
        unsigned char bytes[4];
        size_t size;
        if (unit >= 0xD800 && unit < 0xDC00 && i + 1 < count && source[i + 1] >= 0xDC00 && source[i + 1] < 0xE000) {
            size = encode(0x10000 + ((unit - 0xD800) << 10) + (source[++i] - 0xDC00u), bytes);
        } else if (unit >= 0xDC80 && unit <= 0xDCFF) {
            bytes[0] = (unsigned char)unit;
            size = 1;
        } else {
            size = encode(unit, bytes);
        }
        full = full || length + size > capacity;
        for (size_t j = 0; j < size && !full; j++) {
            destination[length + j] = (char)bytes[j];
        }
        length += size;
    }
    return length;
}
