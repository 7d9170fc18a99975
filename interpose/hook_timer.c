/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers. What is done before one is set comes before what it sets off: a handler, for which the
 * signal is the key, or a function that the C library calls in a thread of its own making
 * (SIGEV_THREAD, also of message queues). In place of such a function the C library is given one of
 * ours, with a note of the function and its value. Notes are never given back, since a call may
 * still come when its timer is gone; equal ones are one. When there are no more, functions are
 * called as they are.
 */
#include "interpose/core/order.h"

#include <sys/time.h>

enum { NOTES = 1024, ALL_SIGNALS = 64 };

struct note {
    void (*function)(union sigval);
    union sigval value;
    bool ready; /* atomic */
};
static struct note notes[NOTES]; /* its address is the key of all such calls */
static unsigned noted;           /* atomic */
static uint64_t signals;         /* that timers send; atomic */

static void call(union sigval value)
{
    const struct note *note = value.sival_ptr;
    rec_after(notes, TR_BY_SIGNAL, rec_here());
    note->function(note->value);
}

static struct note *note_of(void (*function)(union sigval), union sigval value)
{
    unsigned count = __atomic_load_n(&noted, __ATOMIC_ACQUIRE);
    for (unsigned i = 0; i < count && i < NOTES; i++)
        if (__atomic_load_n(&notes[i].ready, __ATOMIC_ACQUIRE) && notes[i].function == function &&
            notes[i].value.sival_ptr == value.sival_ptr)
            return &notes[i];
    if (count >= NOTES)
        return NULL;
    unsigned place = __atomic_fetch_add(&noted, 1, __ATOMIC_ACQ_REL);
    if (place >= NOTES)
        return NULL;
    notes[place].function = function;
    notes[place].value = value;
    __atomic_store_n(&notes[place].ready, true, __ATOMIC_RELEASE);
    return &notes[place];
}

/* EVENT, or OURS in its place. */
static const struct sigevent *instead_of(const struct sigevent *event, struct sigevent *ours,
                                         uint64_t cfa)
{
    if (!rec_live.on || !event || event->sigev_notify != SIGEV_THREAD)
        return event;
    struct rec_stream *s = rec_enter();
    if (s) {
        rec_before_threads(s, cfa);
        rec_leave(s);
    }
    struct note *note = note_of(event->sigev_notify_function, event->sigev_value);
    if (!note)
        return event;
    *ours = *event;
    ours->sigev_notify_function = call;
    ours->sigev_value.sival_ptr = note;
    return ours;
}

static void sets_off(int signal, uint64_t cfa)
{
    if (rec_live.on)
        rec_before(rec_signal_key(signal), TR_BY_SIGNAL, cfa);
}

REC_EXPORT unsigned alarm(unsigned seconds)
{
    sets_off(SIGALRM, rec_here());
    return REAL(alarm)(seconds);
}

REC_EXPORT useconds_t ualarm(useconds_t first, useconds_t then)
{
    sets_off(SIGALRM, rec_here());
    return REAL(ualarm)(first, then);
}

REC_EXPORT int setitimer(__itimer_which_t which, const struct itimerval *restrict value,
                         struct itimerval *restrict before)
{
    static const int sent[] = {
        [ITIMER_REAL] = SIGALRM, [ITIMER_VIRTUAL] = SIGVTALRM, [ITIMER_PROF] = SIGPROF};
    if ((unsigned)which < sizeof sent / sizeof *sent)
        sets_off(sent[which], rec_here());
    return REAL(setitimer)(which, value, before);
}

REC_EXPORT int timer_create(clockid_t clock, struct sigevent *restrict event,
                            timer_t *restrict timer)
{
    struct sigevent ours;
    int signal = event ? event->sigev_signo : SIGALRM;
    bool sends =
        !event || event->sigev_notify == SIGEV_SIGNAL || event->sigev_notify == SIGEV_THREAD_ID;
    if (sends && signal > 0 && signal <= ALL_SIGNALS)
        __atomic_fetch_or(&signals, 1ull << (signal - 1), __ATOMIC_RELAXED);
    return REAL(timer_create)(clock, (struct sigevent *)instead_of(event, &ours, rec_here()),
                              timer);
}

/* Which timer it is does not matter: more order than there is hides a race, less would invent one.
 */
REC_EXPORT int timer_settime(timer_t timer, int flags, const struct itimerspec *restrict value,
                             struct itimerspec *restrict before)
{
    for (uint64_t left = __atomic_load_n(&signals, __ATOMIC_RELAXED); left; left &= left - 1)
        sets_off(__builtin_ctzll(left) + 1, rec_here());
    if (rec_live.on && __atomic_load_n(&noted, __ATOMIC_RELAXED))
        rec_before(notes, TR_BY_SIGNAL, rec_here());
    return REAL(timer_settime)(timer, flags, value, before);
}

REC_EXPORT int mq_notify(mqd_t queue, const struct sigevent *event)
{
    struct sigevent ours;
    const struct sigevent *given = instead_of(event, &ours, rec_here());
    if (given != event)
        rec_before(notes, TR_BY_SIGNAL, rec_here());
    return REAL(mq_notify)(queue, given);
}
