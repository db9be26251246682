/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILTERPORT_WINE_STAY_H
#define FILTERPORT_WINE_STAY_H

/**
 * Keeps this image mapped until its process ends. Wine unmaps an import with the last driver that needs it, while
 * threads of ours still complete that driver's last requests.
 */
void fmw_stay_loaded(void);

#endif
