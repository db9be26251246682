/* SPDX-License-Identifier: Apache-2.0 */
/* Part of message.pml: the host. What wakes, matches and ends, and a thread inside FltSendMessage. */
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
