// SPDX-License-Identifier: Apache-2.0

/** See {@link io.github.filterport.bench}. */
@org.jspecify.annotations.NullMarked
package io.github.filterport.bench.peer;
