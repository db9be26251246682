/* SPDX-License-Identifier: Apache-2.0 */
/* Part of message.pml: the client's threads, and a client that breaks every rule. */
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
