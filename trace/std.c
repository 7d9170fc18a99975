/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A window of the text at a time is read behind what was left of the last line. Lines of the usual
 * form, up to 64 bytes without blanks, are split without a loop: a vector comparison finds bars and
 * the line's end, one word of eight bytes says which operation it is, another whether the location
 * is a number. All others go through any_line, which knows the rules and what to say of a fault.
 *
 * Names are numbered by batches: while a batch of lines is split, the slots that its names will
 * need are on their way from memory.
 */
#define _GNU_SOURCE
#include "trace/std.h"

#include "trace/dictionary.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Bytes behind the text that may be read, and are 0. */
enum { SLACK = 64, BATCH = 32, LOCATION_DIGITS = 8 };

struct tr_std {
    char *path; /* or NULL */
    int fd;     /* or -1: */
    const char *bytes;
    uint64_t size, taken; /* of the source; 0: not known */
    size_t window;
    char *buffer;
    size_t room; /* of the buffer, without SLACK */
    const char *at, *whole,
        *end;        /* in the buffer: the next line, behind the last whole one, behind all */
    uint64_t offset; /* of the buffer in the text */
    uint64_t line;   /* number of the next line, from 1 */
    bool over;       /* the source is at its end */
    struct tr_dictionary names[TR_STD_SPACES];
};

struct line {
    const char *thread, *name;
    uint32_t thread_length, name_length;
    uint8_t kind, space;
    const char *next;
};

/* The operations, found by two bits of their second byte and four of their first. ---------------
 */

struct word {
    uint64_t mask, text; /* of the first eight bytes, the parenthesis included */
    uint8_t kind, space, length;
};

#define TEXT1(a, b)          ((uint64_t)(a) | (uint64_t)(b) << 8)
#define TEXT3(a, b, c, d)    (TEXT1(a, b) | TEXT1(c, d) << 16)
#define TEXT4(a, b, c, d, e) (TEXT3(a, b, c, d) | (uint64_t)(e) << 32)
#define PLACE(a, b)          (((a)&15) | ((b)&0x40) >> 2)

static const struct word words[32] = {
    [PLACE('r', '(')] = {0xffff, TEXT1('r', '('), TR_OP_READ, TR_STD_VARIABLE, 1},
    [PLACE('w', '(')] = {0xffff, TEXT1('w', '('), TR_OP_WRITE, TR_STD_VARIABLE, 1},
    [PLACE('a', 'c')] = {0xffffffff, TEXT3('a', 'c', 'q', '('), TR_OP_ACQUIRE, TR_STD_LOCK, 3},
    [PLACE('r', 'e')] = {0xffffffff, TEXT3('r', 'e', 'l', '('), TR_OP_RELEASE, TR_STD_LOCK, 3},
    [PLACE('f', 'o')] = {0xffffffffff, TEXT4('f', 'o', 'r', 'k', '('), TR_OP_FORK, TR_STD_THREAD,
                         4},
    [PLACE('j', 'o')] = {0xffffffffff, TEXT4('j', 'o', 'i', 'n', '('), TR_OP_JOIN, TR_STD_THREAD,
                         4},
};

static uint64_t load(const char *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? value : __builtin_bswap64(value);
}

/* NULL if there is none. */
static inline const struct word *word_at(const char *at)
{
    uint64_t text = load(at);
    const struct word *word = &words[PLACE(text, text >> 8)];
    return word->mask && (text & word->mask) == word->text ? word : NULL;
}

/* Lines. ---------------------------------------------------------------------------------------
 */

struct marks {
    uint64_t bars, blanks; /* a bit for each byte: is it '|'; is it a blank or below */
};

static inline struct marks marks_of_32(const char *at)
{
    struct marks marks = {0};
#ifdef __SSE2__
    const __m128i bar = _mm_set1_epi8('|'), blank = _mm_set1_epi8(' ');
    for (int i = 0; i < 2; i++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)at + i);
        uint64_t bars = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, bar));
        uint64_t blanks =
            (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(bytes, blank), bytes));
        marks.bars |= bars << 16 * i;
        marks.blanks |= blanks << 16 * i;
    }
#else
    for (int i = 0; i < 32; i++) {
        marks.bars |= (uint64_t)(at[i] == '|') << i;
        marks.blanks |= (uint64_t)((unsigned char)at[i] <= ' ') << i;
    }
#endif
    return marks;
}

static inline struct marks marks_of(const char *at)
{
    struct marks marks = marks_of_32(at);
    if (__builtin_expect(!marks.blanks, 0)) {
        struct marks more = marks_of_32(at + 32);
        marks.bars |= more.bars << 32;
        marks.blanks = more.blanks << 32;
    }
    return marks;
}

