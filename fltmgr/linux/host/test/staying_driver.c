/* SPDX-License-Identifier: Apache-2.0 */
/* The least that counts as a driver's image. */
__attribute__((visibility("default"))) int DriverEntry(void);

int DriverEntry(void) {
    return 0;
}
