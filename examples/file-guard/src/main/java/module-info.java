// SPDX-License-Identifier: Apache-2.0

/** A program that decides on file opens by content and by name. */
module io.github.filterport.example.fileguard {
  requires io.github.filterport.host;
  requires static org.jspecify;
}
