// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.report;

import io.github.filterport.bench.measure.Findings;
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
}
