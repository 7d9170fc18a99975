/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the C library does with its caller's memory: the same results and errors, and no byte more
 * that is touched. Texts stand at the end of a page behind which there is none.
 */
#define _GNU_SOURCE
#include "say.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <wchar.h>

enum { PAGE = 4096 };

static char area[256];
static void *volatile nowhere = (void *)8;

/* SIZE bytes that end where the page ends. */
static char *at_the_end(const char *bytes, size_t size)
{
    char *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(page != MAP_FAILED && munmap(page + PAGE, PAGE) == 0);
    return memcpy(page + PAGE - size, bytes, size);
}

#define END(text)        at_the_end(text, sizeof(text))     /* with its end */
#define BYTES(text)      at_the_end(text, sizeof(text) - 1) /* without one */
#define WEND(text)       ((wchar_t *)at_the_end((const char *)(text), sizeof(text)))
#define SIGN(value)      (((value) > 0) - ((value) < 0))
#define TELL(expression) printf("%s: %s\n", #expression, (expression))

/* Where what was found is, or -1. */
static long from(const void *base, const void *found)
{
    return found ? (const char *)found - (const char *)base : -1;
}

static void memory(void)
{
    char *abc = BYTES("abcabc"), *other = BYTES("abX");
    SAY(SIGN(memcmp(abc, other, 3)));
    SAY(SIGN(bcmp(abc, abc, 6)));
    SAY(from(abc, memchr(abc, 'c', 6)));
    SAY(from(abc, memchr(abc, 'x', 6)));
    SAY(from(abc, rawmemchr(abc, 'c')));
    SAY(from(abc, memrchr(abc, 'a', 6)));
    SAY(from(abc, memmem(abc, 6, "ca", 2)));
    SAY(from(abc, memmem(abc, 6, other, 3)));
    SAY(from(abc, memmem(abc, 6, "", 0)));
    SAY(from(abc, mempcpy(abc, other, 3)));
    SAY(from(abc, memccpy(abc, other, 'X', 100)));
    SAY(from(abc, memccpy(abc, other, 'z', 3)));
    bcopy(abc, abc + 1, 5);
    swab(abc, area, 6);
    SAY(SIGN(memcmp(area, abc, 6)));
    bzero(abc, 6);
    explicit_bzero(other, 3);
    SAY(abc[0] + abc[5] + other[2]);
    volatile size_t none = 0;
    SAY(from(abc, memset(abc, 1, none)));
}

static void strings(void)
{
    char *abc = END("abcabc"), *part = BYTES("abX");
    SAY(strlen(abc));
    SAY(strnlen(part, 3));
    SAY(SIGN(strcmp(abc, END("abcabd"))));
    SAY(SIGN(strcmp(abc, END("abd"))));
    SAY(SIGN(strncmp(abc, part, 3)));
    SAY(SIGN(strcasecmp(abc, END("ABCabC"))));
    SAY(SIGN(strncasecmp(part, END("ABxyz"), 3)));
    SAY(SIGN(strcoll(abc, END("abd"))));
    SAY(from(abc, strchr(abc, 'c')));
    SAY(from(abc, strchr(abc, 'x')));
    SAY(from(abc, index(abc, 'b')));
    SAY(from(abc, strchrnul(abc, 'x')));
    SAY(from(abc, strrchr(abc, 'b')));
    SAY(from(abc, rindex(abc, 'x')));
    SAY(from(abc, strstr(abc, END("ca"))));
    SAY(from(abc, strstr(abc, END("cx"))));
    SAY(from(abc, strcasestr(abc, END("CA"))));
    SAY(from(abc, strpbrk(abc, END("xc"))));
    SAY(strspn(abc, END("ba")));
    SAY(strcspn(abc, END("xyz")));
    char *to = BYTES("0123456789");
    SAY(from(to, strcpy(to + 3, abc)));
    SAY(from(to, stpcpy(to + 3, abc)));
    SAY(from(to, strncpy(to, part, 3)));
    SAY(from(to, stpncpy(to, abc, 10)));
    TELL(strcpy(to, "xyz"));
    TELL(strcat(to, abc));
    TELL(strcpy(to, "xyz"));
    TELL(strncat(to, part, 3));
    TELL(strdup(abc));
    TELL(strndup(part, 3));
}

