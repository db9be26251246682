/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static const char usage[] =
    "usage: fltmgrd [option]...\n"
    "The Filter Manager: loads minifilter drivers, serves their ports, gates file opens.\n"
    "\n"
    "  --socket PATH         clients connect here (default /run/filterport/fltmgrd.sock);\n"
    "                        they find it by the environment variable FILTERPORT_MANAGER\n"
    "  --drivers DIR         folder of driver images NAME.so (default ../drivers beside fltmgrd)\n"
    "  --load NAME           load this driver at start; may be repeated\n"
    "  --volume KIND:DIR     fanotify:DIR gates the opens below DIR, direct:DIR serves the command `open`;\n"
    "                        may be repeated\n"
    "  --embedded            read commands from stdin, answer on stdout, end at end-of-file\n"
    "  --deadline-ms N       answer a gated open after N ms whatever the driver does (default 5000)\n"
    "  --on-deadline allow|deny  with this answer (default allow)\n"
    "  --on-overload allow|deny  answer to opens beyond the in-flight limit (default allow)\n"
    "  --in-flight N         that limit (default: a quarter of the descriptor limit)\n"
    "  --heartbeat-ms N      kill the host, and so release every gated open, when it stands still for N ms\n"
    "                        (default 2000; 0 = never, for debuggers)\n"
    "  --workers N           most threads that run driver code for gated opens (default 256)\n"
    "  --kept-verdicts N     most files of a volume whose opens are not asked again (default 16384; 0 = none)\n"
    "  --help, --version\n";

enum {
    OPT_SOCKET = 256,
    OPT_DRIVERS,
    OPT_LOAD,
    OPT_VOLUME,
    OPT_EMBEDDED,
    OPT_DEADLINE,
    OPT_ON_DEADLINE,
    OPT_ON_OVERLOAD,
    OPT_IN_FLIGHT,
    OPT_HEARTBEAT,
    OPT_WORKERS,
    OPT_KEPT,
    OPT_HELP,
    OPT_VERSION
};

static const struct option long_options[] = {
    {"socket", required_argument, NULL, OPT_SOCKET},
    {"drivers", required_argument, NULL, OPT_DRIVERS},
    {"load", required_argument, NULL, OPT_LOAD},
    {"volume", required_argument, NULL, OPT_VOLUME},
    {"embedded", no_argument, NULL, OPT_EMBEDDED},
    {"deadline-ms", required_argument, NULL, OPT_DEADLINE},
    {"on-deadline", required_argument, NULL, OPT_ON_DEADLINE},
    {"on-overload", required_argument, NULL, OPT_ON_OVERLOAD},
    {"in-flight", required_argument, NULL, OPT_IN_FLIGHT},
    {"heartbeat-ms", required_argument, NULL, OPT_HEARTBEAT},
    {"workers", required_argument, NULL, OPT_WORKERS},
    {"kept-verdicts", required_argument, NULL, OPT_KEPT},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

static bool read_number(const char *name, const char *text, uint32_t least, uint32_t most, uint32_t *value) {
    char *end;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || number < least || number > most) {
        fprintf(stderr, "fltmgrd: --%s must be a number from %u to %u, got %s\n", name, least, most, text);
        return false;
    }
    *value = (uint32_t)number;
    return true;
}

static bool read_verdict(const char *name, const char *text, enum fm_verdict *verdict) {
    if (strcmp(text, "allow") == 0) {
        *verdict = FM_VERDICT_ALLOW;
    } else if (strcmp(text, "deny") == 0) {
        *verdict = FM_VERDICT_DENY;
    } else {
        fprintf(stderr, "fltmgrd: --%s must be allow or deny, got %s\n", name, text);
        return false;
    }
    return true;
}

static bool append(const char *name, const char **list, unsigned *count, unsigned capacity, const char *text) {
    if (*count == capacity) {
        fprintf(stderr, "fltmgrd: --%s may be given at most %u times\n", name, capacity);
        return false;
    }
    list[(*count)++] = text;
    return true;
}

static const char *default_driver_folder(void) {
    static char folder[PATH_MAX + 16];
    ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX);
    if (length <= 0) {
        return "/usr/lib/filterport/drivers";
    }
    folder[length] = '\0';
    char *slash = strrchr(folder, '/');
    char *end = slash != NULL ? slash : folder;
    (void)snprintf(end, sizeof(folder) - (size_t)(end - folder), "/../drivers");
    return folder;
}

bool fm_options_read(struct fm_options *options, int argc, char **argv, int *exit_status) {
    *options = (struct fm_options){
        .socket_path = "/run/filterport/fltmgrd.sock",
        .driver_folder = default_driver_folder(),
        .deadline_ms = 5000,
        .heartbeat_ms = 2000,
        .most_workers = 256,
        .most_kept = 16384,
        .on_deadline = FM_VERDICT_ALLOW,
        .on_overload = FM_VERDICT_ALLOW,
    };
    *exit_status = EX_USAGE;
    int option;
    int index = 0;
    while ((option = getopt_long(argc, argv, "", long_options, &index)) != -1) {
        bool good = true;
        const char *name = option >= OPT_SOCKET ? long_options[index].name : "";
        switch (option) {
        case OPT_SOCKET:
            options->socket_path = optarg;
            break;
        case OPT_DRIVERS:
            options->driver_folder = optarg;
            break;
        case OPT_LOAD:
            good = append(name, options->loads, &options->load_count, FM_OPTIONS_MOST_LOADS, optarg);
            break;
        case OPT_VOLUME:
            good = append(name, options->volumes, &options->volume_count, FM_OPTIONS_MOST_VOLUMES, optarg);
            break;
        case OPT_EMBEDDED:
            options->embedded = true;
            break;
        case OPT_DEADLINE:
            good = read_number(name, optarg, 1, 3600000, &options->deadline_ms);
            break;
        case OPT_ON_DEADLINE:
            good = read_verdict(name, optarg, &options->on_deadline);
            break;
        case OPT_ON_OVERLOAD:
            good = read_verdict(name, optarg, &options->on_overload);
            break;
        case OPT_IN_FLIGHT:
            good = read_number(name, optarg, 1, 1000000, &options->most_in_flight);
            break;
        case OPT_HEARTBEAT:
            good = read_number(name, optarg, 0, 3600000, &options->heartbeat_ms);
            if (good && options->heartbeat_ms != 0 && options->heartbeat_ms < 100) {
                fprintf(stderr, "fltmgrd: --heartbeat-ms must be 0 or at least 100, got %s\n", optarg);
                good = false;
            }
            break;
        case OPT_WORKERS:
            good = read_number(name, optarg, 1, 4096, &options->most_workers);
            break;
        case OPT_KEPT:
            good = read_number(name, optarg, 0, 1000000, &options->most_kept);
            break;
        case OPT_HELP:
            fputs(usage, stdout);
            *exit_status = 0;
            return false;
        case OPT_VERSION:
            puts("fltmgrd " FILTERPORT_VERSION);
            *exit_status = 0;
            return false;
        default:
            good = false;
            break; /* getopt has said what is wrong */
        }
        if (!good) {
            fputs("fltmgrd: see fltmgrd --help\n", stderr);
            return false;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "fltmgrd: unexpected argument %s; see fltmgrd --help\n", argv[optind]);
        return false;
    }
    return true;
}
