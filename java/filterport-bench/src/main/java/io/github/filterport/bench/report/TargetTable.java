// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.report;

import io.github.filterport.bench.measure.Allocation;
import io.github.filterport.bench.measure.Connections;
import io.github.filterport.bench.measure.Crowd;
import io.github.filterport.bench.measure.EventRing;
import io.github.filterport.bench.measure.Findings;
import io.github.filterport.bench.measure.GatedOpens;
import io.github.filterport.bench.measure.WindowsBackEnd;
import io.github.filterport.bench.result.Target;
import java.util.ArrayList;
import java.util.List;

/** The targets of this project, each beside what this run measured. */
public final class TargetTable {
  private static final String RT = "round-trip/";
  private static final String SAME = "/same-core";
  private static final String TWO = "/two-cores";

  private TargetTable() {}

  /** All rows, in their order. */
  public static List<Target> of(Findings findings) {
    List<Target> rows = new ArrayList<>();
    rows.add(javaBesideC(findings));
    rows.add(
        new Row(2, "Java round trip ÷ raw futex ping-pong, same core", "≤ 1.05", findings)
            .p50AtMost("", RT + "java-adaptive" + SAME, RT + "futex" + SAME, 1.05)
            .target());
    rows.add(
        new Row(
                3,
                "JDK Unix-socket round trip ÷ Java round trip",
                "≥ 1.7 same core, ≥ 100 two cores",
                findings)
            .p50AtLeast("same core", RT + "socket-jdk" + SAME, RT + "java-adaptive" + SAME, 1.7)
            .p50AtLeast("two cores", RT + "socket-jdk" + TWO, RT + "java-adaptive" + TWO, 100)
            .target());
    rows.add(
        new Row(4, "JNA on the same library ÷ shim, spinning, two cores", "≥ 1.8", findings)
            .p50AtLeast("", RT + "jna-adaptive" + TWO, RT + "java-adaptive" + TWO, 1.8)
            .target());
    rows.add(
        new Row(5, "Aeron IPC busy-spin ÷ Java round trip, two cores", "≥ 1.2", findings)
            .p50AtLeast("", RT + "aeron-busy" + TWO, RT + "java-adaptive" + TWO, 1.2)
            .target());
    rows.add(gatedOpens(findings));
    rows.add(cachedVerdict(findings));
    rows.add(eventRing(findings));
    rows.add(allocation(findings));
    rows.add(connections(findings));
    rows.add(crowd(findings));
    rows.add(windows(findings));
    return rows;
  }

  private static Target javaBesideC(Findings findings) {
    return new Row(
            1,
            "Java round trip ÷ C client, same run, pinned",
            "p50 ≤ 1.05 without spin, ≤ 1.15 spinning; p99 ≤ 1.2",
            findings)
        .p50AtMost("no spin, same core", RT + "java-block" + SAME, RT + "c-block" + SAME, 1.05)
        .p50AtMost("no spin, two cores", RT + "java-block" + TWO, RT + "c-block" + TWO, 1.05)
        .p50AtMost(
            "adaptive, same core", RT + "java-adaptive" + SAME, RT + "c-adaptive" + SAME, 1.15)
        .p50AtMost("adaptive, two cores", RT + "java-adaptive" + TWO, RT + "c-adaptive" + TWO, 1.15)
        .p99AtMost("no spin, same core", RT + "java-block" + SAME, RT + "c-block" + SAME, 1.2)
        .p99AtMost("no spin, two cores", RT + "java-block" + TWO, RT + "c-block" + TWO, 1.2)
        .p99AtMost(
            "adaptive, same core", RT + "java-adaptive" + SAME, RT + "c-adaptive" + SAME, 1.2)
        .p99AtMost("adaptive, two cores", RT + "java-adaptive" + TWO, RT + "c-adaptive" + TWO, 1.2)
        .target();
  }