static void pieces(void)
{
    static const char *const texts[] = {"a,b;;c", ",;,", "", "abc", "abc,", ",abc"};
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *text = at_the_end(texts[i], strlen(texts[i]) + 1), *rest = text, *piece;
        while ((piece = strsep(&rest, ",;")))
            printf("piece '%s', rest %ld\n", piece, (long)from(text, rest));
        text = at_the_end(texts[i], strlen(texts[i]) + 1);
        for (piece = strtok_r(text, ",;", &rest); piece; piece = strtok_r(NULL, ",;", &rest))
            printf("token '%s', rest %ld\n", piece, (long)from(text, rest));
        printf("rest %ld\n", (long)from(text, rest));
    }
    char *none = NULL;
    SAY(strsep(&none, ","));
}

static void numbers(void)
{
    static const char *const texts[] = {"12x",     " -7", "",    "0x1f",   "99999999999999999999",
                                        "1e400",   "inf", "077", "nan(x)", "+",
                                        "infinity"};
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *text = at_the_end(texts[i], strlen(texts[i]) + 1), *end = NULL;
        printf("'%s':\n", text);
        SAY(strtol(text, &end, 0));
        SAY(from(text, end));
        SAY(strtoul(text, NULL, 10));
        SAY(strtoll(text, &end, 16));
        SAY(strtoull(text, &end, 36));
        SAY(strtoimax(text, &end, 8));
        SAY(strtoumax(text, &end, 0));
        SAY(printf("%g\n", strtod(text, &end)));
        SAY(from(text, end));
        SAY(printf("%g\n", (double)strtof(text, NULL)));
        SAY(printf("%Lg\n", strtold(text, &end)));
        SAY(atoi(text));
        SAY(atol(text));
        SAY(atoll(text));
        SAY(printf("%g\n", atof(text)));
    }
    char *end = area;
    volatile int base = 99;
    SAY(strtol("12", &end, base));
    SAY(from(area, end));
}

static void wide(void)
{
    wchar_t *abc = WEND(L"abcabc"), *to = WEND(L"0123456789");
    SAY(wcslen(abc));
    SAY(wcsnlen(abc, 3));
    SAY(SIGN(wcscmp(abc, WEND(L"abd"))));
    SAY(SIGN(wcsncmp(abc, WEND(L"abd"), 2)));
    SAY(from(abc, wcschr(abc, L'c')));
    SAY(from(abc, wcsrchr(abc, L'x')));
    SAY(from(abc, wcsstr(abc, WEND(L"ca"))));
    SAY(SIGN(wmemcmp(abc, WEND(L"abd"), 3)));
    SAY(from(abc, wmemchr(abc, L'x', 7)));
    SAY(from(to, wcpcpy(to, abc)));
    SAY(from(to, wcscpy(to, abc)));
    SAY(from(to, wcsncpy(to, abc, 11)));
    SAY(from(to, wcpncpy(to, abc, 11)));
    SAY(from(to, wcscat(to, L"xyz")));
    to[0] = 0;
    SAY(from(to, wcsncat(to, abc, 4)));
    SAY(wcslen(to));
    SAY(from(to, wmemcpy(to, abc, 7)));
    SAY(from(to, wmemmove(to, to + 1, 7)));
    SAY(from(to, wmempcpy(to, abc, 7)));
    SAY(from(to, wmemset(to, L'x', 11)));
    SAY(wcslen(wcsdup(abc)));
    SAY(swprintf(to, 11, L"%ls", abc));
    SAY(swprintf(to, 3, L"%ls", abc));
}

static void formats(void)
{
    char *to = BYTES("0123456789"), *block = NULL;
    volatile size_t most = 5;
    SAY(sprintf(to, "%d:%s", 12, "abc"));
    SAY(snprintf(to, most, "%d:%s", 12345, "abc"));
    TELL(to);
    SAY(snprintf(NULL, 0, "%f", 1.5));
    SAY(asprintf(&block, "%s %Lg %p", "text", 1.5L, (void *)0));
    TELL(block);
    setlocale(LC_ALL, "C");
    volatile wint_t strange = 0x4e00;
    SAY(snprintf(to, most, "%lc", strange));
}

