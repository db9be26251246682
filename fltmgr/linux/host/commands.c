/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../volume/volumes.h"
#include "counters.h"
#include "drivers.h"
#include "host_services.h"

enum { longest_line = 64 * 1024, most_words = 16, longest_answer = 16 * 1024 };

static const int32_t invalid_parameter = (int32_t)0xC000000D;
static const int32_t no_memory = (int32_t)0xC0000017;

struct command {
    struct fm_job job; /* first */
    unsigned word_count;
    char *words[most_words]; /* decoded; 0 is the tag, 1 the verb */
    char line[];
};

static struct {
    char *buffer;
    size_t used;
    bool overlong;
    pthread_mutex_t lock; /* output and the number of commands */
    pthread_cond_t drained;
    unsigned running;
} commands = {.lock = PTHREAD_MUTEX_INITIALIZER, .drained = PTHREAD_COND_INITIALIZER};

/* Text that grows up to a limit; what does not fit is left out. */
struct text {
    size_t used;
    char bytes[longest_answer];
};

static void put(struct text *text, const char *bytes) {
    size_t length = strlen(bytes);
    size_t room = sizeof(text->bytes) - 1 - text->used;
    length = length > room ? room : length;
    memcpy(text->bytes + text->used, bytes, length);
    text->used += length;
}

static void put_encoded(struct text *text, const char *bytes, const char *more) {
    for (; *bytes != '\0'; bytes++) {
        char one[4] = {*bytes};
        if (!isalnum((unsigned char)*bytes) && strchr("-._~/:\\+,@", *bytes) == NULL && strchr(more, *bytes) == NULL) {
            (void)snprintf(one, sizeof(one), "%%%02X", (unsigned)(unsigned char)*bytes);
        }
        put(text, one);
    }
}

static void send_line(struct text *text) {
    text->bytes[text->used++] = '\n';
    size_t sent = 0;
    pthread_mutex_lock(&commands.lock);
    while (sent < text->used) {
        ssize_t count = write(STDOUT_FILENO, text->bytes + sent, text->used - sent);
        if (count < 0 && errno != EINTR) {
            break; /* nobody listens: stdin tells us so as well */
        }
        sent += count > 0 ? (size_t)count : 0;
    }
    pthread_mutex_unlock(&commands.lock);
}

void fm_commands_ready(const char *socket_path) {
    struct text text = {.used = 0};
    put(&text, "ready ");
    put_encoded(&text, socket_path, "");
    send_line(&text);
}

static void begin_ok(const struct command *command, struct text *text) {
    text->used = 0;
    put_encoded(text, command->words[0], "");
    put(text, " ok");
}

static void put_value(struct text *text, const char *name, const char *value) {
    put(text, " ");
    put(text, name);
    put(text, "=");
    put_encoded(text, value, "");
}

static void send_error(const struct command *command, int32_t status, const char *reason) {
    struct text text = {.used = 0};
    char number[16];
    (void)snprintf(number, sizeof(number), "0x%08X", (unsigned)status);
    put_encoded(&text, command->words[0], "");
    put(&text, " error ");
    put(&text, number);
    put(&text, " ");
    put_encoded(&text, reason, " ;()'\"<>[]=*?");
    send_line(&text);
}

static void send_result(const struct command *command, int32_t status, const char *reason) {
    if (status < 0) {
        send_error(command, status, reason);
    } else {
        struct text text;
        begin_ok(command, &text);
        send_line(&text);
    }
}

/* The value of an argument NAME=VALUE, NULL when it is not there. */
static const char *option(const struct command *command, const char *name) {
    size_t length = strlen(name);
    for (unsigned i = 2; i < command->word_count; i++) {
        if (strncmp(command->words[i], name, length) == 0 && command->words[i][length] == '=') {
            return command->words[i] + length + 1;
        }
    }
    return NULL;
}

static void do_load(const struct command *command) {
    char reason[512] = "";
    send_result(command, fm_drivers_load(command->words[2], option(command, "altitude"), reason, sizeof(reason)),
                reason);
}

