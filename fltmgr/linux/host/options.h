/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLTMGR_LINUX_HOST_OPTIONS_H
#define FLTMGR_LINUX_HOST_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/** What is answered to a gated open that no filter decides. */
enum fm_verdict { FM_VERDICT_ALLOW, FM_VERDICT_DENY };

enum { FM_OPTIONS_MOST_LOADS = 32, FM_OPTIONS_MOST_VOLUMES = 32 };

/** The command line of fltmgrd. Strings point into argv or into static storage; nothing is freed. */
struct fm_options {
    const char *socket_path;   /* where clients connect */
    const char *driver_folder; /* NAME.so lies here */
    const char *loads[FM_OPTIONS_MOST_LOADS];
    unsigned load_count;
    const char *volumes[FM_OPTIONS_MOST_VOLUMES]; /* KIND:DIR */
    unsigned volume_count;
    bool embedded;         /* commands on stdin, answers on stdout */
    uint32_t deadline_ms;  /* longest a gated open waits, counted from reading its event */
    uint32_t heartbeat_ms; /* 0: no supervision */
    uint32_t most_workers;
    uint32_t most_in_flight; /* gated opens read and not answered; 0: what the descriptor limit gives */
    uint32_t most_kept;      /* files of one volume whose opens need not be asked again; 0: none */
    enum fm_verdict on_deadline;
    enum fm_verdict on_overload;
};

/**
 * Reads the command line.
 * Returns true when fltmgrd should start; otherwise *exit_status is what the process should end with
 * (0 after --help and --version, 64 after a mistake) and everything has been said on stdout or stderr.
 */
bool fm_options_read(struct fm_options *options, int argc, char **argv, int *exit_status);

#endif
