/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that are executed, in this process or as a child. Told before, for nobody comes back to
 * tell it; if it fails, recording goes on. The new program gets our variables where its environment
 * lacks them (core/environment.h).
 *
 * A child of vfork comes here, on its parent's stack and in its memory: so the copy of the
 * environment lies on the stack, unless it is very large. The C library's own calls (system, popen,
 * wordexp) do not pass here. They take the environment as it is.
 */
#include "interpose/core/control.h"
#include "interpose/core/environment.h"
#include "interpose/core/follow.h"
#include "interpose/core/fork.h"

#include <spawn.h>
#include <stdarg.h>
#include <unistd.h>

enum { ROOM_ON_STACK = 16384, PATH_ROOM = 4096 };

struct execution {
    char *const *variables;
    struct rec_environment change;
    void *mapped; /* where the copy lies, if not on the stack */
    bool told;
    bool follows; /* the new program should be recorded, too */
};

static const char *path_list(void)
{
    static const char name[] = "PATH=";
    for (char **variable = environ; variable && *variable; variable++) {
        unsigned i = 0;
        while (name[i] && (*variable)[i] == name[i])
            i++;
        if (!name[i])
            return *variable + i;
    }
    return NULL;
}

static void tell(const char *path, bool follows, uint64_t cfa)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    uint32_t stack = rec_stack(s, cfa), length = 0;
    while (length < PATH_ROOM && path[length])
        length++;
    rec_stamp(s);
    if (rec_fork_borrowed()) {
        rec_fork_tell(s, (uint32_t)rec_sys_getpid(), stack);
    } else {
        rec_header->state = TR_STATE_ENDED;
        rec_header->flags |= follows ? (uint32_t)TR_HAS_EXECUTED : 0;
    }
    rec_emit(s, &(struct tr_event){.kind = TR_EXEC,
                                   .stack = stack,
                                   .bytes = (const uint8_t *)path,
                                   .bytes_length = length});
    rec_measure_clock();
    rec_leave(s);
}

/* Looks at the file; true if the environment has to be another, in change.room bytes. */
static bool begin(struct execution *x, int directory, const char *path, int flags,
                  char *const *variables, bool new_process)
{
    int error = 0;
    bool known = rec_environment_known() && rec_follows_through_exec(new_process);
    *x = (struct execution){.variables = variables};
    if (!known && !rec_live.on)
        return false;
    enum rec_target target = rec_target_of(directory, path, flags, &error);
    x->told = rec_live.on && error != -EFAULT;
    if (target == REC_TARGET_STATIC || target == REC_TARGET_FOREIGN)
        rec_control_unable(path);
    else
        x->follows = known;
    return known && error != -EFAULT && rec_environment_differs(&x->change, variables, target);
}

static void use_room(struct execution *x, void *room)
{
    if (room)
        x->variables = rec_environment_make(&x->change, room);
}

static void give_room(struct execution *x)
{
    if (x->mapped)
        rec_sys_unmap(x->mapped, x->change.room);
}

static int failed(struct execution *x)
{
    give_room(x);
    if (x->told && rec_live.on && !rec_fork_borrowed()) {
        rec_header->state = TR_STATE_RUNNING;
        rec_header->flags &= ~(uint32_t)TR_HAS_EXECUTED;
    }
    return -1;
}

/* The copy has to lie in the hook's own frame. */
#define BEGIN(x, directory, path, flags, variables, new_process)                                   \
    struct execution x;                                                                            \
    if (begin(&x, (directory), (path), (flags), (variables), (new_process)))                       \
    use_room(&x, x.change.room <= ROOM_ON_STACK ? __builtin_alloca(x.change.room)                  \
                                                : (x.mapped = rec_sys_memory(x.change.room)))

#define EXECUTE(directory, path, flags, variables, real_call)                                      \
    BEGIN(x, directory, path, flags, variables, false);                                            \
    if (x.told)                                                                                    \
        tell((path), x.follows, rec_here());                                                       \
    real_call;                                                                                     \
    return failed(&x)

REC_EXPORT int execve(const char *path, char *const *arguments, char *const *variables)
{
    EXECUTE(AT_FDCWD, path, 0, variables, REAL(execve)(path, arguments, x.variables));
}

REC_EXPORT int execv(const char *path, char *const *arguments)
{
    EXECUTE(AT_FDCWD, path, 0, environ, REAL(execve)(path, arguments, x.variables));
}

REC_EXPORT int execveat(int directory, const char *path, char *const *arguments,
                        char *const *variables, int flags)
{
    EXECUTE(directory, path, flags, variables,
            REAL(execveat)(directory, path, arguments, x.variables, flags));
}

