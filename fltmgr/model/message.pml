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

/* Status of a send and of a receive. */
#define SUCCESS      1
#define TIMEOUT      2
#define DISCONNECTED 3
#define TERMINATING  4
#define CANCELLED    5

/* Limit of a send. */
#define FOREVER 0
#define LIMITED 1
#define ZERO    2       /* only what needs no waiting (OPEN-02) */

/* fm_send.phase, with the lists it is in. */
#define OUT     0
#define QUEUED  1
#define MATCHED 2

/* The futex a host thread sleeps on. */
#define AWAKE      0
#define ON_BELL    1    /* and on its own word at once */
#define ON_CELL    2

/* State in a cell's word. */
#define GONE    0
#define WAITING 1
#define REPLIED 2
#define REPLIED_LARGE 3 /* the reply lies in the host's own memory */

/* sub_close.state. */
#define OPEN    0
#define CLOSING 1
#define CLOSED  2

/* ---- the host's own memory; under the connection's lock unless said otherwise */
bit  locked;
bit  disconnected;              /* also read without the lock */
bit  sub_closed;
byte attached;                  /* senders inside */
byte armed;                     /* receives taken over and not yet completed */
chan queue = [SENDERS] of { byte };
chan receives = [RECEIVES] of { byte };
chan free_cells = [CELLS] of { byte };
byte own_generation[CELLS];
bit  own_open[CELLS];
byte large[CELLS];
byte phase[SENDERS];
byte receive_of[SENDERS];
byte cell_of[SENDERS];
bit  reply_wanted[SENDERS];
bit  leading[SENDERS];
bit  alerted[SENDERS];          /* atomic words of the sender from here on */
bit  woken[SENDERS];
bit  where[SENDERS];            /* asleep on a shared word alone, or about to be */
byte asleep[SENDERS];           /* the kernel's: in the queue of that futex */

/* ---- shared memory */
chan submissions = [RECEIVES] of { byte };
chan completions = [RECEIVES] of { byte, byte, byte, byte, byte };   /* receive, status, message, generation, cell */
bit  moved[SENDERS];            /* sub.tail differs from what this sender has seen */
bit  rung[SENDERS];             /* sub.bell likewise */
bit  sub_sleepers;
byte sub_state;
bit  comp_rung[THREADS];        /* comp.bell differs from what this thread has seen */
byte comp_sleepers;
byte word[CELLS];
byte word_generation[CELLS];
bit  sleeping[CELLS];
byte data[CELLS];

/* ---- the client's own memory */
bit  dead;
bit  ended;                     /* CloseHandle has been answered */
bit  pending[RECEIVES];         /* FL_RECEIVE_ARMED */
bit  claims[CELLS];
bit  client_asleep[THREADS];    /* the kernel's */

/* ---- for the properties alone */
byte window[CELLS];             /* 1 + the sender whose window is open, until its reply has been copied */
byte delivered[MESSAGES];       /* how often the client has seen it */
bit  answered[MESSAGES];        /* the client was told that its reply was delivered */
bit  over[MESSAGES];

#define NUMBER(s, n) ((s) * SENDS + (n))

/* ================================================================ host */

/* fmt_wake(). The sender must stay valid: the lock, or the alerter's mark. A sender on a shared word alone acknowledges. */
inline wake(who) {
    woken[who] = 1;
#ifndef WAKE_ONCE
    do
    :: !where[who] -> break
    :: where[who] && asleep[who] == ON_CELL -> asleep[who] = AWAKE; !where[who]; break
    od
#else
    if
    :: asleep[who] == ON_CELL -> asleep[who] = AWAKE
    :: else
    fi
#endif
}

/* complete(): one receive ends. The entry, the sleepers; if there are any: the bell, a wake. */
inline complete(which, how) {
    atomic { completions!which, how, 0, 0, 0; armed-- };
    ring_client()
}

inline ring_client() {
    if
    :: comp_sleepers != 0 ->
       atomic {
           comp_rung[0] = 1;
#if THREADS > 1
           comp_rung[1] = 1;
#endif
           if
           :: client_asleep[0] -> client_asleep[0] = 0
#if THREADS > 1
           :: client_asleep[1] -> client_asleep[1] = 0
#endif
           :: else
           fi
       }
    :: else
    fi
}

