/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that works, meets a fault of its own making, and works on:
 *
 *     faults FAULT [DIRECTORY]       the faults are the cases of main
 *
 * It prints how many locks it took, and what it saw of the fault: nothing that depends on chance.
 * The traces lie in DIRECTORY.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>

enum { LOCKS = 600, ROUNDS = 6000, DEPTH = 6, THREADS = 3, MANY = 10 };

static pthread_mutex_t locks[LOCKS];
static long total;
static int signals;

__attribute__((noinline)) static void take(long *count, int round, int depth)
{
    if (depth) {
        take(count, round, depth - 1);
        __asm__ volatile(""); /* no tail call */
        return;
    }
    pthread_mutex_lock(&locks[round * 7 % LOCKS]);
    ++*count;
    pthread_mutex_unlock(&locks[round * 7 % LOCKS]);
}

static void *work(void *count)
{
    for (int i = 0; i < ROUNDS; i++)
        take(count, i, i % DEPTH);
    return NULL;
}

static void work_here(void)
{
    work(&total);
}

static void work_together(void)
{
    pthread_t threads[THREADS];
    long counts[THREADS] = {0};
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, work, &counts[i]))
            exit(98);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        total += counts[i];
    }
}

static const char *result(long value)
{
    return value < 0 ? strerror(errno) : "done";
}

/* For so much that it does not end within what is left of the chunks. */
static void work_long(void)
{
    for (int i = 0; i < MANY; i++)
        work_together();
}

static void count_signal(int number)
{
    (void)number;
    signals++;
}

static void limit(int resource, rlim_t value)
{
    struct rlimit limits = {value, value};
    if (setrlimit(resource, &limits))
        exit(97);
}

/* A field of /proc/self/status, in bytes; it is in KiB there. */
static rlim_t now(const char *field)
{
    char line[256];
    unsigned long value = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, field, strlen(field)) == 0)
            value = strtoul(line + strlen(field) + 1, NULL, 10);
    if (!status || !value)
        exit(96);
    fclose(status);
    return value * 1024;
}

static void each_file(const char *directory, void (*what)(const char *path))
{
    char path[4096];
    DIR *list = opendir(directory);
    for (struct dirent *entry; list && (entry = readdir(list));) {
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        if (strstr(entry->d_name, "trace"))
            what(path);
    }
    if (list)
        closedir(list);
}

static void remove_file(const char *path)
{
    unlink(path);
}

static void fill(const char *directory)
{
    static const char zeros[1024];
    char path[4096];
    snprintf(path, sizeof path, "%s/filler", directory);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    while (write(fd, zeros, sizeof zeros) > 0)
        ;
    printf("filled: %s\n", strerror(errno));
    close(fd);
    work_long();
    unlink(path);
}

static void file_size(void)
{
    signal(SIGXFSZ, count_signal);
    limit(RLIMIT_FSIZE, 64 << 10);
    work_long();
    printf("%d signals\n", signals);
}

static void descriptors(int most)
{
    limit(RLIMIT_NOFILE, (rlim_t)most);
    work_long();
    int fd = open("/dev/null", O_RDONLY);
    printf("open: %s %d\n", result(fd), fd);
    if (fd >= 0)
        close(fd);
}

/* Of what the process may do beyond others, only KEPT is left. By the C library's function, or by
 * the system call itself, which nobody sees. */
static long keep_capabilities(unsigned kept, bool seen)
{
    int capset(void *header, void *data);
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{kept, kept, 0}, {0, 0, 0}};
    return seen ? capset(&header, data) : syscall(SYS_capset, &header, data);
}

static void other_group(const char *directory)
{
    enum { GROUP = 1234 };
    if (chown(directory, 65534, GROUP) || chmod(directory, 0770) || syscall(SYS_setgid, GROUP) ||
        keep_capabilities(1u << CAP_SETGID, false))
        exit(94);
    printf("setgid: %s\n", result(setgid(65534)));
}

static void no_capabilities(const char *directory)
{
    if (chown(directory, 65534, 65534) || chmod(directory, 0700))
        exit(94);
    printf("capset: %s\n", result(keep_capabilities(0, true)));
}

