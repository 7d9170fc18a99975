/* SPDX-License-Identifier: Apache-2.0 */
/* Every way of executing another program, with every sort of environment: what the new program
 * gets, how it ends, and what is left if there is none. Called as `self` it tells what it was
 * given. */
#define _GNU_SOURCE
#include "say.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

extern char **environ;

static char own_path[4096];
static char *bare[] = {"A=first", "B=", "SNARLY=no", NULL};
static char *preloading[] = {"LD_PRELOAD=libm.so.6", "C=third", NULL};
static const char *volatile not_mapped = (const char *)1;
static char *arguments[] = {"named", "self", "x y", NULL};

static void say_end(pid_t child)
{
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    printf("child: exit %d, signal %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1,
           WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

/* What a program sees of how it was made; its environment only if it is one of those made here. */
static void self(int argc, char **argv, char **variables)
{
    struct sigaction action;
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    sigaction(SIGUSR1, NULL, &action);
    for (int i = 0; i < argc; i++)
        printf("[%s]", argv[i]);
    for (char **v = variables; *v; v++)
        if (!getenv("WHOLE"))
            printf(" %s", *v);
    int open = 0;
    for (int fd = 0; fd < 64; fd++)
        open += fcntl(fd, F_GETFD) >= 0;
    printf("; same %d, USR2 blocked %d, USR1 ignored %d, group leader %d, %d descriptors\n",
           variables == environ, sigismember(&mask, SIGUSR2), action.sa_handler == SIG_IGN,
           getpgrp() == getpid(), open);
    exit(3);
}

/* CALL in a child: the program it becomes, or what it returns. */
#define IN_CHILD(call)                                                                             \
    do {                                                                                           \
        printf("%s: ", #call);                                                                     \
        fflush(stdout);                                                                            \
        pid_t child = fork();                                                                      \
        if (child == 0) {                                                                          \
            errno = 4711;                                                                          \
            long result = (call);                                                                  \
            printf("%ld, errno %d\n", result, errno);                                              \
            exit(7);                                                                               \
        }                                                                                          \
        say_end(child);                                                                            \
    } while (0)

static void family(void)
{
    int fd = open(own_path, O_RDONLY | O_CLOEXEC), path_only = open(own_path, O_PATH | O_CLOEXEC);
    IN_CHILD(execve(own_path, arguments, bare));
    IN_CHILD(execve(own_path, arguments, preloading));
    IN_CHILD(execve(own_path, arguments, environ));
    IN_CHILD(execv(own_path, arguments));
    IN_CHILD(execl(own_path, "named", "self", NULL));
    IN_CHILD(execle(own_path, "named", "self", "1", "2", "3", "4", "5", "6", "7", NULL, bare));
    IN_CHILD(fexecve(fd, arguments, bare));
    IN_CHILD(execveat(fd, "", arguments, bare, AT_EMPTY_PATH));
    IN_CHILD(execveat(path_only, "", arguments, bare, AT_EMPTY_PATH));
    IN_CHILD(execveat(AT_FDCWD, own_path, arguments, bare, 0));
    char *empty[] = {NULL};
    IN_CHILD(execve(own_path, arguments, empty));
    IN_CHILD(execve(own_path, arguments, NULL));
    IN_CHILD((clearenv(), execv(own_path, arguments)));
    close(fd);
    close(path_only);
}

static void searching(void)
{
    char directory[4096], path[8192];
    snprintf(directory, sizeof directory, "%s", own_path);
    *strrchr(directory, '/') = 0;
    snprintf(path, sizeof path, "/nowhere::%s:/usr/bin:/bin", directory);
    setenv("PATH", path, 1);
    const char *name = strrchr(own_path, '/') + 1;
    IN_CHILD(execvp(name, arguments));
    IN_CHILD(execvpe(name, arguments, bare));
    IN_CHILD(execlp(name, "named", "self", NULL));
    IN_CHILD(execlp("sh", "sh", "-c", "echo $0 $#; exit 5", NULL));
    IN_CHILD(execvp("no-such-program", arguments));
    IN_CHILD(execvpe("", arguments, bare));
    char *line[] = {"env", NULL};
    IN_CHILD(execvpe("env", line, bare));
    IN_CHILD(execvpe("env", line, preloading));
    IN_CHILD((unsetenv("PATH"), execvpe("env", line, bare)));
}

static void write_file(const char *name, const char *text, int mode)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, mode);
    MUST(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

/* A program of 32 bits, in the working directory of the one that starts this. */
static void narrow(void)
{
    char program[sizeof own_path + 8];
    snprintf(program, sizeof program, "%s-narrow", own_path);
    MUST(access(program, X_OK) == 0);
    IN_CHILD(execv(program, arguments));
    IN_CHILD(execve(program, arguments, bare));
    IN_CHILD(execve(program, arguments, preloading));
    pid_t child;
    MUST(posix_spawn(&child, program, NULL, NULL, arguments, environ) == 0);
    say_end(child);
}

static void files(void)
{
    char script[8192];
    snprintf(script, sizeof script, "#! %s self given\nnothing\n", own_path);
    write_file("script", script, 0755);
    write_file("plain", "echo plain $1; exit 6\n", 0755);
    write_file("locked", "#!/bin/sh\n", 0644);
    write_file("lost", "#!/no/interpreter\n", 0755);
    write_file("empty", "", 0755);
    write_file("broken", "\177ELF\2\1\1", 0755);
    IN_CHILD(execve("./script", arguments, bare));
    IN_CHILD(execve("./plain", arguments, bare));
    IN_CHILD(execvpe("./plain", arguments, bare));
    IN_CHILD(execve("./lost", arguments, bare));
    IN_CHILD(execve("./empty", arguments, bare));
    IN_CHILD(execve("./broken", arguments, bare));
    IN_CHILD(execve(".", arguments, bare));
    IN_CHILD(execve("nowhere", arguments, bare));
    IN_CHILD(execve(not_mapped, arguments, bare));
    if (geteuid() != 0)
        IN_CHILD(execve("./locked", arguments, bare));
}

/* Threads that lock while another fails to execute, and then executes. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *locks_on(void *unused)
{
    for (;;) {
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
    }
    return unused;
}

static void *executes(void *unused)
{
    for (int i = 0; i < 3; i++) {
        SAY(execve("nowhere", arguments, bare));
        SAY(pthread_mutex_lock(&mutex));
        SAY(pthread_mutex_unlock(&mutex));
    }
    pthread_mutex_lock(&mutex);
    execve(own_path, arguments, bare);
    return unused;
}

static void threads(void)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        make_thread(locks_on, NULL);
        elsewhere(executes, NULL);
        exit(9);
    }
    say_end(child);
}

static void by_vfork(char *const *variables)
{
    fflush(stdout);
    pid_t child = vfork();
    if (child == 0) {
        execve("nowhere", arguments, variables);
        execve(own_path, arguments, variables);
        _exit(1);
    }
    say_end(child);
}

static void *by_vfork_elsewhere(void *variables)
{
    by_vfork(variables);
    return NULL;
}

static void vforks(void)
{
    by_vfork(bare);
    by_vfork(environ);
    elsewhere(by_vfork_elsewhere, bare);
    pid_t child = vfork();
    if (child == 0)
        _exit(8);
    say_end(child);
    child = vfork();
    if (child == 0) {
        raise(SIGKILL);
        _exit(1);
    }
    say_end(child);
    /* An environment that is too large for the stack. */
    enum { MANY = 20000 };
    char **many = malloc((MANY + 1) * sizeof *many);
    for (int i = 0; i < MANY; i++)
        many[i] = "V=1";
    many[MANY] = NULL;
    child = vfork();
    if (child == 0) {
        execle("/bin/sh", "sh", "-c", "exit 11", NULL, many);
        _exit(1);
    }
    say_end(child);
    free(many);
    MUST(pthread_mutex_lock(&mutex) == 0);
    SAY(pthread_mutex_unlock(&mutex));
}

static void spawn(const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
                  char *const *variables)
{
    pid_t child = -1;
    fflush(stdout);
    errno = 4711;
    int error = posix_spawn(&child, own_path, actions, attributes, arguments, variables);
    int after = errno;
    say_end(child);
    printf("posix_spawn: %d, errno %d\n", error, after);
}

static void spawns(void)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t mask, usual;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR2);
    sigemptyset(&usual);
    sigaddset(&usual, SIGUSR1);
    signal(SIGUSR1, SIG_IGN);
    spawn(NULL, NULL, bare);
    spawn(NULL, NULL, environ);
    spawn(NULL, NULL, preloading);
    MUST(posix_spawnattr_init(&attributes) == 0);
    posix_spawnattr_setsigmask(&attributes, &mask);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETPGROUP);
    spawn(NULL, &attributes, bare);
    MUST(posix_spawn_file_actions_init(&actions) == 0);
    posix_spawn_file_actions_addopen(&actions, 20, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, 20, 21);
    posix_spawn_file_actions_addclose(&actions, 0);
    spawn(&actions, &attributes, bare);
    posix_spawn_file_actions_addclose(&actions, 1);
    spawn(&actions, NULL, bare);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    pid_t child;
    SAY(posix_spawn(&child, "nowhere", NULL, NULL, arguments, bare));
    SAY(posix_spawnp(&child, "no-such-program", NULL, NULL, arguments, bare));
    char *line[] = {"env", NULL};
    fflush(stdout);
    MUST(posix_spawnp(&child, "env", NULL, NULL, line, bare) == 0);
    say_end(child);
    SAY(posix_spawn(NULL, "/bin/true", NULL, NULL, line, bare));
    SAY(wait(NULL) > 0);
}

