/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a program in which one system call of libsnarl.so fails:
 *
 *     fail_nth COUNT_FILE NAME=ERROR[,NAME=ERROR...] N PROGRAM [ARGS]
 *
 * Of the calls so named that the library itself makes (the instruction lies in its mapping), in any
 * process of the tree, the Nth fails with that error, and is not made; with N+ all from the Nth on.
 * Where ERROR is `kill`, the process that is about to make the call is killed instead.
 * Names: mmap openat open fallocate madvise mprotect munmap fstat pwrite64 pwritev getcwd readlink
 * prlimit64 rt_sigprocmask. How many there were goes to COUNT_FILE. Ends as the program did; 99 is
 * trouble of our own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

enum { TROUBLE = 99, CALLS = 512, TASKS = 4096, KILL = -1 };

static int errors[CALLS]; /* by number of the call; 0: not looked at */
static unsigned long seen, nth;
static bool and_later;

static void trouble(const char *what)
{
    perror(what);
    _exit(TROUBLE);
}

static void read_names(char *list)
{
    static const struct {
        const char *name;
        int number;
    } calls[] = {{"mmap", SYS_mmap},           {"openat", SYS_openat},
                 {"open", SYS_open},           {"fallocate", SYS_fallocate},
                 {"madvise", SYS_madvise},     {"mprotect", SYS_mprotect},
                 {"munmap", SYS_munmap},       {"fstat", SYS_fstat},
                 {"pwrite64", SYS_pwrite64},   {"pwritev", SYS_pwritev},
                 {"getcwd", SYS_getcwd},       {"readlink", SYS_readlink},
                 {"prlimit64", SYS_prlimit64}, {"rt_sigprocmask", SYS_rt_sigprocmask}};
    for (char *item = strtok(list, ","); item; item = strtok(NULL, ",")) {
        char *equals = strchr(item, '=');
        int number = -1;
        if (equals)
            *equals = 0;
        for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
            if (strcmp(calls[i].name, item) == 0)
                number = calls[i].number;
        if (!equals || number < 0) {
            fprintf(stderr, "fail_nth: %s: not a call, or no error\n", item);
            _exit(TROUBLE);
        }
        errors[number] = strcmp(equals + 1, "kill") == 0 ? KILL : atoi(equals + 1);
    }
}

/* Where the library's code lies, by process; looked up again while it is not there, since that may
 * change with each exec. */
static struct task {
    pid_t pid;
    uint64_t low, high;
    int failing; /* the error that the call which it is in will return */
} tasks[TASKS];

static struct task *task_of(pid_t pid)
{
    struct task *free_one = NULL;
    for (int i = 0; i < TASKS; i++) {
        if (tasks[i].pid == pid)
            return &tasks[i];
        if (!tasks[i].pid && !free_one)
            free_one = &tasks[i];
    }
    if (!free_one)
        _exit(TROUBLE);
    *free_one = (struct task){.pid = pid};
    return free_one;
}

static bool in_library(struct task *task, uint64_t address)
{
    if (address - task->low < task->high - task->low)
        return true;
    if (task->high)
        return false;
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/maps", task->pid);
    FILE *maps = fopen(path, "r");
    while (maps && fgets(line, sizeof line, maps)) {
        unsigned long low, high;
        char protection[5];
        if (strstr(line, "libsnarl.so") &&
            sscanf(line, "%lx-%lx %4s", &low, &high, protection) == 3 && protection[2] == 'x') {
            task->low = low;
            task->high = high;
        }
    }
    if (maps)
        fclose(maps);
    return address - task->low < task->high - task->low;
}

static void call_begins(struct task *task, const struct ptrace_syscall_info *info)
{
    if (info->entry.nr >= CALLS || !errors[info->entry.nr] ||
        !in_library(task, info->instruction_pointer))
        return;
    seen++;
    if (seen != nth && !(and_later && seen > nth))
        return;
    if (errors[info->entry.nr] == KILL) {
        kill(task->pid, SIGKILL);
        return;
    }
    task->failing = errors[info->entry.nr];
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, task->pid, NULL, &registers))
        return;
    registers.orig_rax = (unsigned long long)-1;
    ptrace(PTRACE_SETREGS, task->pid, NULL, &registers);
}

static void call_ends(struct task *task)
{
    struct user_regs_struct registers;
    if (task->failing && !ptrace(PTRACE_GETREGS, task->pid, NULL, &registers)) {
        registers.rax = (unsigned long long)-task->failing;
        ptrace(PTRACE_SETREGS, task->pid, NULL, &registers);
    }
    task->failing = 0;
}

static void system_call(pid_t pid)
{
    struct ptrace_syscall_info info;
    struct task *task = task_of(pid);
    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0)
        return;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
        call_begins(task, &info);
    else
        call_ends(task);
}

/* Returns the signal that the task is to get when it goes on. */
static int stopped(pid_t pid, int status)
{
    int number = WSTOPSIG(status), event = status >> 16;
    if (number == (SIGTRAP | 0x80)) {
        system_call(pid);
        return 0;
    }
    if (event == PTRACE_EVENT_EXEC)
        *task_of(pid) = (struct task){.pid = pid};
    if (event == PTRACE_EVENT_STOP && (number == SIGSTOP || number == SIGTSTP))
        return 0;
    return event || number == SIGTRAP ? 0 : number;
}

static int follow(pid_t program)
{
    int status, end = -1;
    pid_t pid;
    while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
        if (WIFSTOPPED(status)) {
            ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)stopped(pid, status));
            continue;
        }
        task_of(pid)->pid = 0;
        if (pid == program)
            end = status;
    }
    return end;
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return TROUBLE;
    char *rest;
    read_names(argv[2]);
    nth = strtoul(argv[3], &rest, 10);
    and_later = *rest == '+';
    pid_t pid = fork();
    if (pid < 0)
        trouble("fork");
    if (pid == 0) {
        raise(SIGSTOP);
        execvp(argv[4], argv + 4);
        trouble(argv[4]);
    }
    int status;
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                   PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    if (waitpid(pid, &status, WUNTRACED) != pid || ptrace(PTRACE_SEIZE, pid, NULL, options))
        trouble("ptrace");
    kill(pid, SIGCONT);
    status = follow(pid);
    FILE *count = fopen(argv[1], "w");
    if (!count || fprintf(count, "%lu\n", seen) < 0 || fclose(count))
        trouble(argv[1]);
    if (WIFSIGNALED(status)) {
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
    }
    return WEXITSTATUS(status);
}
