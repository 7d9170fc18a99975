/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing, by descriptors and by streams: results, errno, what is left where. */
#define _GNU_SOURCE
#include "say.h"
#include "tests/order/order.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

static char bytes[1 << 17];
static void *volatile nowhere = (void *)8;

static void pipes(void)
{
    int ends[2];
    SAY(pipe(ends));
    SAY(write(ends[1], "abcdef", 6));
    SAY(read(ends[0], bytes, 4));
    SAY(read(ends[0], bytes, 0));
    SAY(read(ends[0], bytes, 100));
    SAY(read(ends[0], NULL, 0));
    SAY(write(ends[1], nowhere, 5));
    SAY(pread(ends[0], bytes, 1, 0));
    SAY(read(ends[1], bytes, 1));
    SAY(fcntl(ends[0], F_SETFL, O_NONBLOCK));
    SAY(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
    SAY(read(ends[0], bytes, 1));
    SAY(fcntl(ends[1], F_SETFL, O_NONBLOCK));
    SAY(fcntl(ends[1], F_SETPIPE_SZ, 65536));
    SAY(write(ends[1], bytes, sizeof bytes));
    SAY(write(ends[1], bytes, 1));
    struct iovec parts[2] = {{bytes, 3}, {bytes + 10, 5}};
    SAY(readv(ends[0], parts, 2));
    volatile int too_few = -1;
    SAY(readv(ends[0], parts, too_few));
    SAY(read(ends[0], bytes, sizeof bytes));
    SAY(writev(ends[1], parts, 2));
    SAY(preadv2(ends[0], parts, 1, -1, RWF_NOWAIT | 0x4000000));
    SAY(preadv2(ends[0], parts, 2, -1, 0));
    SAY(close(ends[1]));
    SAY(read(ends[0], bytes, 1));
    SAY(close(ends[0]));
    SAY(close(ends[0]));
    SAY(read(ends[0], bytes, 1));
    SAY(write(ends[1], bytes, 1));
    SAY(read(-1, bytes, 1));
    SAY(close(-1));
    SAY(pipe2(ends, O_CLOEXEC | O_NONBLOCK));
    SAY(fcntl(ends[0], F_GETFD));
    signal(SIGPIPE, SIG_IGN);
    SAY(close(ends[0]));
    SAY(write(ends[1], bytes, 1));
    SAY(close(ends[1]));
    SAY(pipe2(ends, 1 << 30));
}

static void copies(void)
{
    int ends[2];
    MUST(pipe(ends) == 0);
    SAY(dup(ends[0]));
    SAY(dup(-1));
    SAY(dup2(ends[1], 20));
    SAY(dup2(ends[1], ends[1]));
    SAY(dup2(-1, 20));
    SAY(dup2(ends[0], -1));
    SAY(dup3(ends[1], 21, O_CLOEXEC));
    SAY(dup3(ends[1], ends[1], 0));
    SAY(dup3(ends[1], 22, 1 << 30));
    SAY(fcntl(21, F_GETFD));
    SAY(fcntl(ends[1], F_DUPFD, 30));
    SAY(fcntl(ends[1], F_DUPFD_CLOEXEC, 30));
    SAY(fcntl(-1, F_DUPFD, 30));
    SAY(fcntl(ends[1], 12345, 0));
    SAY(write(20, "1", 1));
    SAY(write(30, "2", 1));
    SAY(read(ends[0], bytes, 9));
    SAY(close_range(20, 29, 0));
    SAY(close_range(30, 20, 0));
    SAY(write(20, "1", 1));
    SAY(close_range(30, 31, CLOSE_RANGE_CLOEXEC));
    SAY(write(31, "1", 1));
    SAY(fcntl(30, F_GETFD));
    closefrom(30);
    SAY(write(31, "1", 1));
    struct rlimit limit = {64, 64};
    MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    SAY(dup2(ends[0], 64));
    SAY(fcntl(ends[0], F_DUPFD, 64));
}

static void files(void)
{
    int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600), ends[2];
    MUST(fd >= 0 && pipe(ends) == 0);
    SAY(write(fd, "0123456789", 10));
    SAY(read(fd, bytes, 1));
    SAY(lseek(fd, 2, SEEK_SET));
    SAY(read(fd, bytes, 3));
    SAY(sendfile(ends[1], fd, NULL, 100));
    off_t at = 0;
    SAY(sendfile(ends[1], fd, &at, 4));
    SAY(at);
    SAY(read(ends[0], bytes, 100));
    SAY(sendfile(fd, ends[0], NULL, 100));
    SAY(write(ends[1], "xyz", 3));
    SAY(tee(ends[0], ends[0], 3, 0));
    SAY(splice(ends[0], NULL, fd, NULL, 3, 0));
    SAY(splice(ends[0], NULL, fd, NULL, 3, SPLICE_F_NONBLOCK));
    struct iovec part = {"vm", 2};
    SAY(vmsplice(ends[1], &part, 1, 0));
    SAY(read(ends[0], bytes, 100));
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    SAY(fcntl(fd, F_SETLKW, &lock));
    SAY(fcntl(fd, F_SETLK, &lock));
    SAY(fcntl(fd, F_OFD_SETLKW, nowhere));
    SAY(fcntl(fd, F_SETLKW, nowhere));
    SAY(lockf(fd, F_ULOCK, 0));
    SAY(lockf(fd, F_TLOCK, 0));
    SAY(lockf(fd, F_LOCK, 0));
    SAY(read(open(".", O_RDONLY), bytes, 1));
    SAY(read(open("/dev/null", O_RDWR), bytes, 1));
    SAY(mkfifo("fifo", 0600));
    int fifo = open("fifo", O_RDWR);
    SAY(write(fifo, "fifo", 4));
    SAY(read(fifo, bytes, 100));
    DIR *directory = opendir(".");
    SAY(closedir(directory));
    DIR *volatile none = NULL;
    SAY(closedir(none));
    SAY(syscall(SYS_write, ends[1], "sys", 3));
    SAY(syscall(SYS_read, ends[0], bytes, 100));
    SAY(syscall(SYS_close, ends[0]));
    SAY(syscall(SYS_read, ends[0], bytes, 100));
    SAY(syscall(100000, 1, 2, 3, 4, 5, 6));
}

