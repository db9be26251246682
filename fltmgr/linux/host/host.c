/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "../transport/server.h"
#include "../volume/gate_reader.h"
#include "../volume/volumes.h"
#include "commands.h"
#include "core_host.h"
#include "drivers.h"
#include "host_services.h"

enum { most_descriptors = 1 << 20, stop_limit_s = 15, drain_limit_ms = 5000 };

/* What has been started, so that stopping undoes exactly that. */
enum stage { STAGE_NOTHING, STAGE_CORE, STAGE_WORKERS, STAGE_ALERTS, STAGE_READER, STAGE_SERVER };

static uint32_t raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 1024;
    }
    struct rlimit raised = {.rlim_cur = most_descriptors, .rlim_max = most_descriptors};
    if (limit.rlim_max >= most_descriptors || setrlimit(RLIMIT_NOFILE, &raised) != 0) {
        raised = (struct rlimit){.rlim_cur = limit.rlim_max < most_descriptors ? limit.rlim_max : most_descriptors,
                                 .rlim_max = limit.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &raised) != 0) {
            raised = limit;
        }
    }
    return (uint32_t)raised.rlim_cur;
}

/* Each event in flight holds a descriptor; when they run out the kernel denies opens on its own. */
static uint32_t in_flight_limit(const struct fm_options *options, uint32_t descriptors) {
    uint32_t most = descriptors / 2;
    uint32_t wanted = options->most_in_flight != 0 ? options->most_in_flight
                      : descriptors / 4 < 8192     ? descriptors / 4
                                                   : 8192;
    if (wanted > most) {
        fm_log("--in-flight %u is more than half of the %u descriptors there are; %u is used", wanted, descriptors,
               most);
        wanted = most;
    }
    return wanted;
}

static void make_socket_folder(const char *socket_path) {
    char folder[4096];
    const char *slash = strrchr(socket_path, '/');
    if (slash != NULL && slash != socket_path && (size_t)(slash - socket_path) < sizeof(folder)) {
        memcpy(folder, socket_path, (size_t)(slash - socket_path));
        folder[slash - socket_path] = '\0';
        (void)mkdir(folder, 0755); /* if that fails, listening says so */
    }
}

static enum stage start(const struct fm_options *options, struct fm_heartbeat *heartbeat, bool *complete) {
    *complete = false;
    uint32_t most_in_flight = in_flight_limit(options, raise_descriptor_limit());
    fm_requestors_init();
    NTSTATUS status = fm_core_init(&fm_linux_host_ops);
    if (!NT_SUCCESS(status)) {
        fm_log("the core does not start: 0x%08X", (unsigned)status);
        return STAGE_NOTHING;
    }
    if (!fm_workers_start(options->most_workers)) {
        return STAGE_CORE;
    }
    if (!fm_alerts_start()) {
        return STAGE_WORKERS;
    }
    if (!fm_gate_reader_start(heartbeat, fm_heartbeat_period_ms(options->heartbeat_ms), most_in_flight)) {
        return STAGE_ALERTS;
    }
    make_socket_folder(options->socket_path);
    struct fm_server_settings settings = {.socket_path = options->socket_path};
    if (!fm_server_start(&settings)) {
        return STAGE_READER;
    }
    *complete = true;
    return STAGE_SERVER;
}

/* --load and --volume */
static bool load_configured(const struct fm_options *options) {
    const struct fm_gate_scope scope = {.reads = false};
    char text[512] = "";
    for (unsigned i = 0; i < options->load_count; i++) {
        if (!NT_SUCCESS(fm_drivers_load(options->loads[i], NULL, text, sizeof(text)))) {
            fm_log("load %s: %s", options->loads[i], text);
            return false;
        }
    }
    for (unsigned i = 0; i < options->volume_count; i++) {
        char kind[16] = "";
        char id[FM_VOLUME_ID_LENGTH];
        const char *colon = strchr(options->volumes[i], ':');
        if (colon == NULL || (size_t)(colon - options->volumes[i]) >= sizeof(kind)) {
            fm_log("--volume must be fanotify:DIR or direct:DIR, got %s", options->volumes[i]);
            return false;
        }
        memcpy(kind, options->volumes[i], (size_t)(colon - options->volumes[i]));
        if (!NT_SUCCESS(fm_volumes_add(kind, colon + 1, &scope, id, text, sizeof(text)))) {
            fm_log("volume %s: %s", options->volumes[i], text);
            return false;
        }
    }
    return true;
}

static int open_signals(void) {
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void serve(const struct fm_options *options, int signals) {
    struct pollfd polls[2] = {{.fd = signals, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    for (;;) {
        if (poll(polls, options->embedded ? 2 : 1, -1) < 0) {
            continue;
        }
        if (polls[0].revents != 0 || (polls[1].revents != 0 && !fm_commands_read())) {
            return;
        }
    }
}

static void give_up(int signal_number) {
    static const char text[] = "fltmgrd: orderly stop took too long, a driver or a client holds it up; ending now\n";
    (void)signal_number;
    ssize_t written = write(STDERR_FILENO, text, sizeof(text) - 1);
    (void)written;
    _exit(EX_TEMPFAIL);
}

static void stop(enum stage stage) {
    /* The gates first: nobody shall wait for a Filter Manager on its way out. */
    (void)signal(SIGALRM, give_up);
    (void)alarm(stop_limit_s);
    fm_volumes_remove_gates();
    unsigned stayed = fm_drivers_unload_all();
    (void)fm_commands_drain(drain_limit_ms);
    fm_volumes_remove_all();
    switch (stage) {
    case STAGE_SERVER:
        fm_server_stop();
        __attribute__((fallthrough));
    case STAGE_READER:
        fm_gate_reader_stop();
        __attribute__((fallthrough));
    case STAGE_ALERTS:
        __attribute__((fallthrough));
    case STAGE_WORKERS:
        if (!fm_workers_stop(drain_limit_ms)) {
            fm_log("workers still run driver code; the host ends without them");
            _exit(EX_TEMPFAIL);
        }
        if (stage >= STAGE_ALERTS) {
            fm_alerts_stop();
        }
        __attribute__((fallthrough));
    case STAGE_CORE:
        if (stayed == 0) {
            fm_core_fini();
        }
        __attribute__((fallthrough));
    case STAGE_NOTHING:
        fm_requestors_fini();
        break;
    }
    (void)alarm(0);
}

int fm_host_run(const struct fm_options *options, struct fm_heartbeat *heartbeat) {
    int signals = open_signals();
    if (signals < 0) {
        fm_log("signalfd failed: %s", fm_errno_text(errno));
        return EX_OSERR;
    }
    struct fm_host_thread *thread = fm_host_thread_begin("fltmgrd");
    fm_drivers_init(options->driver_folder);
    fm_volumes_init(options);
    bool complete;
    enum stage stage = start(options, heartbeat, &complete);
    complete = complete && load_configured(options);
    if (complete) {
        if (options->embedded) {
            fm_commands_ready(options->socket_path);
        } else {
            fm_log("ready at %s", options->socket_path);
        }
        serve(options, signals);
    }
    stop(stage);
    fm_host_thread_end(thread);
    (void)close(signals);
    return complete ? EX_OK : EX_UNAVAILABLE;
}
