// SPDX-License-Identifier: Apache-2.0
//
// What ring.c calls, as the test has it: memory with a margin on each side that nobody may touch, locks that really
// lock, and messages that are kept.

#ifndef FILTERPORT_RING_TEST_PLAIN_KERNEL_H
#define FILTERPORT_RING_TEST_PLAIN_KERNEL_H

#include <mutex>
#include <vector>

#include "ring.h"

struct PlainKernel {
    bool memoryIsShort = false;
    NTSTATUS mapStatus = STATUS_SUCCESS;
    NTSTATUS sendStatus = STATUS_SUCCESS;
    int memories = 0;

    std::mutex lock; // guards the rest
    std::vector<RING_WAKE> wakes;
    std::vector<PFLT_PORT *> woken;
};

/** The one kernel; a test replaces what it wants and gets a fresh one by resetKernel. */
extern PlainKernel kernel;
void resetKernel();

/** Whether the margins around a ring's memory are as they were. */
bool marginsAreIntact(const RING &ring);

#endif