static void streams(void)
{
    char *line = NULL;
    size_t size = 0;
    int ends[2], number = 0;
    MUST(pipe(ends) == 0);
    FILE *in = fdopen(ends[0], "r"), *out = fdopen(ends[1], "w");
    SAY(fprintf(out, "%s %d\n", "one", 2));
    SAY(fputs("two\nthree\n", out));
    SAY(fputc('x', out));
    SAY(putc('y', out));
    SAY(fwrite("four\n12 13\n", 1, 11, out));
    SAY(fflush(out));
    SAY(fgets(bytes, 100, in) == bytes);
    SAY(getline(&line, &size, in));
    SAY(getdelim(&line, &size, 'r', in));
    SAY(fgetc(in));
    SAY(getc(in));
    SAY(fread(bytes, 1, 2, in));
    SAY(getline(&line, &size, in));
    SAY(fscanf(in, "%d", &number));
    SAY(number);
    SAY(fscanf(in, "%d%*c", &number));
    SAY(dprintf(ends[1], "%d-%d", 1, 2));
    SAY(fclose(out));
    SAY(fread(bytes, 1, 100, in));
    SAY(feof(in));
    SAY(fgetc(in));
    SAY(fgets(bytes, 100, in) == NULL);
    SAY(getline(&line, &size, in));
    SAY(fclose(in));
    SAY(dprintf(ends[1], "%d-%d", 1, 2));
    out = fopen("/dev/full", "w");
    SAY(fprintf(out, "%d\n", 1));
    SAY(fflush(out));
    SAY(fclose(out));
    char *memory;
    out = open_memstream(&memory, &size);
    SAY(fprintf(out, "%d\n", 1));
    SAY(fclose(out));
    SAY(size);
    FILE *command = popen("echo said; exit 3", "r");
    SAY(fgets(bytes, 100, command) == bytes);
    SAY(fgets(bytes, 100, command) == NULL);
    SAY(pclose(command));
    command = popen("cat >copied", "w");
    SAY(fputs("copy me\n", command));
    SAY(pclose(command));
    in = fopen("copied", "r");
    SAY(fgets(bytes, 100, in) == bytes);
    in = freopen("/dev/null", "r", in);
    SAY(fgets(bytes, 100, in) == NULL);
    SAY(fflush(NULL));
    SAY(puts("puts"));
    SAY(putchar('\n'));
    SAY(getchar());
    SAY(scanf("%d", &number));
}

