/* SPDX-License-Identifier: Apache-2.0 */
/* Part of message.pml: cancel, alert, and the end of the connection with what must hold then. */
#if CANCELS > 0
/* fmt_cancel(), in the host's server thread. */
proctype canceller() {
    byte n, r, h, c, which;
    do
    :: n < CANCELS ->
       atomic {
           n++;
           if
           :: which = 0
#if THREADS > 1
           :: which = 1
#endif
           fi
       };
       atomic {
           !locked -> locked = 1;
           collect();
           if
           :: receives??[eval(which)] -> receives??eval(which)
           :: else -> which = NONE
           fi
       };
       if
       :: which != NONE -> complete(which, CANCELLED)
       :: else
       fi;
       atomic { settle(NONE); locked = 0; which = 0 }
    :: break
    od
}
#endif

#ifdef ALERT
/* fm_alert_thread(): the first sender's thread is being terminated. */
proctype alerter() {
    alerted[0] = 1;
    atomic { wake(0) }
}
#endif

#if MESSAGES == 1
#define ALL_OVER (over[0])
#elif MESSAGES == 2
#define ALL_OVER (over[0] && over[1])
#elif MESSAGES == 3
#define ALL_OVER (over[0] && over[1] && over[2])
#else
#define ALL_OVER (over[0] && over[1] && over[2] && over[3])
#endif

/* The end of the connection, from whichever end; then whether everybody has left. */
proctype closer() {
    byte r;
    if
    :: timeout ->
#ifndef HOSTILE
       assert(ALL_OVER)                             /* nothing moves: then nobody waits for anything */
#endif
#if defined(DRIVER_CLOSES) || defined(HOSTILE)
    :: skip                                         /* FltCloseClientPort, at any time */
#endif
#ifdef DEATH
    :: dead = 1                                     /* kill -9, at any point of the client */
#endif
#ifdef CLIENT_CLOSES
    :: skip
#endif
    fi;
    atomic { !locked -> locked = 1 };
    disconnect();
    locked = 0;
#ifdef CLIENT_CLOSES
#ifndef ANSWER_EARLY
    armed == 0;                                     /* nobody fills any more */
#endif
    /* FPW_CLOSE is answered: fl_connection_end() */
    d_step {
        ended = 1;
        pending[0] = 0;
#if RECEIVES > 1
        pending[1] = 0
#endif
    };
#endif

    timeout ->
    assert(ALL_OVER && attached == 0 && !locked);
    assert(armed == 0 && len(free_cells) == CELLS && len(queue) == 0 && len(receives) == 0);
    assert(dead || !pending[0]);
#if RECEIVES > 1
    assert(dead || !pending[1])
#endif
}