/* collect() while connected. */
inline collect() {
    do
    :: !sub_closed && len(submissions) > 0 -> submissions?r; receives!r; armed++
    :: else -> break
    od;
    r = 0
}

/* fm_settle() with match_one() and fmt_open_reply(). */
inline settle(self) {
    if
    :: len(queue) > 0 ->
#ifndef NO_COLLECT
       collect();
#endif
       do
       :: !disconnected && len(queue) > 0 && len(receives) > 0 ->
          queue?<h>;
          if
          :: reply_wanted[h] && len(free_cells) == 0 -> break
          :: else ->
             queue?h;
             receives?r;
             receive_of[h] = r;
             r = 0;
             phase[h] = MATCHED;
             if
             :: reply_wanted[h] ->
                free_cells?c;
                assert(window[c] == 0);             /* no cell is reused while its window is open */
                window[c] = h + 1;
                cell_of[h] = c;
                own_generation[c]++;
                own_open[c] = 1;
                sleeping[c] = 0;
                word_generation[c] = own_generation[c];
                word[c] = WAITING;
                printf("host:     receive %d for sender %d, window open: cell %d, generation %d\n", receive_of[h], h, c, own_generation[c]);
                c = 0
             :: else
             fi;
             if
             :: h != self -> wake(h)
             :: else
             fi
          fi
       :: else -> break
       od;
       if
       :: len(queue) > 0 ->
          queue?<h>;
          if
          :: h != self && !leading[h] -> leading[h] = 1; wake(h)
          :: else
          fi
       :: else
       fi;
       h = 0
    :: else
    fi
}

/* fm_disconnect_locked(), with the transport's disconnected(). */
inline disconnect() {
    if
    :: disconnected
    :: else ->
       disconnected = 1;
       sub_state = CLOSING;
       do
       :: atomic { len(submissions) > 0 -> submissions?r; armed++ };
          complete(r, DISCONNECTED)
       :: else -> break
       od;
       atomic { sub_closed = 1; sub_state = CLOSED };       /* sub.end: what is still in the ring was never collected */
       do
       :: atomic { len(receives) > 0 -> receives?r };
          complete(r, DISCONNECTED)
       :: else -> break
       od;
       atomic {
           r = 0;
           if
           :: phase[0] != OUT -> wake(0)
           :: else
           fi;
#if SENDERS > 1
           if
           :: phase[1] != OUT -> wake(1)
           :: else
           fi
#endif
       }
    fi
}

/*
 * FltSendMessage. Labels are functions of message.c and sleep.c. A step that shares no word with the client runs together
 * with the next: the lock excludes everybody else from what it touches.
 */
