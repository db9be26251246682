/* SPDX-License-Identifier: Apache-2.0 */
/* Part of message.pml: what host, client and the properties keep. */
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
