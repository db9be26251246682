/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include "counters.h"
#include "services.h"
#include "volume/volumes.h"

enum { MOST_WORDS = 16 };

struct command {
    ULONG word_count;
    char *words[MOST_WORDS]; /* decoded; 0 is the verb */
    struct fmw_answer *answer;
};

static void answer_result(const struct command *command, NTSTATUS status, const char *text) {
    if (NT_SUCCESS(status)) {
        fmw_answer_ok(command->answer);
    } else {
        fmw_answer_error(command->answer, status, text);
    }
}

/* The value of an argument NAME=VALUE, NULL when it is not there. */
static const char *option(const struct command *command, const char *name) {
    const size_t length = strlen(name);
    for (ULONG i = 1; i < command->word_count; i++) {
        if (strncmp(command->words[i], name, length) == 0 && command->words[i][length] == '=') {
            return command->words[i] + length + 1;
        }
    }
    return NULL;
}

static bool number_of(const char *text, ULONG *value) {
    ULONG64 sum = 0;
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return false;
        }
        sum = sum * 10 + (ULONG64)(*text - '0');
        if (sum > MAXULONG) {
            return false;
        }
    }
    *value = (ULONG)sum;
    return true;
}

static void do_hello(const struct command *command) {
    fmw_answer_ok(command->answer);
    fmw_answer_value(command->answer, "version", FILTERPORT_VERSION);
    fmw_answer_value(command->answer, "host", "wine");
    fmw_answer_number(command->answer, "pid", fm_current_requestor()->process_id);
}

static void do_load(const struct command *command) {
    answer_result(command, fmw_service_load(command->words[1]),
                  "the driver did not load: its service must exist, in the load-order group of the others");
}

static void do_unload(const struct command *command) {
    const NTSTATUS status = fmw_service_unload(command->words[1]);
    answer_result(command, status,
                  status == STATUS_FLT_FILTER_NOT_FOUND ? "no such filter is registered"
                                                        : "the filter does not unload; it stays and works on");
}

static void do_volume(const struct command *command) {
    char id[FMW_VOLUME_ID_LENGTH];
    char device[FMW_VOLUME_ID_LENGTH + 16] = "\\Device\\";
    const char *text = "";
    NTSTATUS status = STATUS_INVALID_PARAMETER;
    if (strcmp(command->words[1], "direct") != 0) {
        text = "under Wine a volume is of kind direct";
    } else {
        status = fmw_volumes_add(command->words[2], id, &text);
    }
    if (!NT_SUCCESS(status)) {
        fmw_answer_error(command->answer, status, text);
        return;
    }
    RtlCopyMemory(device + strlen(device), id, strlen(id) + 1);
    fmw_answer_ok(command->answer);
    fmw_answer_value(command->answer, "volume", id);
    fmw_answer_value(command->answer, "device", device);
}

static void do_unvolume(const struct command *command) {
    answer_result(command, fmw_volumes_remove(command->words[1]), "there is no such volume");
}

static void do_open(const struct command *command) {
    const char *pid = option(command, "pid");
    const char *uid = option(command, "uid");
    const char *text = "";
    ULONG process_id = (ULONG)fm_current_requestor()->process_id;
    ULONG ignored;
    NTSTATUS status;
    if ((pid != NULL && !number_of(pid, &process_id)) || (uid != NULL && !number_of(uid, &ignored))) {
        fmw_answer_error(command->answer, STATUS_INVALID_PARAMETER, "pid and uid must be decimal numbers");
        return;
    }
    if (fmw_volumes_open(command->words[1], command->words[2], command->words[3], process_id, &status, &text)) {
        fmw_answer_ok(command->answer);
        fmw_answer_status(command->answer, "status", status);
    } else {
        fmw_answer_error(command->answer, status, text);
    }
}

static void do_counters(const struct command *command) {
    fmw_answer_ok(command->answer);
    fmw_counters_collect(command->answer);
}

static const struct verb {
    const char *name;
    ULONG least_arguments;
    enum fmw_pool pool;
    void (*run)(const struct command *command);
} verbs[] = {
    {"hello", 0, FMW_CALLS, do_hello},       {"load", 1, FMW_CALLS, do_load},
    {"unload", 1, FMW_CALLS, do_unload},     {"volume", 2, FMW_CALLS, do_volume},
    {"unvolume", 1, FMW_CALLS, do_unvolume}, {"open", 3, FMW_OPENS, do_open},
    {"counters", 0, FMW_CALLS, do_counters},
};

static const struct verb *verb_of(const char *word, size_t length) {
    for (ULONG i = 0; i < RTL_NUMBER_OF(verbs); i++) {
        if (strlen(verbs[i].name) == length && strncmp(verbs[i].name, word, length) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

enum fmw_pool fmw_command_pool(const char *line) {
    const char *space = strchr(line, ' ');
    const struct verb *verb = verb_of(line, space != NULL ? (size_t)(space - line) : strlen(line));
    return verb != NULL ? verb->pool : FMW_CALLS;
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

static void split(struct command *command, char *line) {
    char *word = line;
    while (*word != '\0' && command->word_count < MOST_WORDS) {
        char *end = word;
        while (*end != '\0' && *end != ' ' && *end != '\r' && *end != '\n') {
            end++;
        }
        const bool last = *end == '\0';
        *end = '\0';
        if (end != word) {
            decode(word);
            command->words[command->word_count++] = word;
        }
        word = last ? end : end + 1;
    }
}

void fmw_command_run(char *line, struct fmw_answer *answer) {
    struct command command = {.answer = answer};
    const struct verb *verb = NULL;
    split(&command, line);
    if (command.word_count != 0) {
        verb = verb_of(command.words[0], strlen(command.words[0]));
    }
    if (verb == NULL) {
        fmw_answer_error(answer, STATUS_INVALID_PARAMETER,
                         "a command is VERB ARGUMENTS, VERB one of hello load unload volume unvolume open counters");
    } else if (command.word_count <= verb->least_arguments) {
        fmw_answer_error(answer, STATUS_INVALID_PARAMETER, "arguments are missing");
    } else {
        verb->run(&command);
    }
}