proctype sender(byte s) {
    byte n, h, r, c, g, found, status, limit;
    bit expired, answer_seen;

    do
    :: n < SENDS ->
        atomic {
            !locked ->
            if
            :: reply_wanted[s] = 1
#ifdef ONE_WAY
            :: reply_wanted[s] = 0
#endif
            fi;
            if
            :: limit = FOREVER
#ifdef LIMITS
            :: limit = LIMITED
            :: limit = ZERO; expired = 1
#endif
            fi;
            if
            :: disconnected -> status = DISCONNECTED; goto done
            :: else
            fi;
            locked = 1;
            attached++;
            phase[s] = QUEUED;
            queue!s;
            printf("sender %d: message %d queued\n", s, NUMBER(s, n));

wait_for_receive:
            settle(s);
            if
            :: phase[s] == MATCHED -> locked = 0; goto deliver
            :: phase[s] != MATCHED && disconnected -> status = DISCONNECTED; goto leave_queue
            :: phase[s] != MATCHED && !disconnected && alerted[s] -> status = TERMINATING; goto leave_queue
            :: phase[s] != MATCHED && !disconnected && !alerted[s] && expired -> status = TIMEOUT; goto leave_queue
            :: else
            fi;
            queue?<h>;
            if
            :: h != s -> h = 0; locked = 0; goto sleep_queued
            :: else -> h = 0; leading[s] = 1
            fi
        };
        d_step { rung[s] = 0; moved[s] = 0 };       /* fmt_prepare_sleep(); the bell, read earlier there, can only seem more rung */
        atomic {
#ifndef NO_RECHECK
            settle(s);
#endif
            locked = 0;
            if
            :: phase[s] == MATCHED -> goto deliver
            :: else
            fi
        };

        /* sleep_leader() */
        atomic {
            if
            :: moved[s] || woken[s] -> woken[s] = 0; goto wake_up       /* it spun, or was woken already */
            :: !woken[s] -> sub_sleepers = 1
            fi
        };
#ifndef SLEEP_BLINDLY
        atomic {
            if
            :: moved[s] -> woken[s] = 0; goto wake_up
            :: else
            fi
        };
#endif
        atomic {
            if
            :: !rung[s] && !woken[s] -> asleep[s] = ON_BELL
            :: else
            fi
        };
        atomic {
            if
            :: asleep[s] == AWAKE || woken[s]
            :: limit != FOREVER && asleep[s] != AWAKE && !woken[s] -> expired = 1
            fi;
            asleep[s] = AWAKE;
            woken[s] = 0
        };
        goto wake_up;

sleep_queued:
        atomic {
            if
            :: woken[s] -> woken[s] = 0
            :: limit != FOREVER && !woken[s] -> expired = 1
            fi
        };
wake_up:
        atomic { !locked -> locked = 1; goto wait_for_receive };

deliver:
        /* fill(): nothing is written into a receive that has ended */
        atomic {
            r = receive_of[s];
#ifndef HOSTILE
            assert(pending[r] || dead);
#endif
            if
            :: reply_wanted[s] -> c = cell_of[s]; g = own_generation[c]
            :: else -> c = NONE
            fi;
            completions!r, SUCCESS, NUMBER(s, n), g, c;
            armed--;
            r = 0; c = 0; g = 0
        };
        ring_client();
        if
        :: reply_wanted[s] -> goto wait_for_reply
        :: else
        fi;
        atomic { !locked -> locked = 1; status = SUCCESS; goto leave };

wait_for_reply:
        atomic {
            if
            :: limit == ZERO || alerted[s] || disconnected -> goto close_reply
            :: else
            fi
        };
sleep_reply:
        atomic {
            if
            :: word[cell_of[s]] != WAITING -> answer_seen = 1; goto close_reply
            :: else
            fi
        };
        if
#ifndef WAKE_KEPT
        :: atomic { woken[s] -> woken[s] = 0; goto wait_for_reply }
#else
        :: woken[s] -> goto wait_for_reply
#endif
        :: else
        fi;
        sleeping[cell_of[s]] = 1;                   /* the second look at word is left to the futex call, which compares */
        where[s] = 1;
        if
        :: !woken[s] ->
           atomic {
               if
               :: word[cell_of[s]] == WAITING -> asleep[s] = ON_CELL
               :: else
               fi
           };
           atomic {
               if
               :: asleep[s] == AWAKE
               :: limit != FOREVER && asleep[s] != AWAKE -> asleep[s] = AWAKE; expired = 1
               fi
           }
        :: else
        fi;
        atomic {
            where[s] = 0;
            if
            :: !expired -> goto sleep_reply
            :: else
            fi
        };
        if
        :: word[cell_of[s]] != WAITING -> answer_seen = 1
        :: else ->
           if
           :: atomic { woken[s] -> woken[s] = 0; expired = 0; goto wait_for_reply }
           :: else
           fi
        fi;

close_reply:
#ifndef SPLIT_EXCHANGE
        /* A look that finds no reply decides nothing, the exchange does; one that finds it is the last word. */
        atomic {
            !locked -> locked = 1;
            found = word[cell_of[s]];
            if
            :: found == REPLIED || found == REPLIED_LARGE
            :: else -> word[cell_of[s]] = GONE
            fi
        };
#else
        atomic { !locked -> locked = 1; found = word[cell_of[s]]; printf("sender %d: gives up, reads state %d (1 waiting, 2 replied)\n", s, found) };
        atomic { word[cell_of[s]] = GONE; printf("sender %d: stores GONE\n", s) };
#endif
#ifdef FREE_BEFORE_COPY
        atomic {
            c = cell_of[s]; own_open[c] = 0; window[c] = 0; free_cells!c; c = 0;
            settle(NONE);
            locked = 0
        };
#endif
#ifdef HOSTILE
        /* It announced a reply and took it back, or wrote what is none. */
        if
        :: found != REPLIED && answer_seen -> disconnect()
        :: else
        fi;
#endif
        atomic {
#ifdef FREE_BEFORE_COPY
            !locked -> locked = 1;
#endif
            c = cell_of[s];
            if
#ifdef HOSTILE
            :: found == REPLIED -> status = SUCCESS
#else
            :: found == REPLIED -> status = SUCCESS; assert(data[c] == NUMBER(s, n))
#endif
            :: found == REPLIED_LARGE -> status = SUCCESS; assert(large[c] == NUMBER(s, n))
            :: found != REPLIED && found != REPLIED_LARGE && disconnected -> status = DISCONNECTED
            :: found != REPLIED && found != REPLIED_LARGE && !disconnected && alerted[s] -> status = TERMINATING
            :: else ->
               assert(!answer_seen);                /* a reply once seen does not go away */
               status = TIMEOUT
            fi;
#ifndef FREE_BEFORE_COPY
            own_open[c] = 0; window[c] = 0; large[c] = 0; free_cells!c;
#endif
            c = 0; found = 0; answer_seen = 0; cell_of[s] = 0;
            goto leave;

leave_queue:
            queue??eval(s);
leave:
            phase[s] = OUT;
            leading[s] = 0;
            settle(NONE);
            attached--;
            locked = 0;
done:
            printf("sender %d: message %d ends with status %d (1 success, 2 time-out, 3 disconnected)\n", s, NUMBER(s, n), status);
            assert(!over[NUMBER(s, n)]);
            over[NUMBER(s, n)] = 1;
            assert(status != TIMEOUT || limit != FOREVER);
            assert(status != DISCONNECTED || disconnected);
            assert(status != TERMINATING || alerted[s]);
            assert(status != 0);
#ifndef HOSTILE
            if
            :: reply_wanted[s] -> assert(answered[NUMBER(s, n)] == (status == SUCCESS))
            :: else -> assert(status == SUCCESS || delivered[NUMBER(s, n)] == 0)
            fi;
#endif
            status = 0; limit = 0; expired = 0; receive_of[s] = 0; reply_wanted[s] = 0; rung[s] = 0; moved[s] = 0; woken[s] = 0;
            n++
        }
    :: else -> break
    od
}

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

