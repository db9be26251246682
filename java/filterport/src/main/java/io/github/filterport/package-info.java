// SPDX-License-Identifier: Apache-2.0

/**
 * Filter Manager communication ports from Java.
 *
 * <p>A minifilter and its service talk over a communication port. {@link
 * io.github.filterport.FilterPort} is one connection to such a port: {@link
 * io.github.filterport.FilterPort#send send} asks the driver, {@link
 * io.github.filterport.FilterPort#serve serve}, {@link io.github.filterport.FilterPort#pump pump}
 * and {@link io.github.filterport.FilterPort#openReaders openReaders} receive the driver's messages
 * and answer them.
 *
 * <p>The system property {@code filterport.debug=true} helps to find misuse: a connection that was
 * never closed tells where it was made, and a payload that was kept beyond its handler shows 0xDD.
 */
@NullMarked
package io.github.filterport;

import org.jspecify.annotations.NullMarked;
