// SPDX-License-Identifier: Apache-2.0

/**
 * The benchmark: what it runs and in which order. {@code run} starts and places processes, {@code
 * peer} holds the processes' main classes, {@code measure} the scenarios, {@code result} what they
 * give, {@code report} the table and the plots.
 */
@org.jspecify.annotations.NullMarked
package io.github.filterport.bench;