static volatile sig_atomic_t children_ended;

static void child_ended(int signal)
{
    children_ended += signal == SIGCHLD;
}

/* The C library's own children, by the environment as it is, and SIGCHLD. */
static void library(void)
{
    struct sigaction action = {.sa_handler = child_ended, .sa_flags = SA_RESTART};
    sigaction(SIGCHLD, &action, NULL);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(2);
    say_end(child);
    printf("%d ended\n", (int)children_ended);
    char line[100] = "";
    SAY(WEXITSTATUS(system("exit 4")));
    clearenv();
    putenv("ONLY=this");
    fflush(stdout);
    SAY(WEXITSTATUS(system("env | grep -v PWD; exit 5")));
    FILE *pipe = popen("echo $ONLY", "r");
    MUST(pipe && fgets(line, sizeof line, pipe));
    printf("%s%d\n", line, pclose(pipe));
    SAY(system(NULL) != 0);
}

int main(int argc, char **argv, char **variables)
{
    MUST(readlink("/proc/self/exe", own_path, sizeof own_path - 1) > 0);
    if (argc > 1 && strcmp(argv[1], "self") == 0)
        self(argc, argv, variables);
    setenv("WHOLE", "yes", 1);
    return say_cases((struct say_case[]){{"family", family},
                                         {"searching", searching},
                                         {"files", files},
                                         {"narrow", narrow},
                                         {"threads", threads},
                                         {"vforks", vforks},
                                         {"spawns", spawns},
                                         {"library", library},
                                         {NULL, NULL}},
                     argc, argv);
}
