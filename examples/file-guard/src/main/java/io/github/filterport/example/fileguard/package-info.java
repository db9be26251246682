// SPDX-License-Identifier: Apache-2.0

/** A program that decides on file opens by content and by name. */
@NullMarked
package io.github.filterport.example.fileguard;

import org.jspecify.annotations.NullMarked;
