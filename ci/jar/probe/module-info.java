// SPDX-License-Identifier: Apache-2.0

/** A program as a user of the library would write it. */
module probe {
  requires io.github.filterport;
}
