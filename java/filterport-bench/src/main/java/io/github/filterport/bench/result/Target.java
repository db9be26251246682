// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.result;

/**
 * One row of the targets.
 *
 * @param row number of the row; a row may have several parts
 * @param title what is compared
 * @param target what it should be
 * @param measured what it is, in words with its unit; a dash if it was not measured
 * @param met whether every part of the row holds
 * @param reason why not, from measurements; empty if met
 */
public record Target(
    int row, String title, String target, String measured, boolean met, String reason) {}