static void other_names(const char *directory)
{
    long done = unshare(CLONE_NEWNS);
    if (!done)
        done = mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
    if (!done)
        done = mount("none", directory, "tmpfs", 0, NULL);
    printf("unshare: %s\n", result(done));
}

/* As a program that must not swap, and has not got the right to lock all that it likes. */
static void locked(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data))
        exit(95);
    data[0].effective &= ~(1u << CAP_IPC_LOCK);
    data[0].permitted &= ~(1u << CAP_IPC_LOCK);
    if (syscall(SYS_capset, &header, data))
        exit(95);
    limit(RLIMIT_MEMLOCK, 64 << 10);
    printf("mlockall: %s\n", result(mlockall(MCL_FUTURE)));
    for (int i = 0; i < MANY; i++)
        work_here();
}

static void in_child(void)
{
    pid_t pid = fork();
    int status = 1;
    if (pid == 0) {
        work_here();
        exit(5);
    }
    waitpid(pid, &status, 0);
    printf("child: %d\n", WEXITSTATUS(status));
    total += ROUNDS;
}

static void overflowed(int number)
{
    (void)number;
    work_here();
    static const char text[] = "the stack is full\n";
    _exit(write(1, text, sizeof text - 1) > 0 ? 7 : 1);
}

static int deeper(int depth)
{
    volatile char room[4096];
    room[0] = (char)depth;
    return depth < 0 ? 0 : deeper(depth + 1) + room[0];
}

static void overflow(void)
{
    static char stack[16384];
    stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = overflowed, .sa_flags = SA_ONSTACK};
    sigaltstack(&other, NULL);
    sigaction(SIGSEGV, &action, NULL);
    printf("%ld locks before\n", total + ROUNDS);
    fflush(stdout);
    deeper(0);
}

static bool is(const char *fault, const char *name)
{
    return strcmp(fault, name) == 0;
}

int main(int argc, char **argv)
{
    const char *fault = argc > 1 ? argv[1] : "none", *directory = argc > 2 ? argv[2] : ".";
    char other[4096];
    snprintf(other, sizeof other, "%s.other", directory);
    char *text = NULL;
    size_t size = 0;
    FILE *out = stdout;
    for (int i = 0; i < LOCKS; i++)
        pthread_mutex_init(&locks[i], NULL);
    if (is(fault, "overflow"))
        overflow();
    stdout = open_memstream(&text, &size);
    work_together();
    if (is(fault, "full")) {
        fill(directory);
    } else if (is(fault, "file-size")) {
        file_size();
    } else if (is(fault, "address-space")) {
        limit(RLIMIT_AS, now("VmSize:") + (256 << 10));
        work_here();
    } else if (is(fault, "data")) {
        limit(RLIMIT_DATA, now("VmData:") + (256 << 10));
        work_here();
    } else if (is(fault, "descriptors")) {
        descriptors(atoi(argv[3]));
    } else if (is(fault, "locked")) {
        locked();
    } else if (is(fault, "vanishes")) {
        each_file(directory, remove_file);
        printf("rmdir: %s\n", result(rmdir(directory)));
    } else if (is(fault, "replaced")) {
        printf("rename: %s\n", result(rename(directory, other)));
        printf("mkdir: %s\n", result(mkdir(directory, 0700)));
    } else if (is(fault, "unlinked")) {
        each_file(directory, remove_file);
    } else if (is(fault, "chroot")) {
        printf("chroot: %s\n", result(mkdir(other, 0700) | chroot(other) | chdir("/")));
    } else if (is(fault, "user")) {
        printf("setresuid: %s\n", result(setresuid(65534, 65534, 65534)));
    } else if (is(fault, "group")) {
        other_group(directory);
    } else if (is(fault, "capabilities")) {
        no_capabilities(directory);
    } else if (is(fault, "name-space")) {
        other_names(directory);
    } else if (is(fault, "umask")) {
        umask(0777);
        in_child();
    }
    if (!is(fault, "address-space") && !is(fault, "data") && !is(fault, "locked"))
        work_long();
    fclose(stdout);
    stdout = out;
    printf("%ld locks\n%s", total, text);
    free(text);
    return 3;
}