static void do_unload(const struct command *command) {
    char reason[512] = "";
    send_result(command, fm_drivers_unload(command->words[2], 0, reason, sizeof(reason)), reason);
}

static bool is_set(const struct command *command, const char *name) {
    const char *value = option(command, name);
    return value != NULL && strcmp(value, "1") == 0;
}

static void do_volume(const struct command *command) {
    char reason[512] = "";
    char id[FM_VOLUME_ID_LENGTH];
    char device[FM_VOLUME_ID_LENGTH + 16];
    const char *mark = option(command, "mark");
    if (mark != NULL && strcmp(mark, "filesystem") != 0 && strcmp(mark, "directory") != 0) {
        send_error(command, invalid_parameter, "mark must be filesystem or directory");
        return;
    }
    struct fm_gate_scope scope = {.reads = is_set(command, "reads"),
                                  .closes = is_set(command, "closes"),
                                  .changes = is_set(command, "changes"),
                                  .directory_only = mark != NULL && strcmp(mark, "directory") == 0};
    int32_t status = fm_volumes_add(command->words[2], command->words[3], &scope, id, reason, sizeof(reason));
    if (status < 0) {
        send_error(command, status, reason);
        return;
    }
    struct text text;
    (void)snprintf(device, sizeof(device), "\\Device\\%s", id);
    begin_ok(command, &text);
    put_value(&text, "volume", id);
    put_value(&text, "device", device);
    send_line(&text);
}

static void do_unvolume(const struct command *command) {
    char reason[512] = "";
    send_result(command, fm_volumes_remove(command->words[2], reason, sizeof(reason)), reason);
}

static bool number(const char *text, unsigned long most, unsigned long *value) {
    char *end;
    errno = 0;
    *value = strtoul(text, &end, 10);
    return isdigit((unsigned char)text[0]) && *end == '\0' && errno == 0 && *value <= most;
}

static void do_open(const struct command *command) {
    const char *pid_text = option(command, "pid");
    const char *uid_text = option(command, "uid");
    /* Not the embedding program by default: it is often the decider itself, and then exempt. */
    unsigned long pid = (unsigned long)getpid();
    unsigned long uid = (unsigned long)geteuid();
    if ((pid_text != NULL && !number(pid_text, 0x7FFFFFFF, &pid)) ||
        (uid_text != NULL && !number(uid_text, 0xFFFFFFFE, &uid))) {
        send_error(command, invalid_parameter, "pid and uid must be decimal numbers");
        return;
    }
    struct fm_identity *identity = fm_identity_of_user((pid_t)pid, (uid_t)uid, (gid_t)uid);
    if (identity == NULL) {
        send_error(command, no_memory, "no memory for a requestor");
        return;
    }
    char reason[512] = "";
    char status_text[16];
    int32_t status;
    if (fm_volumes_open(command->words[2], command->words[3], command->words[4], &identity->requestor, &status, reason,
                        sizeof(reason))) {
        struct text text;
        (void)snprintf(status_text, sizeof(status_text), "0x%08X", (unsigned)status);
        begin_ok(command, &text);
        put_value(&text, "status", status_text);
        send_line(&text);
    } else {
        send_error(command, status, reason);
    }
    fm_identity_release(identity);
}

struct counter_text {
    struct fm_counter_sink sink; /* first */
    struct text *text;
};

static void put_counter(struct fm_counter_sink *sink, const char *name, uint64_t value) {
    char digits[24];
    (void)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
    put_value(((struct counter_text *)sink)->text, name, digits);
}

static void do_counters(const struct command *command) {
    struct text text;
    struct counter_text sink = {.sink = {.add = put_counter}, .text = &text};
    begin_ok(command, &text);
    fm_counters_collect(&sink.sink);
    send_line(&text);
}

static const struct verb {
    const char *name;
    unsigned least_arguments;
    enum fm_job_class job_class;
    void (*run)(const struct command *command);
} verbs[] = {
    {"load", 1, FM_JOB_CLIENT, do_load},     {"unload", 1, FM_JOB_CLIENT, do_unload},
    {"volume", 2, FM_JOB_CLIENT, do_volume}, {"unvolume", 1, FM_JOB_CLIENT, do_unvolume},
    {"open", 3, FM_JOB_GATED, do_open},      {"counters", 0, FM_JOB_CLIENT, do_counters},
};

