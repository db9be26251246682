// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.guard;

import io.github.filterport.guard.GuardProtocol.Counters;
import java.nio.ByteBuffer;

/**
 * What the driver has counted since it was loaded, one consistent snapshot. The counters add up:
 *
 * <ul>
 *   <li>{@code seen = asked + notAskedFailed + notAskedUnsafe + notAskedKernel + notAskedExempt +
 *       notAskedDirectory + notAskedOff}
 *   <li>{@code asked = allowed + denied + timedOut + noClient + overload + failed + invalidReply +
 *       inFlight}
 * </ul>
 *
 * @param seen operations that reached the driver
 * @param asked of these: to be asked (with or without a client)
 * @param allowed verdict allow
 * @param denied verdict deny
 * @param timedOut ended by OnTimeout
 * @param noClient ended by OnNoClient
 * @param overload ended by OnOverload
 * @param failed ended by OnFailure: the question could not be built or sent
 * @param invalidReply ended by OnFailure: a reply that is no verdict
 * @param inFlight waiting for a verdict now
 * @param inFlightPeak most that ever waited at once
 * @param notAskedFailed the open failed by itself
 * @param notAskedUnsafe paging file, paging I/O, volume open, target directory, IRQL, nested in a
 *     file system
 * @param notAskedKernel kernel-mode requestor or system process
 * @param notAskedExempt the exempt decider itself
 * @param notAskedDirectory a directory
 * @param notAskedOff the kind's policy does not ask
 * @param reported reports that an observer received
 * @param reportsLost reports that an observer had no receive armed or no room in its ring for
 * @param connects connections accepted
 * @param connectsRefused refused by this driver
 * @param observers connected now
 * @param deciders connected now: 0 or 1
 * @param cached of {@code allowed}: verdicts {@link Verdict#ALLOW_CACHED} that are remembered, or
 *     will be as soon as the other filters agree. Opens that pass by them are counted nowhere
 * @param cacheRefused of {@code allowed}: verdicts {@link Verdict#ALLOW_CACHED} that are not
 *     remembered; on Linux the Filter Manager's counters {@code cache.refused_…} tell why
 * @param cacheDrops how often all were forgotten: a decider went, a policy was set
 */
public record GuardCounters(
    long seen,
    long asked,
    long allowed,
    long denied,
    long timedOut,
    long noClient,
    long overload,
    long failed,
    long invalidReply,
    long inFlight,
    long inFlightPeak,
    long notAskedFailed,
    long notAskedUnsafe,
    long notAskedKernel,
    long notAskedExempt,
    long notAskedDirectory,
    long notAskedOff,
    long reported,
    long reportsLost,
    long connects,
    long connectsRefused,
    long observers,
    long deciders,
    long cached,
    long cacheRefused,
    long cacheDrops) {
  static GuardCounters read(ByteBuffer answer) {
    return new GuardCounters(
        answer.getLong(Counters.SEEN_OFFSET),
        answer.getLong(Counters.ASKED_OFFSET),
        answer.getLong(Counters.ALLOWED_OFFSET),
        answer.getLong(Counters.DENIED_OFFSET),
        answer.getLong(Counters.TIMED_OUT_OFFSET),
        answer.getLong(Counters.NO_CLIENT_OFFSET),
        answer.getLong(Counters.OVERLOAD_OFFSET),
        answer.getLong(Counters.FAILED_OFFSET),
        answer.getLong(Counters.INVALID_REPLY_OFFSET),
        answer.getLong(Counters.IN_FLIGHT_OFFSET),
        answer.getLong(Counters.IN_FLIGHT_PEAK_OFFSET),
        answer.getLong(Counters.NOT_ASKED_FAILED_OFFSET),
        answer.getLong(Counters.NOT_ASKED_UNSAFE_OFFSET),
        answer.getLong(Counters.NOT_ASKED_KERNEL_OFFSET),
        answer.getLong(Counters.NOT_ASKED_EXEMPT_OFFSET),
        answer.getLong(Counters.NOT_ASKED_DIRECTORY_OFFSET),
        answer.getLong(Counters.NOT_ASKED_OFF_OFFSET),
        answer.getLong(Counters.REPORTED_OFFSET),
        answer.getLong(Counters.REPORTS_LOST_OFFSET),
        answer.getLong(Counters.CONNECTS_OFFSET),
        answer.getLong(Counters.CONNECTS_REFUSED_OFFSET),
        answer.getLong(Counters.OBSERVERS_OFFSET),
        answer.getLong(Counters.DECIDERS_OFFSET),
        answer.getLong(Counters.CACHED_OFFSET),
        answer.getLong(Counters.CACHE_REFUSED_OFFSET),
        answer.getLong(Counters.CACHE_DROPS_OFFSET));
  }
}
