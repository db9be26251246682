/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One line a field, `structure field offset size`, and one a structure, `structure sizeof 0 size`: what this compiler
 * makes of protocol.h.
 */

#include "protocol.h"

#include <stdio.h>

#define PRINT_SIZE(Type, Bytes) printf("%s sizeof 0 %u\n", #Type, (unsigned)sizeof(Type))
#define PRINT_FIELD(Type, Field, Offset, Bytes)                                                                        \
    printf("%s %s %u %u\n", #Type, #Field, (unsigned)FP_OFFSET(Type, Field), (unsigned)sizeof(((Type *)0)->Field))

int main(void) {
    FP_LAYOUT(PRINT_SIZE, PRINT_FIELD);
    return 0;
}