/* Are the LENGTH bytes at AT, 1 to LOCATION_DIGITS of them, digits? */
static inline bool are_digits(const char *at, unsigned length)
{
    const uint64_t high = 0xf0f0f0f0f0f0f0f0, zeros = 0x3030303030303030;
    if (length - 1 >= LOCATION_DIGITS)
        return false;
    /* Zeros in front of them; two shifts, because one of 64 is not defined. */
    uint64_t text = load(at) << (64 - 8 * length) | zeros >> 4 * length >> 4 * length;
    return (text & (text + 0x0606060606060606) & high) == zeros;
}

/* Splits the line at AT, if it is of the usual form. */
static inline bool usual_line(const char *at, struct line *line)
{
    struct marks marks = marks_of(at);
    uint64_t bars = marks.bars & (marks.blanks - 1) & ~marks.blanks; /* before the first blank */
    uint64_t behind = bars & (bars - 1);                             /* the first bar */
    if (!marks.blanks || !behind || (behind & (behind - 1)))
        return false;
    unsigned end = (unsigned)__builtin_ctzll(marks.blanks);
    unsigned first = (unsigned)__builtin_ctzll(bars);
    unsigned second = (unsigned)__builtin_ctzll(behind);
    const struct word *word = word_at(at + first + 1);
    if (!word || at[end] != '\n' || !first)
        return false;
    unsigned name = first + 1 + word->length + 1;
    if (name + 1 >= second || at[second - 1] != ')' ||
        !are_digits(at + second + 1, end - second - 1))
        return false;
    *line = (struct line){.thread = at,
                          .thread_length = first,
                          .name = at + name,
                          .name_length = second - 1 - name,
                          .kind = word->kind,
                          .space = word->space,
                          .next = at + end + 1};
    return true;
}

/* The line has a fault, of which PART tells. */
static int fault(const struct tr_std *std, struct sn_error *err, const char *what, const char *part,
                 const char *end)
{
    char shown[64];
    size_t length = 0;
    for (; part < end && length + 1 < sizeof shown; part++)
        shown[length++] = *part >= ' ' && *part <= '~' ? *part : '?';
    shown[length] = 0;
    return sn_fail(err, SN_E_FORMAT, std->path, std->offset + (uint64_t)(std->at - std->buffer),
                   "line %llu: %s%s%s", (unsigned long long)std->line, what, length ? ": " : "",
                   shown);
}

static int beyond(const struct tr_std *std, struct sn_error *err, const char *what)
{
    return sn_fail(err, SN_E_LIMIT, std->path, std->offset + (uint64_t)(std->at - std->buffer),
                   "line %llu: %s", (unsigned long long)std->line, what);
}

/* As a Java int. */
static bool is_location(const char *at, const char *end)
{
    bool minus = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    int64_t value = 0;
    for (const char *digit = at; digit < end; digit++) {
        if (*digit < '0' || *digit > '9')
            return false;
        value = 10 * value + (*digit - '0');
        if (value > (int64_t)INT32_MAX + minus)
            return false;
    }
    return at < end;
}

static bool has_blank(const char *at, const char *end)
{
    for (; at < end; at++)
        if (*at == ' ' || (*at >= '\t' && *at <= '\r'))
            return true;
    return false;
}

/* The operation AT, up to END. */
static int any_operation(const struct tr_std *std, const char *at, const char *end,
                         struct line *line, struct sn_error *err)
{
    size_t length = (size_t)(end - at);
    if ((length >= 5 && memcmp(at, "begin", 5) == 0) || (length >= 3 && memcmp(at, "end", 3) == 0))
        return line->kind = TR_OP_NONE, 0;
    const struct word *word = word_at(at);
    const char *open = memchr(at, '(', length);
    if (!open)
        return fault(std, err, "an operation such as w(NAME) is expected", at, end);
    if (!word)
        return fault(std, err, "STD has no such operation (extended STD may have)", at, open);
    if (end[-1] != ')' || end - open < 3)
        return fault(std, err, "a name in parentheses is expected", at, end);
    if (has_blank(open, end))
        return fault(std, err, "a blank within a name", at, end);
    line->kind = word->kind;
    line->space = word->space;
    line->name = open + 1;
    line->name_length = (uint32_t)(end - 1 - line->name);
    return 0;
}