/* ================================================================ client */

inline ring_host() {
#ifndef TAKE_WITHOUT_RING
    rung[0] = 1;
#if SENDERS > 1
    rung[1] = 1;
#endif
#endif
    skip
}

inline move_tail() {
    moved[0] = 1;
#if SENDERS > 1
    moved[1] = 1
#endif
}

/* arm() with bell_host() and never_collected(). */
inline arm(which) {
#ifdef MAY_CLOSE
    if
    :: sub_state != OPEN || ended
    :: else ->
#endif
       d_step { pending[which] = 1; submissions!which; move_tail(); printf("client %d: receive %d armed\n", t, which) };
       /* A load and then the exchange can do no more than the exchange alone. */
       d_step { took = sub_sleepers; sub_sleepers = 0 };
       if
       :: took ->
#ifdef WAKE_ONE
          atomic {
              took = 0;
              ring_host();
              if
              :: asleep[0] == ON_BELL -> asleep[0] = AWAKE
#if SENDERS > 1
              :: asleep[1] == ON_BELL -> asleep[1] = AWAKE
#endif
              :: else
              fi
          }
#else
          d_step {
              took = 0;
              ring_host();
              if
              :: asleep[0] == ON_BELL -> asleep[0] = AWAKE
              :: else
              fi;
#if SENDERS > 1
              if
              :: asleep[1] == ON_BELL -> asleep[1] = AWAKE
              :: else
              fi
#endif
          }
#endif
       :: else
       fi;
#ifdef MAY_CLOSE
#ifndef ARM_BLINDLY
       if
       :: sub_state == OPEN
       :: else ->
          d_step {
              sub_state == CLOSED || ended;
              if
              :: submissions??[eval(which)] -> submissions??eval(which); pending[which] = 0
              :: else
              fi
          }
       fi
#else
       skip
#endif
    fi
#endif
}

/* Wakes whoever sleeps on the cell's word. */
inline wake_cell() {
    d_step {
        took = 0;
        if
        :: asleep[0] == ON_CELL && cell_of[0] == c -> asleep[0] = AWAKE
        :: else
        fi;
#if SENDERS > 1
        if
        :: asleep[1] == ON_CELL && cell_of[1] == c -> asleep[1] = AWAKE
        :: else
        fi
#endif
    }
}

