/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The handshakes of the shared memory, with store buffers.
 *
 * message.pml assumes sequential consistency. That is adequate only if each place where one thread says "I sleep" (or "I
 * close") and another says "there is something" works on real processors, where a store may become visible after the
 * loads that follow it. This model checks just that, one handshake a run, with the memory orders of the code:
 *
 *   HANDSHAKE 1   client threads arm receives (sub.tail); the head of the host's queue sleeps on sub.bell
 *   HANDSHAKE 2   host threads complete receives (the entry's turn); client threads sleep on comp.bell
 *   HANDSHAKE 3   a client thread replies; the sender sleeps on its cell's word
 *   HANDSHAKE 4   a client thread arms a receive while the host closes: either the host's last look finds the entry, or
 *                 the client sees that it was never collected, and never both
 *   HANDSHAKE 5   a host thread wakes a sender that sleeps on a shared word, which never changes (the client may see to that)
 *
 * Memory. Each thread has a store buffer. A store enters it and leaves at any later time. Two stores of one thread to
 * different words may leave in either order (as on Arm; x86 keeps the order), except that a release store leaves only
 * when all older ones have left. An atomic read-modify-write takes its word away from the other threads and writes it
 * through the buffer (as an Arm LL/SC pair does), so even an atomic increment may become visible after a later load. A
 * seq_cst load waits until the thread's own seq_cst stores and read-modify-writes have left; other loads wait for nothing
 * and see their own thread's stores first. Loads are not delayed past later loads: in the code each load whose order
 * matters is an acquire or seq_cst.
 *
 * Futex. Compare-and-sleep is one step against wake. Both calls begin with Linux' full barrier ("waiters++; smp_mb(); (A)" and
 * "smp_mb(); (B)" in kernel/futex/core.c): handshakes 1 and 2 need it, so that the bell is visible when it wakes, where an
 * atomic increment is no full barrier by itself, which is the case on Arm and not on x86; fault NO_BARRIER takes it away.
 *
 * Property. When nothing in the system can move, every item has been consumed (1, 2), the sender has the reply (3), the
 * receive has been ended by exactly one side (4), the sender has left (5): nobody sleeps while its condition holds.
 *
 * Seeded faults, each with the handshakes where it must be found:
 *   TAKE_WITHOUT_RING  1           who takes the sleepers' mark wakes, but does not change the bell after taking it
 *   SLEEP_BLINDLY      1, 2        the sleeper says "I sleep" and does not look at the ring again
 *   NO_BARRIER         1, 2        the futex calls do not wait until what was stored before is visible
 *   WEAK_WAKER         1 to 5      the waker publishes with release and reads with acquire, instead of seq_cst
 *   WEAK_SLEEPER       1 to 5      the sleeper says "I sleep" ("I close") with release and reads with acquire, instead of seq_cst
 *   WEAK_PUBLISH       1, 2, 3     the entry's index, or the reply's word, is published without release
 * -DSEQUENTIAL takes the buffers away. Then only the first two are faults: the others are found by the buffers alone.
 */

#ifndef HANDSHAKE
#define HANDSHAKE 1
#endif

#if HANDSHAKE == 1
#define PRODUCERS 2
#define SLEEPERS  1
#define ITEMS     2    /* by each producer */
#elif HANDSHAKE == 2
#define PRODUCERS 2
#ifndef SLEEPERS
#define SLEEPERS  2
#endif
#define ITEMS     1
#else
#define PRODUCERS 1
#define SLEEPERS  1
#define ITEMS     1
#endif

#define THREADS (PRODUCERS + SLEEPERS)
#define ROOM    5      /* entries in a store buffer */

/*
 * Shared words. Each producer has a ring of its own here (one entry word, one tail), so that the mutex that serialises the
 * producers of the one ring need not be modelled; the sleeper's condition is about the sum of the tails.
 */
#define ENTRY   0      /* + producer: what the tail publishes; the reply's bytes in handshake 3 */
#define TAIL    2      /* + producer; sleeper.woken in handshake 5 */
#define BELL    4      /* sub.bell, comp.bell; the cell's word in handshakes 3 and 5 */
#define ASLEEP  5      /* sub.sleepers, comp.sleepers, cell.sleeping; sleeper.where in handshake 5 */
#define STATE   6      /* sub_close.state */
#define END     7      /* sub_close.end */
#define WORDS   8

typedef entry { byte word; byte value; bit release; bit strong; bit owned };
typedef buffer { entry slot[ROOM]; byte count };

byte   memory[WORDS];
byte   owner[WORDS];            /* 1 + the thread whose read-modify-write is not visible yet */
buffer stores[THREADS];

byte   sleeping_on[THREADS];    /* 1 + the word of the futex this thread sleeps on */
byte   consumed;
byte   produced;

#define SLOT(t, i) stores[t].slot[i]

#define PENDING_AT(t, w, i) (stores[t].count > (i) && SLOT(t, i).word == (w))
#define PENDING(t, w) \
    (PENDING_AT(t, w, 0) || PENDING_AT(t, w, 1) || PENDING_AT(t, w, 2) || PENDING_AT(t, w, 3) || PENDING_AT(t, w, 4))
#define STRONG_AT(t, i) (stores[t].count > (i) && SLOT(t, i).strong)
#define STRONG(t) (STRONG_AT(t, 0) || STRONG_AT(t, 1) || STRONG_AT(t, 2) || STRONG_AT(t, 3) || STRONG_AT(t, 4))

/* What a load sees: the thread's own youngest store, else memory. */
#define LOAD(w) \
    (PENDING_AT(me, w, 4) -> SLOT(me, 4).value : \
    (PENDING_AT(me, w, 3) -> SLOT(me, 3).value : \
    (PENDING_AT(me, w, 2) -> SLOT(me, 2).value : \
    (PENDING_AT(me, w, 1) -> SLOT(me, 1).value : \
    (PENDING_AT(me, w, 0) -> SLOT(me, 0).value : memory[w])))))

#define MAY_LEAVE(t, i) \
    (stores[t].count > (i) \
     && (!SLOT(t, i).release || (i) == 0) \
     && ((i) < 1 || SLOT(t, 0).word != SLOT(t, i).word) \
     && ((i) < 2 || SLOT(t, 1).word != SLOT(t, i).word) \
     && ((i) < 3 || SLOT(t, 2).word != SLOT(t, i).word) \
     && ((i) < 4 || SLOT(t, 3).word != SLOT(t, i).word) \
     && (owner[SLOT(t, i).word] == 0 || SLOT(t, i).owned))
#define ANY_MAY_LEAVE(t) \
    (MAY_LEAVE(t, 0) || MAY_LEAVE(t, 1) || MAY_LEAVE(t, 2) || MAY_LEAVE(t, 3) || MAY_LEAVE(t, 4))

inline leave(t, i) {
    memory[SLOT(t, i).word] = SLOT(t, i).value;
    if
    :: SLOT(t, i).owned -> owner[SLOT(t, i).word] = 0
    :: else
    fi;
    k = i;
    do
    :: k + 1 < stores[t].count ->
       SLOT(t, k).word = SLOT(t, k + 1).word;
       SLOT(t, k).value = SLOT(t, k + 1).value;
       SLOT(t, k).release = SLOT(t, k + 1).release;
       SLOT(t, k).strong = SLOT(t, k + 1).strong;
       SLOT(t, k).owned = SLOT(t, k + 1).owned;
       k++
    :: else -> break
    od;
    stores[t].count--;
    SLOT(t, stores[t].count).word = 0;
    SLOT(t, stores[t].count).value = 0;
    SLOT(t, stores[t].count).release = 0;
    SLOT(t, stores[t].count).strong = 0;
    SLOT(t, stores[t].count).owned = 0;
    k = 0
}

active proctype hardware() {
    byte t, k;
end_hardware:
    do
    :: atomic {
        (ANY_MAY_LEAVE(0) || ANY_MAY_LEAVE(1)
#if THREADS > 2
         || ANY_MAY_LEAVE(2)
#endif
#if THREADS > 3
         || ANY_MAY_LEAVE(3)
#endif
        ) ->
        if
        :: t = 0
        :: t = 1
#if THREADS > 2
        :: t = 2
#endif
#if THREADS > 3
        :: t = 3
#endif
        fi;
        if
        :: MAY_LEAVE(t, 0) -> leave(t, 0)
        :: MAY_LEAVE(t, 1) -> leave(t, 1)
        :: MAY_LEAVE(t, 2) -> leave(t, 2)
        :: MAY_LEAVE(t, 3) -> leave(t, 3)
        :: MAY_LEAVE(t, 4) -> leave(t, 4)
        :: else
        fi;
        t = 0
       }
    od
}

/* The operations of thread `me`. Orders: */
#define RELAXED 0, 0
#define RELEASE 1, 0
#define SEQ_CST 1, 1
#define UNORDERED 0, 1  /* seq_cst towards later loads, yet no release: for the fault alone */

inline put(w, v, rel, str, own) {
    assert(stores[me].count < ROOM);
    SLOT(me, stores[me].count).word = w;
    SLOT(me, stores[me].count).value = v;
    SLOT(me, stores[me].count).release = rel;
    SLOT(me, stores[me].count).strong = str;
    SLOT(me, stores[me].count).owned = own;
    stores[me].count++
}

#ifdef SEQUENTIAL
inline store(w, v, rel, str)        { memory[w] = v }
inline modify(w, v, rel, str)       { memory[w] = v }
#define FREE(w) true
#else
inline store(w, v, rel, str)        { d_step { put(w, v, rel, str, 0) } }
/* Within atomic, behind FREE(w). */
inline modify(w, v, rel, str)       { d_step { owner[w] = me + 1; put(w, v, rel, str, 1) } }
#define FREE(w) (owner[w] == 0 && !PENDING(me, w))
#endif
#define SETTLED (!STRONG(me))       /* before a seq_cst load */

inline futex_wait(w, seen) {
#ifndef NO_BARRIER
    stores[me].count == 0;
#endif
    atomic {
        if
        :: LOAD(w) == seen -> sleeping_on[me] = (w) + 1
        :: else
        fi
    };
end_sleep:
    sleeping_on[me] == 0
}

/* Wakes one, any one: the kernel's order is not ours to rely on. */
inline futex_wake(w) {
#ifndef NO_BARRIER
    stores[me].count == 0;
#endif
    atomic {
        if
        :: sleeping_on[PRODUCERS] == (w) + 1 -> sleeping_on[PRODUCERS] = 0
#if SLEEPERS > 1
        :: sleeping_on[PRODUCERS + 1] == (w) + 1 -> sleeping_on[PRODUCERS + 1] = 0
#endif
        :: else
        fi
    }
}

#ifdef WEAK_WAKER
#define WAKER         RELEASE
#define WAKER_SETTLED true
#else
#define WAKER         SEQ_CST
#define WAKER_SETTLED SETTLED
#endif
#ifdef WEAK_SLEEPER
#define SLEEPER         RELEASE
#define SLEEPER_SETTLED true
#else
#define SLEEPER         SEQ_CST
#define SLEEPER_SETTLED SETTLED
#endif
#if HANDSHAKE == 1 || HANDSHAKE == 2

#ifdef WEAK_PUBLISH
#define TURN UNORDERED
#else
#define TURN WAKER
#endif

/* arm() and bell_host() of the client; complete() of the host. Nobody rings who finds nobody asleep. */
proctype producer(byte me) {
    byte items, hint;
    do
    :: items < ITEMS ->
        items++;
        store(ENTRY + me, items, RELAXED);
        store(TAIL + me, items, TURN);
        atomic { WAKER_SETTLED; hint = LOAD(ASLEEP) };
#if HANDSHAKE == 1
        if
        :: hint != 0 ->
            /* Who takes the 1 owes the wake. */
            atomic { FREE(ASLEEP); hint = memory[ASLEEP]; modify(ASLEEP, 0, SEQ_CST) }
        :: else
        fi;
#endif
        if
        :: hint != 0 ->
#ifndef TAKE_WITHOUT_RING
            atomic { FREE(BELL); modify(BELL, memory[BELL] + 1, SEQ_CST) };
#endif
            futex_wake(BELL)
        :: else
        fi;
        hint = 0
    :: else -> break
    od;
    atomic { produced++ }
}

#if PRODUCERS > 1
#define TAILS (LOAD(TAIL) + LOAD(TAIL + 1))
#define ENTRIES (LOAD(ENTRY) + LOAD(ENTRY + 1))
#else
#define TAILS LOAD(TAIL)
#define ENTRIES LOAD(ENTRY)
#endif

/* The consumers of one ring exclude each other by a mutex; looking and taking is one step. */
inline look(found) {
    d_step {
        if
        :: TAILS > consumed -> assert(ENTRIES >= TAILS); consumed++; found = 1
        :: else -> found = 0
        fi
    }
}

/* fmt_prepare_sleep(), fm_settle(), sleep_leader() of the host (1); fl_wait_until() of the client (2). */
proctype sleeper(byte me) {
    byte seen;
    bit found;
    do
    ::
       seen = LOAD(BELL);
       look(found);
       if
       :: found
       :: else ->
#if HANDSHAKE == 1
            store(ASLEEP, 1, SLEEPER);
#else
            atomic { FREE(ASLEEP); modify(ASLEEP, memory[ASLEEP] + 1, SLEEPER) };
#endif
#ifndef SLEEP_BLINDLY
            atomic { SLEEPER_SETTLED; found = (TAILS > consumed) };
#endif
            if
            :: !found -> futex_wait(BELL, seen)
            :: else -> found = 0
            fi
#if HANDSHAKE == 2
            ;
            atomic { FREE(ASLEEP); modify(ASLEEP, memory[ASLEEP] - 1, SEQ_CST) }
#endif
       fi;
       seen = 0
    od
}

#elif HANDSHAKE == 3

#define WAITING 0
#define REPLIED 1

/* fill_cell() and reply() of the client. */
proctype producer(byte me) {
    byte hint;
    store(ENTRY, 1, RELAXED);
#ifdef WEAK_PUBLISH
    atomic { FREE(BELL); modify(BELL, REPLIED, UNORDERED) };
#else
    atomic { FREE(BELL); modify(BELL, REPLIED, WAKER) };
#endif
    atomic { WAKER_SETTLED; hint = LOAD(ASLEEP) };
    if
    :: hint != 0 -> futex_wake(BELL)
    :: else
    fi;
    produced++
}

proctype sleeper(byte me) {
    byte seen;
    do
    :: seen = LOAD(BELL);
       if
       :: seen == REPLIED -> break
       :: else ->
            store(ASLEEP, 1, SLEEPER);
            atomic { SLEEPER_SETTLED; seen = LOAD(BELL) };
            if
            :: seen == REPLIED -> break
            :: else -> futex_wait(BELL, WAITING)
            fi
       fi
    od;
    assert(LOAD(ENTRY) == 1);
    consumed++
}

#elif HANDSHAKE == 4

#define OPEN    0
#define CLOSING 1
#define CLOSED  2

/* arm() with never_collected(). */
proctype producer(byte me) {
    byte seen;
    store(TAIL, 1, WAKER);
    atomic { WAKER_SETTLED; seen = LOAD(STATE) };
    if
    :: seen == OPEN
    :: else ->
       LOAD(STATE) == CLOSED;
       if
       :: LOAD(END) == 0 -> atomic { consumed++ }       /* ends it itself */
       :: else
       fi
    fi;
    atomic { produced++ }
}

/* disconnected(). */
proctype sleeper(byte me) {
    byte end;
    store(STATE, CLOSING, SLEEPER);
    atomic { SLEEPER_SETTLED; end = LOAD(TAIL) };
    if
    :: end == 1 -> atomic { consumed++ }                /* collected, then dropped or filled */
    :: else
    fi;
    store(END, end, RELAXED);
    store(STATE, CLOSED, SEQ_CST)
}

#else

/* fmt_wake(), without the time limit of its waits. */
proctype producer(byte me) {
    byte seen;
    store(TAIL, 1, WAKER);
    do
    :: atomic { WAKER_SETTLED; seen = LOAD(ASLEEP) };
       if
       :: seen != 0 -> futex_wake(BELL)
       :: else -> break
       fi
    od;
    produced++
}

/* sleep_on_shared(). */
proctype sleeper(byte me) {
    byte seen;
    store(ASLEEP, 1, SLEEPER);
    atomic { SLEEPER_SETTLED; seen = LOAD(TAIL) };
    if
    :: seen == 0 -> futex_wait(BELL, 0)
    :: else
    fi;
    store(ASLEEP, 0, SEQ_CST);
    consumed++
}

#endif

init {
    atomic {
        run producer(0);
#if PRODUCERS > 1
        run producer(1);
#endif
        run sleeper(PRODUCERS);
#if SLEEPERS > 1
        run sleeper(PRODUCERS + 1);
#endif
    };
    timeout -> assert(produced == PRODUCERS && consumed == PRODUCERS * ITEMS)
}