/* Splits the next line, whatever it is. */
static int any_line(const struct tr_std *std, struct line *line, struct sn_error *err)
{
    const char *at = std->at, *end = memchr(at, '\n', (size_t)(std->whole - at));
    size_t length = (size_t)(end - at);
    *line = (struct line){.thread = at, .name = at, .name_length = 1, .next = end + 1};
    if (length > TR_STD_LINE_MAX)
        return beyond(std, err, "longer than 1 MiB");
    if (!length)
        return fault(std, err, "an empty line", at, end);
    if (end[-1] == '\r')
        return fault(std, err, "the line ends in CR LF, not in LF alone", at, at);
    if (memchr(at, 0, length))
        return fault(std, err, "a zero byte: this is no text", at, end);
    const char *first = memchr(at, '|', length);
    const char *second = first ? memchr(first + 1, '|', (size_t)(end - first - 1)) : NULL;
    if (!second || memchr(second + 1, '|', (size_t)(end - second - 1)))
        return fault(std, err, "three fields with | between them are expected", at, end);
    if (first == at)
        return fault(std, err, "the thread has no name", at, end);
    if (!is_location(second + 1, end))
        return fault(std, err, "the location is not a whole number of 32 bits", second + 1, end);
    line->thread_length = (uint32_t)(first - at);
    return any_operation(std, first + 1, second, line, err);
}

/* Windows. ------------------------------------------------------------------------------------ */

/* How many bytes of the source came to AT; 0 at its end. */
static ssize_t take(struct tr_std *std, char *at, size_t count)
{
    if (std->fd < 0) {
        size_t left = std->size - std->taken;
        count = count < left ? count : left;
        memcpy(at, std->bytes + std->taken, count);
        return (ssize_t)count;
    }
    ssize_t got;
    do
        got = read(std->fd, at, count);
    while (got < 0 && errno == EINTR);
    return got;
}

/* Moves what is left of the window to the front of the buffer, with room for another behind it. */
static void make_room(struct tr_std *std)
{
    size_t left = (size_t)(std->end - std->at);
    std->offset += (uint64_t)(std->at - std->buffer);
    if (left)
        memmove(std->buffer, std->at, left);
    if (std->room < left + std->window) {
        std->room = left + std->window + left / 2;
        std->buffer = sn_realloc(std->buffer, std->room + 1 + SLACK);
    }
    std->at = std->buffer;
    std->end = std->buffer + left;
}

/* Reads until there is a whole line. 1, 0 at the end of the text, or negative. */
static int fill(struct tr_std *std, struct sn_error *err)
{
    const char *newline = NULL;
    while (!newline && !std->over) {
        make_room(std);
        char *end = std->buffer + (std->end - std->buffer);
        ssize_t got = take(std, end, std->window);
        if (got < 0)
            return sn_fail(err, SN_E_SYSTEM, std->path, std->offset + (uint64_t)(end - std->buffer),
                           "it cannot be read: %s", strerror(errno));
        std->taken += (uint64_t)got;
        std->over = got == 0;
        if (std->over && std->end > std->at) /* the last line need not end in one */
            end[got++] = '\n';
        newline = memrchr(end, '\n', (size_t)got);
        std->end = end + got;
        memset(end + got, 0, SLACK);
        if (!newline && std->end - std->at > TR_STD_LINE_MAX)
            return beyond(std, err, "longer than 1 MiB");
    }
    std->whole = newline ? newline + 1 : std->at;
    return newline != NULL;
}

/* Operations. --------------------------------------------------------------------------------- */

struct batch {
    struct tr_spelling names[BATCH];
    uint8_t spaces[BATCH];
};

/* The next line but for its target, which BATCH gets as entry I. */
static inline int next_line(struct tr_std *std, struct batch *batch, size_t i, struct tr_op *op,
                            struct sn_error *err)
{
    struct line line;
    int code;
    if (__builtin_expect(!usual_line(std->at, &line), 0) && (code = any_line(std, &line, err)) < 0)
        return code;
    struct tr_dictionary *threads = &std->names[TR_STD_THREAD];
    struct tr_spelling thread = tr_spell(line.thread, line.thread_length);
    uint32_t number = tr_dictionary_number(threads, thread);
    batch->names[i] = tr_spell(line.name, line.name_length);
    batch->spaces[i] = line.space;
    /* Threads are numbered where they stand, in the order of the text. */
    if (line.space == TR_STD_THREAD)
        tr_dictionary_number(threads, batch->names[i]);
    else
        tr_dictionary_expect(&std->names[line.space], &batch->names[i]);
    if (__builtin_expect(tr_dictionary_count(threads) > TR_STD_THREADS_MAX, 0))
        return beyond(std, err, "more than 2^24 threads");
    *op = (struct tr_op){.thread = number, .kind = line.kind};
    std->at = line.next;
    std->line++;
    return 0;
}