/* FilterReplyMessage() for message m in cell c with generation g. A claim is taken with what follows it, and given up with what precedes. */
inline reply() {
#ifdef MAY_CLOSE
    if
    :: atomic { sub_state != OPEN || ended -> goto answered_it }
    :: else
    fi;
#endif
#ifdef LARGE
    if
    :: d_step {
           !locked -> locked = 1;                   /* fmt_large_reply() */
           if
           :: own_open[c] && own_generation[c] == g && word[c] == WAITING && word_generation[c] == g ->
              large[c] = m;
              word[c] = REPLIED_LARGE;
              assert(!over[m] && !answered[m]);
              answered[m] = 1
           :: else
           fi
       };
       d_step { took = sleeping[c]; locked = 0 }
    :: true ->
#endif
    atomic {
        !claims[c] ->
        if
        :: word[c] == WAITING && word_generation[c] == g
#ifndef CLAIM_IS_NO_LOCK
           -> claims[c] = 1
#endif
        :: else -> goto answered_it
        fi
    };
    data[c] = m;
    atomic {
        if
        :: word[c] == WAITING && word_generation[c] == g ->
           word[c] = REPLIED;
           assert(!over[m] && !answered[m]);        /* who is told "delivered" was in time, and once */
           answered[m] = 1;
           printf("client %d: reply to message %d published in cell %d, told: delivered\n", t, m, c)
        :: else -> claims[c] = 0; goto answered_it
        fi
    };
    d_step { took = sleeping[c]; claims[c] = 0 };
#ifdef LARGE
    fi;
#endif
    if
    :: took -> wake_cell()
    :: else
    fi
}

/* A thread of a completion port: takes whatever receive has ended, answers, arms it again. Between any two steps the process may die. */
proctype client(byte t) {
    byte r, status, m, g, c;
    bit took;
    {
        arm(t);
#if RECEIVES > THREADS
        arm(t + THREADS);
#endif
        do
        :: d_step {
               completions?r, status, m, g, c ->
               if
               :: ended -> status = 0; m = 0; g = 0; c = 0; r = 0       /* not armed any more: passed over */
               :: else ->
                  assert(pending[r]);               /* a receive completes exactly once */
                  pending[r] = 0;
                  if
                  :: status == SUCCESS ->
                     delivered[m]++;
                     assert(delivered[m] == 1)
                  :: status == DISCONNECTED -> status = 0; r = 0
                  :: status == CANCELLED -> c = NONE
                  fi
               fi
           };
           if
           :: status == 0
           :: else ->
              if
              :: c != NONE -> reply()
              :: else
              fi;
answered_it:  atomic { status = 0; m = 0; g = 0; c = 0 };
              arm(r);
              r = 0
           fi
        :: atomic { len(completions) == 0 -> comp_rung[t] = 0 };        /* fl_wait_until(): read the bell, look, sleep */
           if
           :: len(completions) == 0 ->
              comp_sleepers++;
              if
              :: len(completions) == 0 ->
                 atomic {
                     if
                     :: !comp_rung[t] -> client_asleep[t] = 1
                     :: else
                     fi
                 }
              :: else
              fi;
end_idle:     !client_asleep[t];
              comp_sleepers--
           :: else
           fi
        od
    } unless { dead }
}

#ifdef HOSTILE
/*
 * A client that breaks every rule but the two the host checks by itself (a receive is not armed twice, the ring does not run
 * over): writes any value into any word that the host reads, and into those that others sleep on.
 */
proctype scribbler() {
    byte c;
    submissions!0;
#if RECEIVES > 1
    submissions!1;
#endif
    do
    :: rung[0] = 0
    :: rung[0] = 1
    :: moved[0] = 0
    :: moved[0] = 1
#if SENDERS > 1
    :: rung[1] = 0
    :: rung[1] = 1
    :: moved[1] = 0
    :: moved[1] = 1
#endif
    :: sub_sleepers = 0
    :: sleeping[0] = 0
    :: word[0] = WAITING
    :: word[0] = REPLIED
    :: word[0] = GONE
#if CELLS > 1
    :: word[1] = WAITING
    :: word[1] = REPLIED
    :: word[1] = GONE
#endif
    :: break
    od
}
#endif

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