REC_EXPORT int fexecve(int fd, char *const *arguments, char *const *variables)
{
    EXECUTE(fd, "", AT_EMPTY_PATH, variables, REAL(fexecve)(fd, arguments, x.variables));
}

static int search_and_execute(const char *file, char *const *arguments, char *const *variables,
                              uint64_t cfa)
{
    char found[PATH_ROOM];
    const char *path = rec_target_find(file, path_list(), found, sizeof found);
    BEGIN(x, AT_FDCWD, path, 0, variables, false);
    if (x.told)
        tell(path, x.follows, cfa);
    REAL(execvpe)(file, arguments, x.variables);
    return failed(&x);
}

REC_EXPORT int execvp(const char *file, char *const *arguments)
{
    return search_and_execute(file, arguments, environ, rec_here());
}

REC_EXPORT int execvpe(const char *file, char *const *arguments, char *const *variables)
{
    return search_and_execute(file, arguments, variables, rec_here());
}

/* The variable arguments from FIRST to NULL as an array in the caller's frame; LIST stands behind
 * them. */
static size_t count(va_list list)
{
    size_t count = 1;
    while (va_arg(list, char *))
        count++;
    return count;
}

static void fill(char **arguments, const char *first, size_t count, va_list list)
{
    arguments[0] = (char *)first;
    for (size_t i = 1; i <= count; i++)
        arguments[i] = va_arg(list, char *);
}

#define COLLECT(arguments, list, first)                                                            \
    va_list list;                                                                                  \
    va_start(list, first);                                                                         \
    size_t arguments##_count = count(list);                                                        \
    va_end(list);                                                                                  \
    char **arguments = __builtin_alloca((arguments##_count + 1) * sizeof *arguments);              \
    va_start(list, first);                                                                         \
    fill(arguments, first, arguments##_count, list)

REC_EXPORT int execl(const char *path, const char *first, ...)
{
    COLLECT(arguments, list, first);
    va_end(list);
    EXECUTE(AT_FDCWD, path, 0, environ, REAL(execve)(path, arguments, x.variables));
}

REC_EXPORT int execlp(const char *file, const char *first, ...)
{
    COLLECT(arguments, list, first);
    va_end(list);
    return search_and_execute(file, arguments, environ, rec_here());
}

REC_EXPORT int execle(const char *path, const char *first, ...)
{
    COLLECT(arguments, list, first);
    char *const *variables = va_arg(list, char *const *);
    va_end(list);
    EXECUTE(AT_FDCWD, path, 0, variables, REAL(execve)(path, arguments, x.variables));
}

/* A child that executes PATH at once: it was told by nobody else. */
static void tell_spawned(pid_t child, const char *path, uint64_t cfa)
{
    struct rec_stream *s = rec_enter();
    if (!s)
        return;
    uint32_t stack = rec_stack(s, cfa), length = 0;
    while (length < PATH_ROOM && path[length])
        length++;
    rec_fork_tell(s, (uint32_t)child, stack);
    rec_emit(s, &(struct tr_event){.kind = TR_EXEC,
                                   .stack = stack,
                                   .bytes = (const uint8_t *)path,
                                   .bytes_length = length});
    rec_leave(s);
}

REC_EXPORT int posix_spawn(pid_t *child, const char *path,
                           const posix_spawn_file_actions_t *actions,
                           const posix_spawnattr_t *attributes, char *const *arguments,
                           char *const *variables)
{
    pid_t number = 0;
    BEGIN(x, AT_FDCWD, path, 0, variables, true);
    int error = REAL(posix_spawn)(child ? child : &number, path, actions, attributes, arguments,
                                  x.variables);
    give_room(&x);
    if (!error && x.told)
        tell_spawned(child ? *child : number, path, rec_here());
    return error;
}

REC_EXPORT int posix_spawnp(pid_t *child, const char *file,
                            const posix_spawn_file_actions_t *actions,
                            const posix_spawnattr_t *attributes, char *const *arguments,
                            char *const *variables)
{
    char found[PATH_ROOM];
    pid_t number = 0;
    const char *path = rec_target_find(file, path_list(), found, sizeof found);
    BEGIN(x, AT_FDCWD, path, 0, variables, true);
    int error = REAL(posix_spawnp)(child ? child : &number, file, actions, attributes, arguments,
                                   x.variables);
    give_room(&x);
    if (!error && x.told)
        tell_spawned(child ? *child : number, path, rec_here());
    return error;
}
