/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks of accesses: in recursion deeper than is kept, behind longjmp, in a signal handler on a
 * stack of its own, in a thread that uses another's state again. Each variable is written once; the
 * functions that its stack must have, innermost first, are printed. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define APART __attribute__((noinline))

static int in_leaf, behind_jump, after_deep, in_handler, after_handler, in_second, tail_done;
static volatile int depth_reached;
static jmp_buf home;

APART static void leaf(int *p)
{
    *p = 1;
}
APART static void middle(int *p)
{
    leaf(p);
    depth_reached++; /* no tail call */
}
APART static void deep(int n)
{
    char room[n % 7 + 1];
    memset(room, n, sizeof room);
    depth_reached += room[0] ? 1 : 0;
    if (n)
        deep(n - 1);
    depth_reached++;
}
APART static void jump(int n)
{
    if (!n)
        longjmp(home, 1);
    if (depth_reached < 1000000)
        jump(n - 1);
    depth_reached++;
}
APART static void handle(int signal)
{
    (void)signal;
    middle(&in_handler);
}
APART static void raise_it(void)
{
    raise(SIGUSR1);
    depth_reached++;
}
static void *second(void *argument)
{
    middle(&in_second);
    return argument;
}
static void *first(void *argument)
{
    deep(3);
    return argument;
}

/* Many places close together: each thread numbers their stacks anew. */
static void *shelves(void *argument)
{
    static volatile char shelf[32];
    shelf[0] = 1, shelf[1] = 1, shelf[2] = 1, shelf[3] = 1, shelf[4] = 1, shelf[5] = 1;
    shelf[6] = 1, shelf[7] = 1, shelf[8] = 1, shelf[9] = 1, shelf[10] = 1, shelf[11] = 1;
    shelf[12] = 1, shelf[13] = 1, shelf[14] = 1, shelf[15] = 1, shelf[16] = 1, shelf[17] = 1;
    return argument;
}

static void in_thread(void *(*start)(void *))
{
    pthread_t thread;
    pthread_create(&thread, NULL, start, NULL);
    pthread_join(thread, NULL);
}

int main(void)
{
    middle(&in_leaf);
    if (!setjmp(home))
        jump(5);
    middle(&behind_jump);
    deep(20000);
    middle(&after_deep);
    static char stack[1 << 16];
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_ONSTACK};
    sigaction(SIGUSR1, &action, NULL);
    raise_it();
    middle(&after_handler);
    in_thread(first);
    in_thread(second);
    for (int i = 0; i < 64; i++)
        in_thread(shelves);
    leaf(&tail_done);
    printf("%p leaf middle main\n", (void *)&in_leaf);
    printf("%p leaf middle main\n", (void *)&behind_jump);
    printf("%p leaf middle main\n", (void *)&after_deep);
    printf("%p leaf middle handle ? raise_it main\n", (void *)&in_handler);
    printf("%p leaf middle main\n", (void *)&after_handler);
    printf("%p leaf middle second ?\n", (void *)&in_second);
    printf("%p leaf main\n", (void *)&tail_done);
    return 0;
}
