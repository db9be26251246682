// SPDX-License-Identifier: Apache-2.0
package io.github.filterport.bench.result;

import java.util.Map;

/**
 * A single number that is no time of messages: bytes, counts, rates.
 *
 * @param id unique
 * @param unit of the value
 */
public record Reading(
    String id,
    String group,
    String subject,
    String unit,
    double value,
    Map<String, Object> conditions) {}
