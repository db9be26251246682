// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.result;

/**
 * What was not measured, and why.
 *
 * @param id group, or group/subject
 */
public record Absent(String id, String reason) {}