/* Up to ROOM operations of the lines in the window, a batch at most. */
static int64_t next_batch(struct tr_std *std, struct tr_op *ops, size_t room, struct sn_error *err)
{
    struct batch batch;
    size_t count = 0;
    int code = 0;
    while (count < BATCH && count < room && std->at < std->whole && code == 0)
        if ((code = next_line(std, &batch, count, &ops[count], err)) == 0)
            count++;
    for (size_t i = 0; i < count; i++) {
        ops[i].target = tr_dictionary_number(&std->names[batch.spaces[i]], batch.names[i]);
        if (__builtin_expect(ops[i].target == TR_NO_NUMBER, 0))
            return beyond(std, err, "there are too many names");
    }
    return count ? (int64_t)count : code;
}

int64_t tr_std_next(struct tr_std *std, struct tr_op *ops, size_t room, struct sn_error *err)
{
    if (std->at == std->whole) {
        int more = fill(std, err);
        if (more <= 0)
            return more;
    }
    size_t done = 0;
    while (done < room && std->at < std->whole) {
        int64_t count = next_batch(std, ops + done, room - done, err);
        if (count < 0)
            return done ? (int64_t)done : count;
        done += (size_t)count;
    }
    return (int64_t)done;
}

uint32_t tr_std_count(const struct tr_std *std, enum tr_std_space space)
{
    return tr_dictionary_count(&std->names[space]);
}

const char *tr_std_name(const struct tr_std *std, enum tr_std_space space, uint32_t number)
{
    return tr_dictionary_name(&std->names[space], number);
}

/* Begin and end. ------------------------------------------------------------------------------ */

static int finish_opening(struct tr_std **result, struct tr_std *std, int code,
                          struct sn_error *err)
{
    std->window = TR_STD_WINDOW;
    std->line = 1;
    *result = NULL;
    if (code == 0)
        code = fill(std, err);
    if (code == 0)
        code = sn_fail(err, SN_E_EMPTY, std->path, 0, "the trace is empty");
    if (code < 0) {
        tr_std_close(std);
        return code;
    }
    *result = std;
    return 0;
}

int tr_std_open(struct tr_std **result, const char *path, struct sn_error *err)
{
    struct tr_std *std = sn_calloc(1, sizeof *std);
    struct stat status;
    std->path = strcpy(sn_malloc(strlen(path) + 1), path);
    std->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    int code = 0;
    if (std->fd < 0 || fstat(std->fd, &status) < 0)
        code = sn_fail(err, SN_E_SYSTEM, path, SN_NO_OFFSET, "it cannot be opened: %s",
                       strerror(errno));
    else
        std->size = S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
    return finish_opening(result, std, code, err);
}

int tr_std_open_memory(struct tr_std **result, const void *bytes, size_t size, struct sn_error *err)
{
    struct tr_std *std = sn_calloc(1, sizeof *std);
    std->fd = -1;
    std->bytes = bytes;
    std->size = size;
    return finish_opening(result, std, 0, err);
}

void tr_std_set_window(struct tr_std *std, size_t window)
{
    std->window = window;
}

double tr_std_progress(const struct tr_std *std)
{
    uint64_t read = std->offset + (uint64_t)(std->at - std->buffer);
    return std->size && read < std->size ? (double)read / (double)std->size : std->size != 0;
}

void tr_std_close(struct tr_std *std)
{
    if (!std)
        return;
    if (std->fd >= 0)
        close(std->fd);
    for (unsigned space = 0; space < TR_STD_SPACES; space++)
        tr_dictionary_release(&std->names[space]);
    free(std->buffer);
    free(std->path);
    free(std);
}

/* What it is. --------------------------------------------------------------------------------- */

/* Up to END, a word of letters, digits and _ with something in parentheses, or begin, or end. */
static bool looks_like_operation(const char *at, const char *end)
{
    const char *start = at;
    while (at < end && ((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || *at == '_'))
        at++;
    if (at > start && at < end)
        return *at == '(' && end[-1] == ')';
    return at == end && at > start;
}

bool tr_std_looks_like(const void *bytes, size_t size)
{
    const char *at = bytes, *end = size ? memchr(at, '\n', size) : NULL;
    bool cut = !end;
    end = cut ? at + size : end;
    const char *first = memchr(at, '|', (size_t)(end - at));
    const char *second = first ? memchr(first + 1, '|', (size_t)(end - first - 1)) : NULL;
    if (!second)
        return false;
    if (end > second + 1 && end[-1] == '\r')
        end--;
    return first > at && looks_like_operation(first + 1, second) &&
           (is_location(second + 1, end) || (cut && end == second + 1));
}
