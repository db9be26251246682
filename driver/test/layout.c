/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One line a field, `structure field offset size`, and one a structure, `structure sizeof 0 size`: what this compiler
 * makes of protocol.h.
 */

#include "protocol.h"

#include <stdio.h>

#define PRINT_SIZE(Type, Bytes) printf("%s sizeof 0 %zu\n", #Type, sizeof(Type))
#define PRINT_FIELD(Type, Field, Offset, Bytes)                                                                        \
    printf("%s %s %zu %zu\n", #Type, #Field, (size_t)FP_OFFSET(Type, Field), sizeof(((Type *)0)->Field))

int main(void) {
    FP_LAYOUT(PRINT_SIZE, PRINT_FIELD);
    return 0;
}
