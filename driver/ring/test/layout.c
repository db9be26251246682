/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>

#include "ring_format.h"

#define FIELD(Type, Field) (void)printf("%s.%s %u\n", #Type, #Field, (unsigned)offsetof(Type, Field))
#define LENGTH(Type) (void)printf("%s %u\n", #Type, (unsigned)sizeof(Type))

int main(void) {
    LENGTH(RING_PRODUCER);
    FIELD(RING_PRODUCER, DataOffset);
    FIELD(RING_PRODUCER, DataLength);
    FIELD(RING_PRODUCER, Published);
    FIELD(RING_PRODUCER, Lost);
    FIELD(RING_PRODUCER, Dropped);
    FIELD(RING_PRODUCER, State);
    LENGTH(RING_CONSUMER);
    FIELD(RING_CONSUMER, Consumed);
    FIELD(RING_CONSUMER, Sequence);
    FIELD(RING_CONSUMER, Sleeping);
    LENGTH(RING_RECORD);
    FIELD(RING_RECORD, Length);
    FIELD(RING_RECORD, Kind);
    FIELD(RING_RECORD, Sequence);
    LENGTH(RING_VIEWS);
    FIELD(RING_VIEWS, Producer);
    FIELD(RING_VIEWS, ProducerLength);
    FIELD(RING_VIEWS, Consumer);
    FIELD(RING_VIEWS, ConsumerLength);
    FIELD(RING_VIEWS, Position);
    return 0;
}