  private static Target gatedOpens(Findings findings) {
    String gate = GatedOpens.GROUP + "/gate-c" + TWO;
    String java = GatedOpens.GROUP + "/client-java" + TWO;
    return new Row(
            6, "Java-gated open ÷ C-gated open, default policy, two cores", "≤ 1.15", findings)
        .p50AtMost("one C process", java, gate, 1.15)
        .alsoRatio("C client through fltmgrd", java, GatedOpens.GROUP + "/client-c" + TWO)
        .target();
  }

  private static Target cachedVerdict(Findings findings) {
    String ungated = GatedOpens.GROUP + "/ungated" + SAME;
    return new Row(
            7,
            "Cached verdict: repeated open ÷ ungated open",
            "≤ 1.2 file system or mount mark, ≤ 1.35 directory mark",
            findings)
        .p50AtMost("file system mark", GatedOpens.GROUP + "/cached" + SAME, ungated, 1.2)
        .p50AtMost("directory mark", GatedOpens.GROUP + "/cached-directory" + SAME, ungated, 1.35)
        .target();
  }

  private static Target eventRing(Findings findings) {
    String single = EventRing.GROUP + "/ring" + TWO;
    String batch = EventRing.GROUP + "/ring-batch" + TWO;
    String messages = EventRing.GROUP + "/message-each" + TWO;
    return new Row(8, "Event ring ÷ one message per event", "≥ 10, and ≥ 30 M events/s", findings)
        .rateAtLeast("written 32 at once", batch, messages, 10)
        .millionsAtLeast("M events/s", batch, 30)
        .alsoRate("written one by one", single, messages)
        .target();
  }

  private static Target allocation(Findings findings) {
    Row row =
        new Row(
            9, "Allocation, steady state", "0 bytes per message, no GC in 10^8 messages", findings);
    for (String kind : List.of("answered", "one-way")) {
      String suffix = "/kind=" + kind;
      row.reading(kind + " bytes", Allocation.GROUP + "/bytes-per-message" + suffix, 0, true)
          .reading(kind + " collections", Allocation.GROUP + "/collections" + suffix, 0, true);
    }
    return row.reading("messages", Allocation.GROUP + "/messages/kind=one-way", 1e8, false)
        .target();
  }

  private static Target connections(Findings findings) {
    String one = "/connections=1";
    String many = "/connections=1000";
    String client = Connections.GROUP + "/java-adaptive";
    return new Row(
            10,
            "Cost per extra connection, 1 → 1,000",
            "flat round trip (≤ 1.1), memory stated",
            findings)
        .p50AtMost("same core", client + SAME + many, client + SAME + one, 1.1)
        .p50AtMost("two cores", client + TWO + many, client + TWO + one, 1.1)
        .stated("host bytes each", Connections.GROUP + "/host-bytes-each" + many)
        .stated("client bytes each", Connections.GROUP + "/client-bytes-each" + many)
        .target();
  }

  private static Target crowd(Findings findings) {
    return new Row(
            11,
            "64 concurrent senders, 50 µs handler, 2 readers: sender-side p99 ÷ ideal queueing",
            "≤ 1.1",
            findings)
        .p99AtMost("Java", Crowd.GROUP + "/java-adaptive/unpinned", Crowd.IDEAL_NANOS, 1.1)
        .alsoP99("C", Crowd.GROUP + "/c-adaptive/unpinned", Crowd.IDEAL_NANOS)
        .target();
  }

  private static Target windows(Findings findings) {
    String alone = "/messages=alone";
    String batches = "/messages=batches";
    return new Row(
            12,
            "Windows back end, under Wine",
            "system calls per message equal to the C sample's: 3 at depth 1, fewer in batches;"
                + " JNI crossings: 1 per batch + 1 per reply",
            findings)
        .reading("system calls alone", WindowsBackEnd.GROUP + "/system-calls" + alone, 3, true)
        .reading("in batches", WindowsBackEnd.GROUP + "/system-calls" + batches, 3, true)
        .reading("JNI crossings alone", WindowsBackEnd.GROUP + "/native-calls" + alone, 2, true)
        .reading("in batches", WindowsBackEnd.GROUP + "/native-calls" + batches, 2, true)
        .target();
  }
}
