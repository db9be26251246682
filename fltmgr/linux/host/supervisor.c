/* SPDX-License-Identifier: Apache-2.0 */
#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum {
    /* A stopped host is killed after this many of the supervisor's own ticks without a beat. Ticks, not time: a
       supervisor that was itself stopped, or not scheduled, must not blame the host for the gap. The first tick after
       the last beat still sees that beat, so 7 misses at an eighth of the limit end within the limit. */
    ticks_per_limit = 8,
    misses_to_kill = 7,
    exit_after_kill = EX_SOFTWARE,
};

uint32_t fm_heartbeat_period_ms(uint32_t heartbeat_ms) {
    uint32_t period = heartbeat_ms == 0 ? 1000 : heartbeat_ms / (2 * ticks_per_limit);
    return period == 0 ? 1 : period;
}

static void release_standard_streams(void) {
    /* The host alone owns stdin and stdout: their other end must see end-of-file when the host ends. */
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        (void)dup2(null, STDIN_FILENO);
        (void)dup2(null, STDOUT_FILENO);
        if (null > STDERR_FILENO) {
            (void)close(null);
        }
    }
}

/* Returns true and the exit status when the host has ended. */
static bool host_ended(pid_t host, bool killed, uint32_t heartbeat_ms, int *exit_status) {
    int status;
    pid_t ended = waitpid(host, &status, WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR)) {
        return false;
    }
    if (ended < 0) {
        fprintf(stderr, "fltmgrd: supervisor: waitpid(%d) failed: %s\n", host, strerror(errno));
        *exit_status = EX_OSERR;
    } else if (killed) {
        fprintf(stderr,
                "fltmgrd: supervisor: the host %d stood still for %u ms and was killed; every gated open is "
                "released. Start fltmgrd again\n",
                host, heartbeat_ms);
        *exit_status = exit_after_kill;
    } else if (WIFSIGNALED(status)) {
        fprintf(stderr,
                "fltmgrd: supervisor: the host %d was ended by signal %d (%s); every gated open is released. "
                "Start fltmgrd again\n",
                host, WTERMSIG(status), strsignal(WTERMSIG(status)));
        *exit_status = 128 + WTERMSIG(status);
    } else {
        *exit_status = WEXITSTATUS(status);
    }
    return true;
}

static int watch(pid_t host, uint32_t heartbeat_ms, const struct fm_heartbeat *heartbeat, const sigset_t *signals) {
    uint32_t tick_ms = heartbeat_ms == 0 ? 1000 : heartbeat_ms / ticks_per_limit;
    struct timespec tick = {.tv_sec = tick_ms / 1000, .tv_nsec = (long)(tick_ms % 1000) * 1000000};
    uint64_t seen = 0;
    unsigned misses = 0;
    bool killed = false;
    int exit_status;
    for (;;) {
        if (host_ended(host, killed, heartbeat_ms, &exit_status)) {
            return exit_status;
        }
        int signal_number = sigtimedwait(signals, NULL, &tick);
        if (signal_number == SIGTERM || signal_number == SIGINT || signal_number == SIGHUP) {
            (void)kill(host, signal_number);
        }
        if (signal_number >= 0 || errno != EAGAIN || heartbeat_ms == 0) {
            continue; /* only a whole tick without a signal counts as one */
        }
        uint64_t now = __atomic_load_n(&heartbeat->beats, __ATOMIC_RELAXED);
        misses = now == seen && now != 0 ? misses + 1 : 0;
        seen = now;
        if (misses >= misses_to_kill && !killed) {
            killed = true;
            (void)kill(host, SIGKILL);
        }
    }
}

int fm_supervise(uint32_t heartbeat_ms, int (*host)(void *, struct fm_heartbeat *), void *context) {
    struct fm_heartbeat *heartbeat =
        mmap(NULL, sizeof(*heartbeat), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (heartbeat == MAP_FAILED) {
        fprintf(stderr, "fltmgrd: supervisor: mmap of the heartbeat failed: %s\n", strerror(errno));
        return EX_OSERR;
    }
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGHUP);
    (void)sigaddset(&signals, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    pid_t supervisor = getpid();
    pid_t pid = fork();
    if (pid < 0) {
        fprintf(stderr, "fltmgrd: supervisor: fork failed: %s\n", strerror(errno));
        return EX_OSERR;
    }
    if (pid == 0) {
        /* Safe here and not in general: the signal comes when the parent's thread ends, and it has only one. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != supervisor) {
            _exit(EX_OSERR);
        }
        return host(context, heartbeat);
    }
    release_standard_streams();
    int exit_status = watch(pid, heartbeat_ms, heartbeat, &signals);
    (void)munmap(heartbeat, sizeof(*heartbeat));
    return exit_status;
}
