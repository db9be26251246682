// SPDX-License-Identifier: Apache-2.0

/**
 * Decides on file operations with the bundled minifilter: {@link
 * io.github.filterport.guard.FileGuard}.
 *
 * <pre>{@code
 * try (FileGuard guard = FileGuard.connect(FilterPort.connector("\\Filterport"))) {
 *   guard.policy(Policy.defaults().withContentBytes(64).withOnTimeout(Action.DENY));
 *   guard.decide(event -> event.pathEndsWith(".exe") ? Verdict.DENY : Verdict.ALLOW);
 *   guard.awaitTermination();
 * }
 * }</pre>
 */
@NullMarked
package io.github.filterport.guard;

import org.jspecify.annotations.NullMarked;
