/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The life of a message over the shared memory.
 *
 * Host threads send (core/message.c), client threads arm receives, answer and arm again (linux/fltlib), and between them lie the words
 * of linux/wire/shared_memory.h. Every step that touches a shared word is a step of its own here, so Spin tries all
 * interleavings, and the end (close from either side, kill, time-out, alert) at each of them. README.md has the map from
 * these names to the C functions, the bounds of each run, and what is left out.
 *
 * Properties
 *   P1  each send ends exactly once, with the right status: success if and only if the client was told "delivered"; a time-out only
 *       with a limit; disconnected only when it is; terminating only when told to
 *   P2  no reply reaches another message: what the sender copies names its own message
 *   P3  no wake-up is lost: when nothing in the system can move, every send is over (and at the end, everybody has left)
 *   P4  no cell is used again while its window is open
 *   P5  a receive completes exactly once, holds at most one message, and is not written to after its end; no message is delivered twice
 *   P6  at disconnect everybody leaves: no sender inside, all cells free, no receive pending, no deadlock
 *   P7  nothing runs for ever (checked with -DNP: there is no cycle at all, under any scheduling, so none under a fair one)
 *
 * Sequential consistency. Each write here is seen by all at once. That is adequate because the code keeps its decisions in
 * three forms, and each is sequentially consistent where it matters: (1) private state under the connection's mutex; (2) rings and
 * cells published by release and read by acquire, where only the publisher writes before and only the reader reads
 * after; the cell's word is changed by atomic read-modify-writes alone while its window is open; (3) the pairs "I say that I sleep,
 * then look" against "I publish, then look who sleeps", which are seq_cst on both sides. Only (3) differs between
 * this model and a machine with store buffers, and doorbell.pml checks each such pair with the buffers in place.
 *
 * Steps. The mutex excludes everybody else from private state, so a locked stretch with one access to shared memory is one step
 * (Lipton's reduction), and a claim is taken with the step after it and given up with the step before. Doorbells count
 * modulo 2^32; the model keeps, for each sleeper, only whether the bell has changed since it was read. Ringing and waking
 * are one step: who compares the bell in between would not fall asleep, and who compares it before is woken.
 *
 * Seeded faults, each of which must be found (the run is in `check`)
 *   SPLIT_EXCHANGE     the host ends a window by a load and a store instead of one exchange                   P1
 *   NO_RECHECK         the leader reads doorbell and tail and sleeps without another look at the ring         P3
 *   SLEEP_BLINDLY      the leader sets the sleepers' mark and does not look at the tail again                 P3
 *   FREE_BEFORE_COPY   the cell is given back before the reply has been copied                                P2
 *   TAKE_WITHOUT_RING  a client thread that takes the sleepers' mark wakes, but does not change the bell again P3
 *   WAKE_ONE           ... wakes one thread only, which may be one that is leaving                            P3
 *   WAKE_ONCE          a host thread's wake is not repeated until the sleeper acknowledges                    P6
 *   WAKE_KEPT          a sleeper leaves its wake behind instead of taking it                                  P7
 *   CLAIM_IS_NO_LOCK   two client threads may fill one cell, the late one after its window has ended          P2
 *   ARM_BLINDLY        a client thread that has armed does not look whether the host has closed meanwhile     P6
 *   ANSWER_EARLY       the close is answered while a sender still fills a receive                             P5
 */

/* Bounds; `check` sets them. */
#ifndef SENDERS
#define SENDERS 2       /* host threads inside FltSendMessage */
#endif
#ifndef SENDS
#define SENDS 1         /* messages that each sends, one after the other */
#endif
#ifndef THREADS
#define THREADS 2       /* client threads */
#endif
#ifndef RECEIVES
#define RECEIVES THREADS
#endif
#ifndef CELLS
#define CELLS 1
#endif
#ifndef CANCELS
#define CANCELS 0       /* requests to cancel a receive, any one, at any time */
#endif
#define MESSAGES (SENDERS * SENDS)
#if defined(DRIVER_CLOSES) || defined(CLIENT_CLOSES) || defined(HOSTILE)
#define MAY_CLOSE       /* while the client arms and answers */
#endif
#define NONE 255

#include "message_state.pml"
#include "message_host.pml"
#include "message_end.pml"
#include "message_client.pml"

init {
    atomic {
        free_cells!0;
#if CELLS > 1
        free_cells!1;
#endif
        run sender(0);
#if SENDERS > 1
        run sender(1);
#endif
#ifdef HOSTILE
        run scribbler();
#else
        run client(0);
#if THREADS > 1
        run client(1);
#endif
#endif
#if CANCELS > 0
        run canceller();
#endif
#ifdef ALERT
        run alerter();
#endif
        run closer()
    }
}
