// SPDX-License-Identifier: Apache-2.0

/**
 * The Linux Filter Manager as a child of this JVM.
 *
 * <pre>{@code
 * try (EmbeddedFilterManager manager = EmbeddedFilterManager.start()) {
 *   manager.loadDriver("filterport");
 *   DirectVolume volume = manager.directVolume(folder);
 *   try (FileGuard guard = FileGuard.connect(manager.connector("\\Filterport"))) {
 *     guard.decide(event -> event.path().endsWith(".exe") ? Verdict.DENY : Verdict.ALLOW);
 *     System.out.println(volume.open("a.exe").denied());
 *   }
 * }
 * }</pre>
 */
@NullMarked
package io.github.filterport.host;

import org.jspecify.annotations.NullMarked;
