/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Order that no detector sees. A testcase says with it what happens first, instead of sleeping and
 * hoping; and since snarl, ThreadSanitizer and Helgrind see neither a call of libc, nor an
 * instrumented access, nor a lock in here, what it orders remains unordered to them: a race stays a
 * race.
 *
 *     Barron                              Olivia
 *     pthread_mutex_lock(&chopstick);     order_await(1);
 *     order_reach(1);                     pthread_mutex_lock(&chopstick);   -- certainly waits
 *
 * Nothing here knows a time limit: a testcase must be so made that every await is reached.
 */
#ifndef SNARL_TESTS_ORDER_H
#define SNARL_TESTS_ORDER_H

enum { ORDER_PLACES = 64, ORDER_SEATS = 256 };

/* The story has come to STEP, and so past every lower one. Step 0 is reached from the start. */
void order_reach(int step);

/* Returns when the story has come to STEP. */
void order_await(int step);

/* Returns when COUNT threads have come to this PLACE (0 to ORDER_PLACES - 1); then it is empty
 * again, for the next round. */
void order_meet(int place, int count);

/* Does nothing, which the compiler cannot know: keeps it from folding a loop into one addition. */
void order_tick(void);

/* The calling thread takes SEAT (0 to ORDER_SEATS - 1), by which others can speak of it. */
void order_sit(int seat);

/* Returns when the thread in SEAT has sat down and is blocked: it waits for a lock, a semaphore ...
 */
void order_await_blocked(int seat);

/* The same, in the system call of that number. */
void order_await_call(int seat, int call);

/* Returns when the thread in SEAT has sat down and has wholly ended. */
void order_await_ended(int seat);

/* An unlucky schedule: whatever wakes the thread in SEAT, it does not run before order_resume. */
void order_suspend(int seat);
void order_resume(int seat);

#endif