static void times(void)
{
    time_t then = 86400 * 365, huge = INT64_MAX;
    struct tm tm,
        *end = (struct tm *)BYTES("0123456789012345678901234567890123456789012345678901234"
                                  "5");
    setenv("TZ", "UTC", 1);
    SAY(gmtime_r(&then, end) == end);
    SAY(localtime_r(&then, &tm) == &tm);
    SAY(gmtime_r(&huge, &tm));
    TELL(asctime_r(end, area));
    TELL(ctime_r(&then, area));
    SAY(strftime(area, sizeof area, "%c", end));
    SAY(strftime(area, 3, "%c", end));
    SAY(mktime(end));
    tm.tm_year = INT32_MAX;
    SAY(mktime(&tm));
    struct timespec now;
    struct timeval day;
    SAY(clock_gettime(CLOCK_MONOTONIC, &now));
    volatile int unknown = 4711;
    SAY(clock_gettime(unknown, &now));
    SAY(gettimeofday(&day, NULL));
    SAY(time(NULL) >= day.tv_sec);
}

static void files(void)
{
    struct stat status;
    SAY(stat("/", &status));
    SAY(lstat("/no such file", &status));
    SAY(fstat(-1, &status));
    SAY(fstatat(AT_FDCWD, "/", &status, 0));
    SAY(stat(nowhere, &status));
    SAY(stat("/", nowhere));
    SAY(inet_pton(AF_INET, "127.0.0.1", area));
    SAY(inet_pton(AF_INET6, "::x", area));
    SAY(inet_pton(4711, "::1", area));
    SAY(from(area, inet_ntop(AF_INET, "\1\2\3\4", area, sizeof area)));
    SAY(from(area, inet_ntop(AF_INET, "\1\2\3\4", area, 3)));
    SAY(getsockname(-1, NULL, NULL));
    int pair[2];
    SAY(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    socklen_t size = sizeof area;
    SAY(getsockname(pair[0], (struct sockaddr *)area, &size));
    SAY(getpeername(pair[0], (struct sockaddr *)area, nowhere));
    SAY(size);
}

/* Memory that is not there is the system's to refuse. */
static void bad_memory(void)
{
    int pair[2], file = open("/dev/zero", O_RDWR);
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && file >= 0);
    struct msghdr message = {.msg_iov = nowhere, .msg_iovlen = 2};
    struct iovec parts[2] = {{area, 4}, {nowhere, 4}};
    char *end = BYTES("abcd");
    SAY(write(pair[0], nowhere, 5));
    SAY(writev(pair[0], nowhere, 2));
    SAY(writev(pair[0], parts, 2));
    volatile int too_many = 5000;
    SAY(writev(pair[0], parts, too_many));
    SAY(sendmsg(pair[0], nowhere, 0));
    SAY(sendmsg(pair[0], &message, 0));
    SAY(send(pair[0], nowhere, 5, 0));
    SAY(sendmmsg(pair[0], nowhere, 3, 0));
    SAY(recv(pair[1], end, 100, MSG_DONTWAIT));
    SAY(recv(pair[1], end, 4, MSG_DONTWAIT | MSG_TRUNC));
    SAY(recvmsg(pair[1], nowhere, MSG_DONTWAIT));
    SAY(readv(pair[1], nowhere, 2));
    SAY(preadv(file, nowhere, 2, 0));
    SAY(pread(file, nowhere, 2, 0));
    SAY(pread(file, end, 4, 0));
    SAY(pread(file, area, 4, -1));
    SAY(pwrite(file, end, 4, 0));
    SAY(pwrite(pair[0], end, 4, 0));
    SAY(pipe(nowhere));
    SAY(accept(pair[0], nowhere, nowhere));
}

int main(int argc, char **argv)
{
    static const struct say_case cases[] = {
        {"memory", memory},   {"strings", strings}, {"pieces", pieces},
        {"numbers", numbers}, {"wide", wide},       {"formats", formats},
        {"times", times},     {"files", files},     {"bad-memory", bad_memory},
        {NULL, NULL}};
    return say_cases(cases, argc, argv);
}
