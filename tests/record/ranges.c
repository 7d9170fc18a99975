/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of the C library that read and write their caller's memory. Each case has a piece of
 * `area` of its own and says which bytes of it its call reads and writes; the driver compares that
 * with what was recorded between the case's mark and the next. What is put there before is not
 * told: `put` is not instrumented.
 *
 * Lines of output: `area ADDRESS SIZE`, `marks ADDRESS`, and for each case, by its number,
 * `NUMBER NAME: r FROM SIZE w FROM SIZE ...`, offsets counted from its piece.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

enum { PIECE = 512, CASES = 160 };

static char area[CASES * PIECE] __attribute__((aligned(64)));
static volatile long marks[CASES + 1];
static char said[CASES][200];
static char *p; /* the present piece, and half of it on */
static int number;
static volatile long sink; /* or a call without effect is none */

__attribute__((no_sanitize("thread"))) static void put(char *to, const char *text, int size)
{
    for (volatile int i = 0; i < size; i++)
        ((volatile char *)to)[i] = text[i];
}

__attribute__((no_sanitize("thread"))) static void put_wide(char *to, const wchar_t *text)
{
    volatile wchar_t *at = (volatile wchar_t *)to;
    while ((*at++ = *text++))
        ;
}

__attribute__((no_sanitize("thread"))) static void put_word(char *to, uint64_t word)
{
    *(volatile uint64_t *)to = word;
}

/* The text stands in the piece at OFFSET, with its end. */
#define TEXT(offset, text)  put(p + (offset), text, sizeof(text))
#define WIDE(offset, text)  put_wide(p + (offset), text)
#define WORD(offset, value) put_word(p + (offset), (uint64_t)(value))

static void next(const char *name, const char *ranges)
{
    snprintf(said[number], sizeof said[number], "%s: %s", name, ranges);
    marks[number] = 1;
}