/* Interrupted, and cancelled, while there is nothing to read. */

static int empty[2];

static void nothing(int number)
{
    (void)number;
}

static void *reads(void *how)
{
    order_sit(*(int *)how);
    SAY(read(empty[0], bytes, 10));
    return NULL;
}

static void interrupted(void)
{
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGUSR1, &action, NULL);
    MUST(pipe(empty) == 0);
    int first = 1, second = 2;
    pthread_t thread = make_thread(reads, &first);
    order_await_call(1, SYS_read);
    MUST(pthread_kill(thread, SIGUSR1) == 0);
    SAY(pthread_join(thread, NULL));
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, NULL);
    thread = make_thread(reads, &second);
    order_await_call(2, SYS_read);
    pthread_kill(thread, SIGUSR1);
    MUST(write(empty[1], "abc", 3) == 3);
    SAY(pthread_join(thread, NULL));
}

static void cleanup(void *name)
{
    printf("cleanup of %s\n", (char *)name);
}

static int seat = 10;

static void *reads_for_ever(void *how)
{
    pthread_setcanceltype(*(int *)how, NULL);
    order_sit(seat);
    pthread_cleanup_push(cleanup, "read");
    printf("%zd\n", read(empty[0], bytes, 10));
    pthread_cleanup_pop(0);
    return NULL;
}

static void *gets_for_ever(void *how)
{
    pthread_setcanceltype(*(int *)how, NULL);
    FILE *in = fdopen(dup(empty[0]), "r");
    order_sit(seat);
    pthread_cleanup_push(cleanup, "fgets");
    printf("%d\n", fgets(bytes, 10, in) != NULL);
    pthread_cleanup_pop(0);
    return NULL;
}

static void *writes_for_ever(void *how)
{
    pthread_setcanceltype(*(int *)how, NULL);
    order_sit(seat);
    pthread_cleanup_push(cleanup, "write");
    for (;;)
        MUST(write(empty[1], bytes, sizeof bytes) > 0);
    pthread_cleanup_pop(0);
    return NULL;
}

static void cancel_blocked(void *(*routine)(void *), int call)
{
    int types[] = {PTHREAD_CANCEL_DEFERRED, PTHREAD_CANCEL_ASYNCHRONOUS};
    for (int i = 0; i < 2; i++) {
        void *result;
        MUST(pipe(empty) == 0);
        seat++;
        pthread_t thread = make_thread(routine, &types[i]);
        order_await_call(seat, call);
        MUST(pthread_cancel(thread) == 0);
        SAY(pthread_join(thread, &result));
        printf("cancelled: %d\n", result == PTHREAD_CANCELED);
    }
}

static void *pending(void *which)
{
    MUST(pthread_cancel(pthread_self()) == 0);
    switch (*(int *)which) {
    case 0:
        read(empty[0], bytes, 1);
        break;
    case 1:
        write(empty[1], bytes, 1);
        break;
    case 2:
        readv(empty[0], &(struct iovec){bytes, 1}, 1);
        break;
    case 3:
        fcntl(empty[0], F_GETFL);
        break;
    case 4:
        dup(empty[0]);
        break;
    case 5:
        close(dup(empty[0]));
        break;
    case 6:
        syscall(SYS_read, empty[0], bytes, 1);
        break;
    case 7:
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
        read(empty[0], bytes, 1);
        break;
    }
    return NULL;
}

static void cancelled(void)
{
    cancel_blocked(reads_for_ever, SYS_read);
    cancel_blocked(gets_for_ever, SYS_read);
    cancel_blocked(writes_for_ever, SYS_write);
    MUST(pipe(empty) == 0 && write(empty[1], bytes, 1000) == 1000);
    for (int i = 0; i < 8; i++)
        printf("%d: cancelled %d\n", i, elsewhere(pending, &i) == PTHREAD_CANCELED);
}

int main(int argc, char **argv)
{
    return say_cases((struct say_case[]){{"pipes", pipes},
                                         {"copies", copies},
                                         {"files", files},
                                         {"streams", streams},
                                         {"interrupted", interrupted},
                                         {"cancelled", cancelled},
                                         {NULL, NULL}},
                     argc, argv);
}
