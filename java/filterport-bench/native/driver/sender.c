/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

ULONGLONG BenchNow(VOID) {
    LARGE_INTEGER Frequency;
    LARGE_INTEGER Now = KeQueryPerformanceCounter(&Frequency);

    return (ULONGLONG)Now.QuadPart * (ULONGLONG)(1000000000 / Frequency.QuadPart);
}

static NTSTATUS SendOne(BENCH_SENDER *Sender, ULONG Number) {
    const BENCH_RUN *Run = Sender->Run;
    ULONG Message[BENCH_LONGEST / sizeof(ULONG)];
    ULONG Reply[BENCH_LONGEST / sizeof(ULONG)];
    ULONG ReplyLength = Run->Reply;
    NTSTATUS Status;

    if (Run->Flags & (BENCH_RING | BENCH_RING_BATCH)) {
        return BenchWriteEvents(Sender, Number);
    }
    Message[0] = Number;
    Reply[0] = 0;
    if (Run->Flags & BENCH_ONE_WAY) {
        return FltSendMessage(BenchFilter, Sender->Port, Message, Run->Length, NULL, NULL, NULL);
    }
    Status = FltSendMessage(BenchFilter, Sender->Port, Message, Run->Length, Reply, &ReplyLength, NULL);
    if (Status == STATUS_SUCCESS && (ReplyLength < sizeof(ULONG) || Reply[0] != ~Number)) {
        Sender->Wrong++;
    }
    return Status;
}

/*
 * Intended send times follow the clock, not the replies: a slow one delays none of the later intended times, and what
 * waits behind it counts its waiting (no coordinated omission).
 */
static ULONGLONG AwaitIntended(ULONGLONG Intended) {
    while (BenchNow() < Intended) {
    }
    return Intended;
}

VOID BenchSend(BENCH_SENDER *Sender) {
    const BENCH_RUN *Run = Sender->Run;
    BOOLEAN Timed = (Run->Flags & BENCH_NO_HISTOGRAM) == 0;
    ULONGLONG Begin = BenchNow();
    ULONGLONG Record = Begin + Run->Warm;
    ULONGLONG Limit = Run->Nanoseconds != 0 ? Record + Run->Nanoseconds : BENCH_NEVER;
    ULONGLONG Intended = Begin + Run->Interval * Sender->Index / Run->Senders;
    ULONG Each = (Run->Flags & BENCH_RING_BATCH) != 0 ? BENCH_BATCH : 1;
    ULONG Number = Sender->Index << 24;
    BOOLEAN Recording = FALSE;

    for (;;) {
        ULONGLONG Started = Begin;
        ULONGLONG Ended;
        if (Run->Interval != 0) {
            Started = AwaitIntended(Intended);
            Intended += Run->Interval;
        }
        Sender->Status = SendOne(Sender, Number++);
        if (Sender->Status != STATUS_SUCCESS) {
            return;
        }
        if (!Timed && (Number & 63) != 0) {
            Sender->Sent += Recording ? Each : 0;
            continue;
        }
        Ended = BenchNow();
        if (Recording) {
            Sender->Sent += Each;
            Sender->End = Ended;
            if (Timed) {
                bench_record(&Sender->Histogram, Ended > Started ? Ended - Started : 0);
            }
            if (Run->Messages != 0 && Sender->Sent >= Run->Messages) {
                return;
            }
        } else if (Ended >= Record) {
            Recording = TRUE;
            Sender->Begin = Ended;
            Sender->End = Ended;
            Limit = Run->Nanoseconds != 0 ? Ended + Run->Nanoseconds : BENCH_NEVER;
        }
        if (Ended >= Limit && Recording) {
            return;
        }
        Begin = Ended;
    }
}