static const struct verb *verb_of(const struct command *command) {
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verbs[i].name, command->words[1]) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

static void finish(struct command *command) {
    free(command);
    pthread_mutex_lock(&commands.lock);
    if (--commands.running == 0) {
        pthread_cond_broadcast(&commands.drained);
    }
    pthread_mutex_unlock(&commands.lock);
}

static void run_command(struct fm_job *job) {
    struct command *command = (struct command *)job;
    verb_of(command)->run(command);
    finish(command);
}

static int hex(char digit) {
    return digit >= '0' && digit <= '9'   ? digit - '0'
           : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
           : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                                          : -1;
}

static void decode(char *word) {
    char *to = word;
    for (const char *from = word; *from != '\0'; from++) {
        if (from[0] == '%' && hex(from[1]) >= 0 && hex(from[2]) >= 0 && (hex(from[1]) | hex(from[2])) != 0) {
            *to++ = (char)(hex(from[1]) << 4 | hex(from[2]));
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
}

/* False: the command was `stop`. */
static bool start_command(const char *line, size_t length) {
    struct command *command = calloc(1, sizeof(*command) + length + 1);
    if (command == NULL) {
        fm_log("commands: no memory for a command of %zu bytes; it stays unanswered", length);
        return true;
    }
    memcpy(command->line, line, length);
    char *rest = command->line;
    while (rest != NULL && command->word_count < most_words) {
        char *word = strsep(&rest, " \r");
        if (word[0] != '\0') {
            decode(word);
            command->words[command->word_count++] = word;
        }
    }
    pthread_mutex_lock(&commands.lock);
    commands.running++;
    pthread_mutex_unlock(&commands.lock);
    bool go_on = true;
    const struct verb *verb = command->word_count < 2 ? NULL : verb_of(command);
    if (verb != NULL && command->word_count >= verb->least_arguments + 2) {
        command->job.run = run_command;
        fm_workers_submit(&command->job, verb->job_class);
        return true;
    }
    if (command->word_count >= 2 && strcmp(command->words[1], "stop") == 0) {
        send_result(command, 0, "");
        go_on = false;
    } else if (command->word_count != 0) {
        send_error(command, invalid_parameter,
                   verb != NULL ? "arguments are missing"
                                : "a command is TAG VERB ARGUMENTS, VERB one of load unload volume "
                                  "unvolume open counters stop");
    }
    finish(command);
    return go_on;
}

bool fm_commands_read(void) {
    if (commands.buffer == NULL) {
        commands.buffer = malloc(longest_line);
        if (commands.buffer == NULL) {
            return false;
        }
    }
    ssize_t count = read(STDIN_FILENO, commands.buffer + commands.used, longest_line - commands.used);
    if (count <= 0) {
        return count < 0 && (errno == EINTR || errno == EAGAIN);
    }
    commands.used += (size_t)count;
    char *line = commands.buffer;
    char *end = commands.buffer + commands.used;
    bool go_on = true;
    for (char *newline; go_on && (newline = memchr(line, '\n', (size_t)(end - line))) != NULL; line = newline + 1) {
        if (commands.overlong) {
            commands.overlong = false;
        } else {
            go_on = start_command(line, (size_t)(newline - line));
        }
    }
    commands.used = (size_t)(end - line);
    memmove(commands.buffer, line, commands.used);
    if (commands.used == longest_line) {
        fm_log("commands: a line is longer than %d bytes; it is ignored", longest_line);
        commands.overlong = true;
        commands.used = 0;
    }
    return go_on;
}

bool fm_commands_drain(unsigned limit_ms) {
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += limit_ms / 1000;
    int error = 0;
    pthread_mutex_lock(&commands.lock);
    while (commands.running != 0 && error == 0) {
        error = pthread_cond_timedwait(&commands.drained, &commands.lock, &limit);
    }
    bool drained = commands.running == 0;
    pthread_mutex_unlock(&commands.lock);
    free(commands.buffer);
    commands.buffer = NULL;
    return drained;
}
