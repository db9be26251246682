/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor: two processes, two words, nothing else. Mode "sleep": each side stores, wakes the other, and sleeps, as
 * two threads must that never spin. Mode "spin": each side only looks at its word.
 */
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/clock.h"
#include "../common/peer.h"

struct shared {
    _Alignas(128) _Atomic uint32_t ping;
    _Alignas(128) _Atomic uint32_t pong;
    _Alignas(128) _Atomic uint32_t spins;
};

static void wake(_Atomic uint32_t *word) {
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void sleep_while(_Atomic uint32_t *word, uint32_t seen) {
    while (atomic_load_explicit(word, memory_order_acquire) == seen)
        syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
}

static void spin_while(_Atomic uint32_t *word, uint32_t seen) {
    while (atomic_load_explicit(word, memory_order_acquire) == seen)
        bench_pause();
}

static void trip(void *context) {
    struct shared *shared = context;
    uint32_t next = atomic_load_explicit(&shared->pong, memory_order_relaxed);
    bool spins = atomic_load_explicit(&shared->spins, memory_order_relaxed) != 0;
    atomic_store(&shared->ping, next + 1);
    if (spins) {
        spin_while(&shared->pong, next);
    } else {
        wake(&shared->ping);
        sleep_while(&shared->pong, next);
    }
}

_Noreturn static void answer(struct shared *shared) {
    for (uint32_t seen = 0;; seen++) {
        while (atomic_load_explicit(&shared->ping, memory_order_acquire) == seen) {
            if (atomic_load_explicit(&shared->spins, memory_order_relaxed) != 0)
                bench_pause();
            else
                syscall(SYS_futex, &shared->ping, FUTEX_WAIT, seen, NULL, NULL, 0);
        }
        atomic_store(&shared->pong, seen + 1);
        if (atomic_load_explicit(&shared->spins, memory_order_relaxed) == 0)
            wake(&shared->pong);
    }
}

/* The other side sleeps; with this message it wakes and spins from then on. */
static void begin_spinning(struct shared *shared) {
    uint32_t next = atomic_load(&shared->pong);
    atomic_store(&shared->spins, 1);
    atomic_store(&shared->ping, next + 1);
    wake(&shared->ping);
    spin_while(&shared->pong, next);
}

int main(void) {
    struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        peer_fail("mmap");
    pid_t parent = getpid();
    pid_t child = fork();
    if (child < 0)
        peer_fail("fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            return 0;
        answer(shared);
    }
    printf("ready %d\n", (int)child);
    fflush(stdout);
    struct peer_run run;
    while (peer_next(&run)) {
        bool spins = strcmp(run.mode, "spin") == 0;
        if (spins)
            begin_spinning(shared);
        peer_measure(&run, trip, shared);
        atomic_store(&shared->spins, 0); /* and the other side goes to sleep */
    }
    kill(child, SIGKILL);
    return 0;
}