/* SETUP comes first; then CALL, which does just RANGES to the piece. */
#define CASE(ranges, setup, call)                                                                  \
    do {                                                                                           \
        p = area + number * PIECE;                                                                 \
        setup;                                                                                     \
        next(#call, ranges);                                                                       \
        sink = (long)(call);                                                                       \
        number++;                                                                                  \
    } while (0)

#define W(offset) ((wchar_t *)(p + (offset)))
#define BOTH      (TEXT(0, "abcdef"), TEXT(64, "abXdef"))

static void memory(void)
{
    CASE("r 64 9 w 0 9", , memcpy(p, p + 64, 9));
    CASE("r 1 9 w 0 9", , memmove(p, p + 1, 9));
    CASE("r 64 9 w 0 9", , mempcpy(p, p + 64, 9));
    CASE("r 64 9 w 0 9", , (bcopy(p + 64, p, 9), 0));
    CASE("r 64 3 w 0 3", TEXT(64, "abcdef"), memccpy(p, p + 64, 'c', 7));
    CASE("r 64 7 w 0 7", TEXT(64, "abcdef"), memccpy(p, p + 64, 'x', 7));
    CASE("r 64 6 w 0 6", , (swab(p + 64, p, 7), 0));
    CASE("w 0 11", , memset(p, 7, 11));
    CASE("w 0 11", , (bzero(p, 11), 0));
    CASE("w 0 11", , (explicit_bzero(p, 11), 0));
    CASE("r 0 3 r 64 3", BOTH, memcmp(p, p + 64, 7));
    CASE("r 0 2 r 64 2", BOTH, memcmp(p, p + 64, 2));
    CASE("r 0 3 r 64 3", BOTH, bcmp(p, p + 64, 7));
    CASE("r 0 3", TEXT(0, "abcabc"), memchr(p, 'c', 7));
    CASE("r 0 7", TEXT(0, "abcabc"), memchr(p, 'x', 7));
    CASE("r 0 3", TEXT(0, "abcabc"), rawmemchr(p, 'c'));
    CASE("r 5 2", TEXT(0, "abcabc"), memrchr(p, 'c', 7));
    CASE("r 0 7", TEXT(0, "abcabc"), memrchr(p, 'x', 7));
    CASE("r 0 5 r 64 3", (TEXT(0, "abcdef"), TEXT(64, "cde")), memmem(p, 7, p + 64, 3));
    CASE("r 0 7 r 64 3", (TEXT(0, "abcdef"), TEXT(64, "xyz")), memmem(p, 7, p + 64, 3));
    CASE("", , memmem(p, 2, p + 64, 3));
}

static void strings(void)
{
    CASE("r 0 7", TEXT(0, "abcdef"), strlen(p));
    CASE("r 0 7", TEXT(0, "abcdef"), strnlen(p, 100));
    CASE("r 0 3", TEXT(0, "abcdef"), strnlen(p, 3));
    CASE("r 0 3 r 64 3", BOTH, strcmp(p, p + 64));
    CASE("r 0 4 r 64 4", (TEXT(0, "abc"), TEXT(64, "abc")), strcmp(p, p + 64));
    CASE("r 0 2 r 64 2", BOTH, strncmp(p, p + 64, 2));
    CASE("r 0 3 r 64 3", BOTH, strncmp(p, p + 64, 20));
    CASE("r 0 4 r 64 4", (TEXT(0, "abC"), TEXT(64, "ABc")), strcasecmp(p, p + 64));
    CASE("r 0 3 r 64 3", (TEXT(0, "abd"), TEXT(64, "ABc")), strncasecmp(p, p + 64, 10));
    CASE("r 0 3 r 64 3", BOTH, strcoll(p, p + 64));
    CASE("r 0 3", TEXT(0, "abcabc"), strchr(p, 'c'));
    CASE("r 0 7", TEXT(0, "abcabc"), strchr(p, 'x'));
    CASE("r 0 7", TEXT(0, "abcabc"), strchr(p, 0));
    CASE("r 0 3", TEXT(0, "abcabc"), index(p, 'c'));
    CASE("r 0 7", TEXT(0, "abcabc"), strchrnul(p, 'x'));
    CASE("r 0 7", TEXT(0, "abcabc"), strrchr(p, 'a'));
    CASE("r 0 7", TEXT(0, "abcabc"), rindex(p, 'a'));
    CASE("r 0 5 r 64 4", (TEXT(0, "abcdef"), TEXT(64, "cde")), strstr(p, p + 64));
    CASE("r 0 7 r 64 4", (TEXT(0, "abcdef"), TEXT(64, "xyz")), strstr(p, p + 64));
    CASE("r 0 5 r 64 4", (TEXT(0, "abcdef"), TEXT(64, "CDE")), strcasestr(p, p + 64));
    CASE("r 0 3 r 64 3", (TEXT(0, "abcdef"), TEXT(64, "xc")), strpbrk(p, p + 64));
    CASE("r 0 4 r 64 4", (TEXT(0, "abcdef"), TEXT(64, "cab")), strspn(p, p + 64));
    CASE("r 0 4 r 64 3", (TEXT(0, "abcdef"), TEXT(64, "xd")), strcspn(p, p + 64));
}

static void copies(void)
{
    CASE("r 64 7 w 0 7", TEXT(64, "abcdef"), strcpy(p, p + 64));
    CASE("r 64 7 w 0 7", TEXT(64, "abcdef"), stpcpy(p, p + 64));
    CASE("r 64 7 w 0 12", TEXT(64, "abcdef"), strncpy(p, p + 64, 12));
    CASE("r 64 3 w 0 3", TEXT(64, "abcdef"), strncpy(p, p + 64, 3));
    CASE("r 64 7 w 0 12", TEXT(64, "abcdef"), stpncpy(p, p + 64, 12));
    CASE("r 0 4 r 64 7 w 3 7", (TEXT(0, "xyz"), TEXT(64, "abcdef")), strcat(p, p + 64));
    CASE("r 0 4 r 64 2 w 3 3", (TEXT(0, "xyz"), TEXT(64, "abcdef")), strncat(p, p + 64, 2));
    CASE("r 0 7", TEXT(0, "abcdef"), strdup(p));
    CASE("r 0 3", TEXT(0, "abcdef"), strndup(p, 3));
    CASE("r 0 3 w 2 1 r 64 2 w 128 8", (TEXT(0, "ab,cd"), TEXT(64, ",")),
         strtok_r(p, p + 64, (char **)(p + 128)));
    CASE("r 128 8 r 0 6 r 64 2 w 128 8", (TEXT(0, "abcde"), TEXT(64, ","), WORD(128, p)),
         strtok_r(NULL, p + 64, (char **)(p + 128)));
    CASE("r 128 8 r 0 3 w 2 1 r 64 2 w 128 8", (TEXT(0, "ab,cd"), TEXT(64, ","), WORD(128, p)),
         strsep((char **)(p + 128), p + 64));
    CASE("r 128 8 r 0 3 r 64 2 w 128 8", (TEXT(0, "ab"), TEXT(64, ","), WORD(128, p)),
         strsep((char **)(p + 128), p + 64));
    CASE("r 128 8", , strsep((char **)(p + 128), p + 64));
}

static void numbers(void)
{
    CASE("r 0 4 w 64 8", TEXT(0, "123x5"), strtol(p, (char **)(p + 64), 10));
    CASE("r 0 6", TEXT(0, " -123"), strtoull(p, NULL, 0));
    CASE("", TEXT(0, "123"), strtol(p, NULL, 99));
    CASE("r 0 4 w 64 8", TEXT(0, "1.5"), strtod(p, (char **)(p + 64)));
    CASE("r 0 4", TEXT(0, "1.5"), strtof(p, NULL));
    CASE("r 0 3", TEXT(0, "12"), atoi(p));
    CASE("r 0 3", TEXT(0, "12"), atol(p));
    CASE("r 0 4", TEXT(0, "1.5"), atof(p));
}

static void wide(void)
{
    CASE("r 64 12 w 0 12", , wmemcpy(W(0), W(64), 3));
    CASE("r 64 12 w 0 12", , wmemmove(W(0), W(64), 3));
    CASE("w 0 12", , wmemset(W(0), L'x', 3));
    CASE("r 0 8 r 64 8", (WIDE(0, L"ab"), WIDE(64, L"ax")), wmemcmp(W(0), W(64), 3));
    CASE("r 0 8", WIDE(0, L"abc"), wmemchr(W(0), L'b', 4));
    CASE("r 0 16", WIDE(0, L"abc"), wcslen(W(0)));
    CASE("r 0 8", WIDE(0, L"abc"), wcsnlen(W(0), 2));
    CASE("r 64 16 w 0 16", WIDE(64, L"abc"), wcscpy(W(0), W(64)));
    CASE("r 64 16 w 0 24", WIDE(64, L"abc"), wcsncpy(W(0), W(64), 6));
    CASE("r 0 8 r 64 16 w 4 16", (WIDE(0, L"x"), WIDE(64, L"abc")), wcscat(W(0), W(64)));
    CASE("r 0 8 r 64 8", (WIDE(0, L"ab"), WIDE(64, L"ax")), wcscmp(W(0), W(64)));
    CASE("r 0 4 r 64 4", (WIDE(0, L"ab"), WIDE(64, L"ax")), wcsncmp(W(0), W(64), 1));
    CASE("r 0 8", WIDE(0, L"abc"), wcschr(W(0), L'b'));
    CASE("r 0 16", WIDE(0, L"abc"), wcsrchr(W(0), L'b'));
    CASE("r 0 12 r 64 8", (WIDE(0, L"abc"), WIDE(64, L"c")), wcsstr(W(0), W(64)));
    CASE("r 0 16", WIDE(0, L"abc"), wcsdup(W(0)));
}

/* What calls become with _FORTIFY_SOURCE. */
void *__memcpy_chk(void *, const void *, size_t, size_t);
void *__memmove_chk(void *, const void *, size_t, size_t);
void *__mempcpy_chk(void *, const void *, size_t, size_t);
void *__memset_chk(void *, int, size_t, size_t);
void __explicit_bzero_chk(void *, size_t, size_t);
char *__strcpy_chk(char *, const char *, size_t);
char *__stpcpy_chk(char *, const char *, size_t);
char *__strncpy_chk(char *, const char *, size_t, size_t);
char *__stpncpy_chk(char *, const char *, size_t, size_t);
char *__strcat_chk(char *, const char *, size_t);
char *__strncat_chk(char *, const char *, size_t, size_t);
wchar_t *__wmemcpy_chk(wchar_t *, const wchar_t *, size_t, size_t);
wchar_t *__wmemset_chk(wchar_t *, wchar_t, size_t, size_t);
wchar_t *__wcscpy_chk(wchar_t *, const wchar_t *, size_t);
wchar_t *__wcsncpy_chk(wchar_t *, const wchar_t *, size_t, size_t);
wchar_t *__wcscat_chk(wchar_t *, const wchar_t *, size_t);
int __sprintf_chk(char *, int, size_t, const char *, ...);
int __snprintf_chk(char *, size_t, int, size_t, const char *, ...);
int __asprintf_chk(char **, int, const char *, ...);

static void checked(void)
{
    CASE("r 64 9 w 0 9", , __memcpy_chk(p, p + 64, 9, 9));
    CASE("r 1 9 w 0 9", , __memmove_chk(p, p + 1, 9, 9));
    CASE("r 64 9 w 0 9", , __mempcpy_chk(p, p + 64, 9, 60));
    CASE("w 0 11", , __memset_chk(p, 7, 11, 11));
    CASE("w 0 11", , (__explicit_bzero_chk(p, 11, 11), 0));
    CASE("r 64 7 w 0 7", TEXT(64, "abcdef"), __strcpy_chk(p, p + 64, 7));
    CASE("r 64 7 w 0 7", TEXT(64, "abcdef"), __stpcpy_chk(p, p + 64, 60));
    CASE("r 64 7 w 0 12", TEXT(64, "abcdef"), __strncpy_chk(p, p + 64, 12, 12));
    CASE("r 64 7 w 0 12", TEXT(64, "abcdef"), __stpncpy_chk(p, p + 64, 12, 60));
    CASE("r 0 4 r 64 7 w 3 7", (TEXT(0, "xyz"), TEXT(64, "abcdef")), __strcat_chk(p, p + 64, 10));
    CASE("r 0 4 r 64 2 w 3 3", (TEXT(0, "xyz"), TEXT(64, "abcdef")),
         __strncat_chk(p, p + 64, 2, 6));
    CASE("r 64 12 w 0 12", , __wmemcpy_chk(W(0), W(64), 3, 3));
    CASE("w 0 12", , __wmemset_chk(W(0), L'x', 3, 3));
    CASE("r 64 16 w 0 16", WIDE(64, L"abc"), __wcscpy_chk(W(0), W(64), 4));
    CASE("r 64 16 w 0 24", WIDE(64, L"abc"), __wcsncpy_chk(W(0), W(64), 6, 6));
    CASE("r 0 8 r 64 16 w 4 16", (WIDE(0, L"x"), WIDE(64, L"abc")), __wcscat_chk(W(0), W(64), 5));
    CASE("w 0 4", , __sprintf_chk(p, 1, 4, "%d", 123));
    CASE("w 0 3", , __snprintf_chk(p, 3, 1, 3, "%d", 12345));
    CASE("w 0 8", , __asprintf_chk((char **)p, 1, "%d", 12345));
}

static void formats(void)
{
    CASE("w 0 4", , sprintf(p, "%d", 123));
    CASE("w 0 4", , snprintf(p, 10, "%d", 123));
    CASE("w 0 3", , snprintf(p, 3, "%d", 12345));
    CASE("", , snprintf(NULL, 0, "%d", 12345));
    CASE("w 0 8", , asprintf((char **)p, "%d", 12345));
    CASE("w 0 16", , swprintf(W(0), 10, L"%d", 123));
}

static void times(void)
{
    CASE("r 64 8 w 0 56", , gmtime_r((time_t *)(p + 64), (struct tm *)p));
    CASE("r 64 8 w 0 56", , localtime_r((time_t *)(p + 64), (struct tm *)p));
    CASE("r 64 8 w 0 26", , ctime_r((time_t *)(p + 64), p));
    CASE("r 64 56 w 0 11", put(p + 64 + 12, "\1", 1),
         strftime(p, 50, "%Y-%m-%d", (struct tm *)(p + 64)));
    CASE("w 0 16", , clock_gettime(CLOCK_REALTIME, (struct timespec *)p));
    CASE("w 0 16", , gettimeofday((struct timeval *)p, NULL));
    CASE("w 0 8", , time((time_t *)p));
    CASE("w 0 144", , stat("/", (struct stat *)p));
    CASE("w 0 144", , fstat(1, (struct stat *)p));
    CASE("", , stat("/no such file", (struct stat *)p));
    CASE("r 64 4 w 0 8", , inet_ntop(AF_INET, p + 64, p, 20));
    CASE("r 64 10 w 0 4", TEXT(64, "127.0.0.1"), inet_pton(AF_INET, p + 64, p));
}

#define PART(index, offset, length)                                                                \
    (WORD(128 + 16 * (index), p + (offset)), WORD(136 + 16 * (index), length))
#define PARTS      ((struct iovec *)(p + 128))
#define MESSAGE    ((struct msghdr *)(p + 192))
#define AS_MESSAGE (PART(0, 0, 2L), PART(1, 32, 30L), WORD(192 + 16, p + 128), WORD(192 + 24, 2L))

static void descriptors(void)
{
    int ends[2], pair[2], file = open("/proc/self/exe", O_RDONLY), null = open("/dev/null", O_RDWR);
    if (pipe(ends) || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
        exit(1);
    CASE("w 0 8", , pipe((int *)p));
    CASE("w 0 8", , pipe2((int *)p, O_CLOEXEC));
    CASE("w 0 8", , socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)p));
    CASE("r 0 9", , write(ends[1], p, 9));
    CASE("w 0 9", , read(ends[0], p, 100));
    CASE("r 0 11", , write(null, p, 11));
    CASE("", , write(-1, p, 11));
    CASE("", , read(null, p, 11));
    CASE("w 0 100", , read(file, p, 100));
    CASE("w 0 100", , pread(file, p, 100, 3));
    CASE("r 128 32 r 0 2 r 32 7", (PART(0, 0, 2L), PART(1, 32, 7L)), writev(ends[1], PARTS, 2));
    CASE("r 128 32 w 0 2 w 32 7", (PART(0, 0, 2L), PART(1, 32, 20L)), readv(ends[0], PARTS, 2));
    CASE("r 128 32 r 0 2 r 32 7", (PART(0, 0, 2L), PART(1, 32, 7L)), writev(null, PARTS, 2));
    CASE("r 128 32 w 0 2 w 32 20", (PART(0, 0, 2L), PART(1, 32, 20L)), preadv(file, PARTS, 2, 0));
    CASE("r 0 7", , send(pair[0], p, 7, 0));
    CASE("w 0 7", , recv(pair[1], p, 100, 0));
    CASE("r 192 56 r 128 32 r 0 2 r 32 30", AS_MESSAGE, sendmsg(pair[0], MESSAGE, 0));
    CASE("r 192 56 r 128 32 w 0 2 w 32 30 w 240 4", AS_MESSAGE, recvmsg(pair[1], MESSAGE, 0));
    int event = eventfd(3, 0), epoll = epoll_create1(0);
    struct epoll_event interest = {.events = EPOLLIN};
    if (event < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, event, &interest))
        exit(1);
    CASE("w 0 12", , epoll_wait(epoll, (struct epoll_event *)p, 4, 0));
    CASE("r 0 8 w 6 2", (put(p, (char *)&event, 4), put(p + 4, "\1", 2)),
         poll((struct pollfd *)p, 1, 0));
    CASE("w 0 8", , eventfd_read(event, (eventfd_t *)p));
}

static void streams(void)
{
    FILE *file = fopen("/proc/self/exe", "r"), *null = fopen("/dev/null", "w");
    FILE *lines = fmemopen((char[]){"first\nsecond\nthird"}, 18, "r");
    if (!file || !null || !lines)
        exit(1);
    CASE("w 0 30", , fread(p, 10, 3, file));
    CASE("r 0 30", , fwrite(p, 10, 3, null));
    CASE("r 0 4", TEXT(0, "abc"), fputs(p, null));
    CASE("w 0 7", , fgets(p, 100, lines));
    CASE("r 0 8 r 8 8 w 0 8 w 8 8", , getline((char **)p, (size_t *)(p + 8), lines));
    CASE("w 0 4", , fgets(p, 4, lines));
}

int main(void)
{
    memory();
    strings();
    copies();
    numbers();
    wide();
    checked();
    formats();
    times();
    descriptors();
    streams();
    marks[number] = 1;
    printf("area %p %d\nmarks %p\n", (void *)area, PIECE, (void *)marks);
    for (int i = 0; i < number; i++)
        printf("%d %s\n", i, said[i]);
    return 0;
}
