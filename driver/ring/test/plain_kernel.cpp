// SPDX-License-Identifier: Apache-2.0
#include "plain_kernel.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <shared_mutex>

namespace {

constexpr size_t kPage = 4096;
constexpr unsigned char kMargin = 0xA5;

unsigned char *allocate(size_t length) {
    auto *memory = static_cast<unsigned char *>(std::aligned_alloc(kPage, length + 2 * kPage));
    std::memset(memory, kMargin, length + 2 * kPage);
    std::memset(memory + kPage, 0, length);
    return memory + kPage;
}

bool isMargin(const unsigned char *from) {
    for (size_t i = 0; i < kPage; i++) {
        if (from[i] != kMargin) {
            return false;
        }
    }
    return true;
}

void release(const void *memory) {
    std::free(static_cast<unsigned char *>(const_cast<void *>(memory)) - kPage);
}

std::shared_mutex &mutexOf(PEX_PUSH_LOCK lock) {
    return *reinterpret_cast<std::shared_mutex *>(*lock);
}

thread_local bool exclusive;

} // namespace

PlainKernel kernel;

void resetKernel() {
    kernel.memoryIsShort = false;
    kernel.mapStatus = STATUS_SUCCESS;
    kernel.sendStatus = STATUS_SUCCESS;
    kernel.memories = 0;
    kernel.wakes.clear();
    kernel.woken.clear();
}

bool marginsAreIntact(const RING &ring) {
    const auto *producer = reinterpret_cast<const unsigned char *>(ring.Producer);
    const auto *consumer = reinterpret_cast<const unsigned char *>(ring.Consumer);
    return isMargin(producer - kPage) && isMargin(ring.Data + ring.DataLength) && isMargin(consumer - kPage) &&
           isMargin(consumer + kPage);
}

extern "C" {

NTSTATUS RingMemoryCreate(PRING ring, ULONG dataLength) {
    if (kernel.memoryIsShort) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    unsigned char *producer = allocate(kPage + dataLength);
    ring->Producer = reinterpret_cast<RING_PRODUCER *>(producer);
    ring->Consumer = reinterpret_cast<RING_CONSUMER *>(allocate(kPage));
    ring->Data = producer + kPage;
    ring->DataLength = dataLength;
    ring->LongestEvent = dataLength / 2 - static_cast<ULONG>(sizeof(RING_RECORD));
    ring->Producer->State = RING_OPEN;
    kernel.memories++;
    return STATUS_SUCCESS;
}

VOID RingMemoryDestroy(PRING ring) {
    release(ring->Producer);
    release(ring->Consumer);
    ring->Producer = nullptr;
    kernel.memories--;
}

NTSTATUS RingMemoryMap(PRING ring, RING_VIEWS *views) {
    views->Producer = reinterpret_cast<RING_U64>(ring->Producer);
    views->Consumer = reinterpret_cast<RING_U64>(ring->Consumer);
    return kernel.mapStatus;
}

KIRQL NTAPI KeGetCurrentIrql(void) {
    return PASSIVE_LEVEL;
}

VOID NTAPI RtlAssert(PVOID assertion, PVOID file, ULONG line, PSTR) {
    std::fprintf(stderr, "%s:%u: %s\n", static_cast<char *>(file), line, static_cast<char *>(assertion));
    std::abort();
}

VOID FLTAPI FltInitializePushLock(PEX_PUSH_LOCK lock) {
    *lock = reinterpret_cast<EX_PUSH_LOCK>(new std::shared_mutex);
}
VOID FLTAPI FltDeletePushLock(PEX_PUSH_LOCK lock) {
    delete &mutexOf(lock);
}
VOID FLTAPI FltAcquirePushLockExclusive(PEX_PUSH_LOCK lock) {
    mutexOf(lock).lock();
    exclusive = true;
}
VOID FLTAPI FltAcquirePushLockShared(PEX_PUSH_LOCK lock) {
    mutexOf(lock).lock_shared();
    exclusive = false;
}
VOID FLTAPI FltReleasePushLock(PEX_PUSH_LOCK lock) {
    if (exclusive) {
        mutexOf(lock).unlock();
    } else {
        mutexOf(lock).unlock_shared();
    }
}

NTSTATUS FLTAPI FltSendMessage(PFLT_FILTER, PFLT_PORT *port, PVOID buffer, ULONG length, PVOID reply,
                               PULONG replyLength, PLARGE_INTEGER timeout) {
    if (length != sizeof(RING_WAKE) || reply != nullptr || replyLength != nullptr || timeout == nullptr ||
        timeout->QuadPart != 0) {
        std::abort();
    }
    std::lock_guard<std::mutex> guard(kernel.lock);
    kernel.wakes.push_back(*static_cast<RING_WAKE *>(buffer));
    kernel.woken.push_back(port);
    return kernel.sendStatus;
}
}
